/**
 * `build`: a network of the registry, as graphs, training and files see it. The input column of its table is confirmed
 * by shape inference whenever a network is built as the table has it (224 x 224, width 1).
 */
import { KingletError } from '../core/index.ts'
import type { Graph } from '../graph/index.ts'
import {
  Builder,
  type Forward,
  type ForwardOptions,
  makeNetwork,
  type Network,
  type NetworkKit,
  trainable,
} from '../nn/index.ts'
import { input, type Value } from '../ops/index.ts'
import { buildRow, type Row, type RowSpec } from './blocks/index.ts'
import type { Definition, Publication } from './family.ts'
import { type BuildOptions, type Options, resolveOptions } from './options.ts'
import { type ModelName, modelNames, publications, registry, unknownModel } from './registry.ts'
import { rowSpecsOf } from './row-spec.ts'
import { rowsOf } from './rows.ts'

/** What a forward pass through a model gives: logits, and the output of each row of its table. */
export interface ModelForward extends Forward {
  /** By row name (`stem`, `blocks.3`, `last`, ...), in order. */
  readonly features: ReadonlyMap<string, Value>
}

/** A network of the registry. */
export interface Model extends Network {
  readonly architecture: { readonly name: string; readonly options: Options & Readonly<Record<string, unknown>> }
  /** The table as it is after width, resolution and all other arguments. */
  readonly rows: readonly Row[]
  forward(x: Value, options: ForwardOptions): ModelForward
}

/**
 * Builds a network of the registry; every argument may be left out. Throws a `UsageError` for a name that is not in the
 * registry and for an argument that cannot be.
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

/** Builds a network of a table that is not (or not yet) in the registry. */
export const buildFrom = (name: string, definition: Definition, given: BuildOptions = {}): Model =>
  buildWith({ ...trainable, rowSpecsOf }, name, definition, given)

/** What a network is built with. */
export interface BuildKit extends NetworkKit {
  /** Checks rows that are given in the place of a table's; needed for such alone. */
  readonly rowSpecsOf: typeof rowSpecsOf | undefined
}

/** The same with `kit`. */
export function buildWith(kit: BuildKit, name: string, definition: Definition, given: BuildOptions): Model {
  const resolved = resolveOptions(name, definition.family.defaults, definition.defaults ?? {}, given)
  const own = resolved.rows === 'table' ? undefined : kit.rowSpecsOf?.(name, resolved.rows, resolved.classes)
  const options = own ? { ...resolved, rows: own } : resolved
  const rows = rowsOf(name, definition, options)
  const { logits, features } = declare(name, rows, options)
  const declared: Graph = { outputs: { logits }, updates: [] }
  const net = makeNetwork(kit, declared, { seed: options.seed })
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

/** The rows as layers on a batch of images: logits in their declared form, and each row's output. */
export function declare(name: string, rows: readonly Row[], options: Options, batch = 1) {
  const b = new Builder(options)
  const isReference = isAsPublished(options)
  const features = new Map<string, Value>()
  let y = input('x', [batch, ...options.size, options.channels])
  for (const row of rows) {
    if (isReference) confirm(name, row, y)
    y = buildRow(b, y, row, options)
    features.set(row.name, y)
  }
  return { logits: y, features }
}

/**
 * The same network with its depthwise-separable convolutions replaced by standard ones (and first weights anew).
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
 * The same network with other rows, for those who change networks layer by layer: activations and
 * squeeze-and-excitation are what the rows say, and first weights are drawn anew. `model.rows` themselves give the same
 * network. Throws a `UsageError` for rows that are no network, and for a model with another `outputStride` than 32.
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

/** Nothing that changes shapes differs from the paper's table. */
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

/** Whether a network is one that `build` makes: it has rows. */
export const isModel = (network: Network): network is Model => 'rows' in network

/** A line of the registry, for lists and tables. */
export interface ModelInfo extends Publication {
  readonly name: ModelName
  readonly options: Options
}

/**
 * All networks of the registry: names, sources, the arguments that `build` uses when none are given, and the accuracies
 * that others report for them.
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
