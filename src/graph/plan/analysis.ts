/**
 * The cost of a graph: parameters, multiply-adds and bytes, per layer and in total, as exact integers.
 *
 * `macs` counts multiply-adds of convolutions and matrix products, including those of squeeze-and-excitation. Biases,
 * batch norm, activations, pooling and additions count nothing. `parameters` counts weights, biases, and batch norm's
 * gamma and beta. Running statistics are counted separately, as `state`. Macs are for the graph's batch.
 */
import { bytesOf, type Shape, size } from '../../core/index.ts'
import {
  contractOf,
  isConstant,
  isInput,
  isLeaf,
  isParameter,
  type LayerForm,
  macsOf,
  type ParameterAttrs,
  type Role,
  type Size2,
  type Value,
} from '../../ops/index.ts'
import { type Graph, roots, topological } from '../graph.ts'
import { memoryOf } from './memory.ts'

/** `conv`: wider than 1x1, over all channels. `pointwise`: 1x1. `se`: the two layers of squeeze-and-excitation. */
export type LayerKind = LayerForm['kind'] | 'se' | 'other'
export const layerKinds: readonly LayerKind[] = ['conv', 'pointwise', 'depthwise', 'linear', 'se', 'other']

export interface Counts {
  /** Weights and biases of convolutions and linear layers. */
  readonly weights: number
  /** Batch norm's gamma and beta. */
  readonly norm: number
  /** Batch norm's running mean and variance, which are not trained. */
  readonly state: number
  /** All trained values: `weights` + `norm`. */
  readonly parameters: number
  readonly macs: number
  /** Bytes of the layer's results that other layers, outputs or updates read. */
  readonly activationBytes: number
}

export interface LayerCost extends Counts {
  /** The layer's scope: `blocks.3.expand`. */
  readonly name: string
  readonly kind: LayerKind
  /** Those of its convolution. */
  readonly kernel?: Size2
  readonly stride?: number
  readonly groups?: number
  readonly inputShape: Shape
  readonly outputShape: Shape
  /** Bytes alive at the layer's peak, in the planned schedule. */
  readonly liveBytes: number
}

/** Cost of one kind of layer, and its share of the total, from 0 to 1. */
export interface KindCost {
  readonly macs: number
  readonly weights: number
  readonly macShare: number
  /** Share of weights and biases, as in the papers. */
  readonly weightShare: number
}

/** The cost of a graph by layer (in order of creation), in total, and by kind of layer. */
export interface Analysis {
  readonly layers: readonly LayerCost[]
  readonly total: Counts & {
    /**
     * Bytes at the peak of the planned schedule, without parameters. Each layer is one step, which stores its result after
     * batch norm, activation and addition. Working memory of an engine's kernels is not included: see
     * `program.memory.arena`.
     */
    readonly peakBytes: number
  }
  readonly kinds: Readonly<Record<LayerKind, KindCost>>
}

const counted: Record<Role, 'weights' | 'norm' | 'state'> = {
  weight: 'weights',
  depthwise: 'weights',
  bias: 'weights',
  norm: 'norm',
  state: 'state',
}

/** Only the parameters and multiply-adds of a graph, which a search needs of every candidate network. */
export function countsOf(graph: Graph): Pick<Counts, 'weights' | 'norm' | 'state' | 'parameters' | 'macs'> {
  const values = topological([...roots(graph), ...graph.updates.map((u) => u.target)])
  return counts(values)
}

function counts(values: readonly Value[]) {
  const count = { weights: 0, norm: 0, state: 0 }
  let macs = 0
  for (const v of values)
    if (isParameter(v)) count[counted[(v.attrs as ParameterAttrs).role]] += size(v.shape)
    else if (!isInput(v) && !isConstant(v)) macs += macsOf(v)
  return { ...count, parameters: count.weights + count.norm, macs }
}

/**
 * Computes the cost of a graph, layer by layer in order of creation.
 *
 * @example
 * ```ts
 * import { analyse } from 'kinglet/graph'
 * import { build } from 'kinglet/models'
 *
 * const { total, kinds } = analyse(build('mobilenet_v1').graph())
 * total.parameters // => 4231976
 * total.macs // => 568740352
 * kinds.pointwise.macShare.toFixed(4) // => '0.9486'
 * ```
 */
export function analyse(graph: Graph): Analysis {
  const values = topological([...roots(graph), ...graph.updates.map((u) => u.target)]).sort((a, b) => a.id - b.id)
  const handedOn = new Set(roots(graph))
  for (const v of values) for (const x of v.inputs) if (x.scope !== v.scope) handedOn.add(x)
  const memory = memoryOf(graph)

  // In order of results: in a graph made from another, a parameter's age does not follow its layer's.
  const byScope = new Map(values.filter((v) => !isLeaf(v)).map((v): [string, Value[]] => [v.scope, []]))
  for (const v of values) byScope.get(v.scope)?.push(v)
  const layers = [...byScope].map(([name, own]) => layerOf(name, own, handedOn, memory.liveBytes.get(name) ?? 0))
  const sum = (key: keyof Counts): number => layers.reduce((n, layer) => n + layer[key], 0)
  const total = {
    weights: sum('weights'),
    norm: sum('norm'),
    state: sum('state'),
    parameters: sum('parameters'),
    macs: sum('macs'),
    activationBytes: sum('activationBytes'),
    peakBytes: memory.peakBytes,
  }
  const kinds = Object.fromEntries(
    layerKinds.map((kind) => {
      const own = layers.filter((layer) => layer.kind === kind)
      const macs = own.reduce((n, layer) => n + layer.macs, 0)
      const weights = own.reduce((n, layer) => n + layer.weights, 0)
      return [kind, { macs, weights, macShare: macs / (total.macs || 1), weightShare: weights / (total.weights || 1) }]
    }),
  ) as Record<LayerKind, KindCost>
  return { layers, total, kinds }
}

const largest = (values: readonly Value[]): Value => values.reduce((a, b) => (size(b.shape) > size(a.shape) ? b : a))

function layerOf(name: string, own: readonly Value[], handedOn: ReadonlySet<Value>, liveBytes: number): LayerCost {
  const results = own.filter((v) => !isLeaf(v))
  const main = results.reduce((a, b) => (macsOf(b) > macsOf(a) ? b : a))
  const inside = new Set(own)
  const outside = results.flatMap((v) => v.inputs.filter((x) => !inside.has(x)))
  const input = macsOf(main) > 0 ? main.inputs[0] : largest(outside.length ? outside : results)
  const given = results.filter((v) => handedOn.has(v))
  const output = given.at(-1) ?? results[results.length - 1]
  const isSe = name.split('.').includes('se')
  const shown = contractOf(main.op).layer?.(main.inputs, main.attrs) ?? { kind: 'other' as const }
  return {
    name,
    ...shown,
    kind: isSe && shown.kind !== 'other' ? 'se' : shown.kind,
    inputShape: input.shape,
    outputShape: output.shape,
    ...counts(own),
    activationBytes: given.reduce((n, v) => n + size(v.shape) * bytesOf(v.dtype), 0),
    liveBytes,
  }
}
