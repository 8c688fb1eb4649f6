/**
 * `build` and the functions around it: make networks of the registry. Whenever a network is built as its table has it
 * (224 x 224, width 1), shape inference confirms the table's input column.
 */
import { KingletError } from '../core/index.ts'
import type { Graph } from '../graph/index.ts'
import {
  Builder,
  type ClassifierForward,
  type ClassifierNetwork,
  type ForwardOptions,
  makeNetwork,
  type Network,
  type NetworkKit,
  trainable,
} from '../nn/index.ts'
import { input, type Value } from '../ops/index.ts'
import { buildRow, namesFrom, type Row, type RowSpec } from './blocks/index.ts'
import type { Definition, Publication } from './family.ts'
import { type BuildOptions, type Options, resolveOptions } from './options.ts'
import { type ModelName, modelNames, publications, registry, unknownModel } from './registry.ts'
import { rowSpecsOf } from './row-spec.ts'
import { rowsOf } from './rows.ts'

/** The result of a forward pass through a model: logits, and the output of each row. */
export interface ModelForward extends ClassifierForward {
  /** Outputs by row name (`stem`, `blocks.3`, `last`, ...), in order. */
  readonly features: ReadonlyMap<string, Value>
}

/** A network of the registry. */
export interface Model extends ClassifierNetwork {
  readonly architecture: { readonly name: string; readonly options: Options & Readonly<Record<string, unknown>> }
  /** The rows of the table after width, resolution and all other arguments are applied. */
  readonly rows: readonly Row[]
  forward(x: Value, options: ForwardOptions): ModelForward
}

/**
 * Builds a network of the registry. Every option has a default. Throws a `UsageError` for a name that is not in the
 * registry and for an invalid option.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 *
 * const net = build('mobilenet_v3_small', { width: 0.75, size: 96, classes: 10 })
 * net.inputShape // => [96, 96, 3]
 * net.graph().outputs.logits.shape // => [1, 10]
 * net.rows.map((row) => row.out).slice(0, 4) // => [16, 16, 24, 24]
 * ```
 */
export function build(name: ModelName | (string & {}), options: BuildOptions = {}): Model {
  if (!Object.hasOwn(registry, name)) throw unknownModel(name)
  return buildFrom(name, registry[name as ModelName], options)
}

/** Builds a network from a definition, whether or not it is in the registry. */
export const buildFrom = (name: string, definition: Definition, given: BuildOptions = {}): Model =>
  buildWith({ ...trainable, rowSpecsOf }, name, definition, given)

/** The functions that building a network uses. */
export interface BuildKit extends NetworkKit {
  /** Checks rows that are given in place of a table's. Needed only for such rows. */
  readonly rowSpecsOf: typeof rowSpecsOf | undefined
}

/** As `buildFrom`, with the functions of `kit`. */
export function buildWith(kit: BuildKit, name: string, definition: Definition, given: BuildOptions): Model {
  const resolved = resolveOptions(name, definition.family.defaults, definition.defaults ?? {}, given)
  const own = resolved.rows === 'table' ? undefined : kit.rowSpecsOf?.(name, resolved.rows, resolved.classes)
  const options = own ? { ...resolved, rows: own } : resolved
  const rows = rowsOf(name, definition, options)
  const { logits, features } = declare(name, rows, options)
  const declared: Graph = { outputs: { logits }, updates: [] }
  // The last row of every table is a classifier.
  const net = makeNetwork(kit, declared, { seed: options.seed }) as ClassifierNetwork
  return Object.assign(net, {
    architecture: { name, options: { ...options } },
    rows,
    forward(x: Value, run: ForwardOptions): ModelForward {
      const { outputs, updates, at } = kit.formOf(declared, x, run)
      const made = [...features].map(([row, v]) => [row, at(v)] as const)
      return { logits: outputs.logits, outputs, updates, features: new Map(made) }
    },
  })
}

/** Adds the rows' layers to a batch of images. Returns the logits in their declared form, and each row's output. */
export function declare(name: string, rows: readonly Row[], options: Options, batch = 1) {
  const b = new Builder(options)
  const isReference = isAsPublished(options)
  const features = new Map<string, Value>()
  let y = input('x', [batch, ...options.size, options.channels])
  for (const row of rows) {
    if (isReference) confirm(name, row, y)
    y = buildRow(
      b,
      y,
      row,
      options,
      namesFrom(row).map((from) => features.get(from)!),
    )
    features.set(row.name, y)
  }
  return { logits: y, features }
}

/**
 * Returns the same network with standard convolutions in place of its depthwise-separable ones, and new initial weights.
 *
 * @example
 * ```ts
 * import { analyse } from 'kinglet/graph'
 * import { build, twin } from 'kinglet/models'
 *
 * const net = build('mobilenet_v1')
 * const [macs, ofTwin] = [net, twin(net)].map((n) => analyse(n.graph()).total.macs)
 * const times = ofTwin / macs
 * times.toFixed(2) // => '8.56'
 * ```
 */
export const twin = (model: Model): Model =>
  build(model.architecture.name, { ...model.architecture.options, convolution: 'standard' })

/**
 * Returns the same network with other rows, for changing a network layer by layer. The rows determine activations and
 * squeeze-and-excitation, and new initial weights are drawn. `model.rows` themselves give the same network. Throws a
 * `UsageError` for rows that do not form a network, and for a model whose `outputStride` is not 32.
 *
 * @example
 * ```ts
 * import { build, withRows } from 'kinglet/models'
 *
 * const net = build('mobilenet_v3_small', { size: 96, classes: 10 })
 * const narrow = withRows(
 *   net,
 *   net.rows.map((row) => (row.name === 'blocks.8' ? { ...row, exp: 240 } : row)),
 * )
 * narrow.weights.get('blocks.8.expand.conv.w')?.shape // => [1, 1, 48, 240]
 * ```
 */
export const withRows = (model: Model, rows: readonly RowSpec[]): Model => {
  const { name, options } = model.architecture
  return build(name, { ...options, width: 1, head: 'table', se: 'table', activation: 'table', rows })
}

/** Whether no option that changes shapes differs from the paper's table. */
const isAsPublished = ({ size, width, reduction, outputStride, head, channels }: Options): boolean =>
  size[0] === 224 &&
  size[1] === 224 &&
  channels === 3 &&
  width === 1 &&
  reduction === 32 &&
  outputStride === 32 &&
  head === 'table'

function confirm(model: string, row: Row, x: Value): void {
  const [, height, width, channels] = x.shape.length === 4 ? x.shape : [x.shape[0], 1, 1, x.shape[1]]
  const found = `${height}x${width}x${channels}`
  if (row.input && row.input !== found)
    throw new KingletError(`${model}: the table says that ${row.input} goes into ${row.name}, it is ${found}`)
}

/** Whether a network comes from `build`: whether it has rows. */
export const isModel = (network: Network): network is Model => 'rows' in network

/** An entry of the registry, for lists and tables. */
export interface ModelInfo extends Publication {
  readonly name: ModelName
  readonly options: Options
}

/**
 * Lists all networks of the registry: names, sources, the default options of `build`, and the accuracies that others
 * report for them.
 *
 * @example
 * ```ts
 * import { models } from 'kinglet/models'
 * models().find((m) => m.name === 'mobilenet_v2')?.source // => 'Sandler et al. 2018, arXiv:1801.04381, table 2'
 * ```
 */
export const models = (): ModelInfo[] => {
  const published = publications()
  return modelNames.map((name) => {
    const definition: Definition = registry[name]
    const options = resolveOptions(name, definition.family.defaults, definition.defaults ?? {})
    const { title, source, reported } = published[name]
    return { name, title, source, options, reported }
  })
}
