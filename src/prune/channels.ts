/**
 * Channels of a graph that can go one by one, and where each is. A channel is made by the filters of convolutions or
 * matrix products, and goes wherever the ops' linked axes (`axes` of their contracts) take it: through batch norm,
 * activations, depthwise convolutions, pooling, concatenation, reshapes and additions, to the weights that read it.
 * Weights of a gate (a factor that is made from what it multiplies, as in squeeze-and-excitation) follow the channels
 * and are not their filters.
 *
 * Left out, since nothing of them can go: channels of inputs, constants and outputs, and those that reach an op whose
 * links do not take them further (a softmax, a grouped convolution, a slice).
 */
import { type Graph, parametersOf, roots, topological } from '../graph/index.ts'
import { type AxisEnd, axisLinksOf, isConstant, isInput, isProduct, type Value } from '../ops/index.ts'
import { Layouts, type Slice } from './layouts.ts'

export type { Slice } from './layouts.ts'

/** Channels that are the same wherever they go: who drops one drops it from all of these. */
export interface Channels {
  readonly slices: readonly Slice[]
  /** Those of the slices whose entries are the filters that make the channels. */
  readonly filters: readonly Slice[]
}

/** The channels of a graph that go together. */
export interface ChannelGroup extends Channels {
  /** The first filters' parameter. */
  readonly name: string
  readonly count: number
}

/** Whether `later` is computed from `earlier`. Inputs of a node were made before it, so what is older is not searched. */
function dependsOn(later: Value, earlier: Value): boolean {
  const seen = new Set<Value>()
  const search = (v: Value): boolean => {
    if (v === earlier) return true
    if (v.id <= earlier.id || seen.has(v)) return false
    seen.add(v)
    return v.inputs.some(search)
  }
  return search(later)
}

/** Walks a graph from its leaves, and lays channels along axes. */
class Walk {
  readonly layouts = new Layouts()
  /** Values that are computed from an input of the graph. */
  readonly #data = new Set<Value>()

  visit(v: Value): void {
    if (isInput(v) || v.inputs.some((x) => this.#data.has(x))) this.#data.add(v)
    if (isInput(v) || isConstant(v)) this.layouts.fixAll(v)
    if (isProduct(v)) this.#gate(v)
    const links = axisLinksOf(v)
    for (const link of links) this.#link(v, link)
    this.#fixOthers(v, links.flat())
  }

  /** The factor that is made from the other one is a gate on it: its weights follow. */
  #gate({ inputs }: Value): void {
    const [earlier, later] = inputs.filter((x) => this.#data.has(x)).sort((a, b) => a.id - b.id)
    if (later && later !== earlier && dependsOn(later, earlier)) this.layouts.demote(later, earlier)
  }

  #link(v: Value, link: readonly AxisEnd[]): void {
    const ends = link.map((end) => ({ ...end, value: end.input === undefined ? v : v.inputs[end.input] }))
    const isData = ends.some(({ input, value }) => input !== undefined && this.#data.has(value))
    this.layouts.join(ends, { isMade: this.#data.has(v) && !isData })
  }

  /** Entries along axes that no link names stay. Where windows and batches lie, there are none to begin with. */
  #fixOthers(v: Value, linked: readonly AxisEnd[]): void {
    for (const [input, x] of v.inputs.entries())
      for (const axis of x.shape.keys())
        if (!linked.some((end) => end.input === input && end.axis === axis)) this.layouts.fix(x, axis)
  }
}

/**
 * Groups of channels of an inference graph, in the order in which their filters were made.
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
