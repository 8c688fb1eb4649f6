/**
 * Finds the channels of a graph that can be removed one by one, and where each lies. The filters of a convolution or matrix
 * product make a channel. The ops' linked axes (`axes` of their contracts) carry it through batch norm, activations,
 * depthwise convolutions, pooling, concatenation, reshapes and additions, to the weights that read it. The weights of
 * a gate (a factor computed from what it multiplies, as in squeeze-and-excitation) follow the channels; they are not
 * filters of them.
 *
 * Not included, since they cannot be removed: channels of inputs, constants and outputs, and channels that reach an op
 * whose links do not carry them on (a softmax, a grouped convolution, a slice).
 */
import { type Graph, gateOf, parametersOf, roots, topological } from '../graph/index.ts'
import { type AxisEnd, axisLinksOf, isConstant, isInput, type Value } from '../ops/index.ts'
import { Layouts, type Slice } from './layouts.ts'

export type { Slice } from './layouts.ts'

/** The slices of all parameters that hold the same channels: a channel that is removed is removed from all of them. */
export interface Channels {
  readonly slices: readonly Slice[]
  /** The slices whose entries are the filters that make the channels. */
  readonly filters: readonly Slice[]
}

/** Channels of a graph that can only be removed together. */
export interface ChannelGroup extends Channels {
  /** The name of the first filters' parameter. */
  readonly name: string
  readonly count: number
}

/** Walks a graph from its leaves and records which channels lie along each axis. */
class Walk {
  readonly layouts = new Layouts()
  /** Values that are computed from an input of the graph. */
  readonly #data = new Set<Value>()

  visit(v: Value): void {
    if (isInput(v) || v.inputs.some((x) => this.#data.has(x))) this.#data.add(v)
    if (isInput(v) || isConstant(v)) this.layouts.fixAll(v)
    const gate = gateOf(v, this.#data)
    // The weights of a gate are no filters.
    if (gate) this.layouts.demote(gate.factor, gate.gated)
    const links = axisLinksOf(v)
    for (const link of links) this.#link(v, link)
    this.#fixOthers(v, links.flat())
  }

  #link(v: Value, link: readonly AxisEnd[]): void {
    const ends = link.map((end) => ({ ...end, value: end.input === undefined ? v : v.inputs[end.input] }))
    const isData = ends.some(({ input, value }) => input !== undefined && this.#data.has(value))
    this.layouts.join(ends, { isMade: this.#data.has(v) && !isData })
  }

  /** Fixes the entries along axes that no link names. Along windows and batches there are no channels to fix. */
  #fixOthers(v: Value, linked: readonly AxisEnd[]): void {
    for (const [input, x] of v.inputs.entries())
      for (const axis of x.shape.keys())
        if (!linked.some((end) => end.input === input && end.axis === axis)) this.layouts.fix(x, axis)
  }
}

/**
 * Returns the groups of channels of an inference graph, in the order in which their filters were made.
 *
 * @example
 * ```ts
 * import { conv2d, flatten, input, matmul, parameter, reduceMean, relu } from 'kinglet/ops'
 * import { channelGroupsOf } from 'kinglet/search'
 *
 * const weight = (name: string, shape: number[]) =>
 *   parameter({ name, shape, role: 'weight', init: { kind: 'normal', std: 0.1 } })
 * const y = relu(conv2d({ x: input('x', [1, 8, 8, 3]), w: weight('a', [3, 3, 3, 16]) }))
 * const logits = matmul({ a: flatten(reduceMean(y, [1, 2])), b: weight('b', [16, 10]) })
 * const [group] = channelGroupsOf({ outputs: { logits }, updates: [] })
 * group.count // => 16
 * group.slices // => [{ tensor: 'a', axis: 3 }, { tensor: 'b', axis: 0 }]
 * ```
 */
export function channelGroupsOf(graph: Graph): ChannelGroup[] {
  const walk = new Walk()
  for (const v of topological(roots(graph))) walk.visit(v)
  for (const v of Object.values(graph.outputs)) walk.layouts.fixAll(v)
  return walk.layouts.groups([...parametersOf(graph).values()]).map((group) => ({
    ...{ name: group.filters[0].tensor, count: group.count },
    ...{ slices: group.slices, filters: group.filters },
  }))
}
