/**
 * Resizes a graph: for another batch, or for parameters of other shapes. Only leaves are replaced. The shape rule of each
 * op that depends on them runs again. Refuses graphs with updates, which are made for one batch and for fixed parameter
 * shapes.
 */
import { assert, KingletError, type Shape, sameShape, showShape, type Tensor, take } from '../core/index.ts'
import { isInput, isParameter, makeValue, type Value } from '../ops/index.ts'
import { type Graph, mapGraph, parametersOf, type Weights } from './graph.ts'

function withLeaves(graph: Graph, what: string, leaf: (v: Value) => Value): Graph {
  assert(
    graph.updates.length === 0,
    () =>
      `${what}: the graph has ${graph.updates.length} updates: give the graph of a network, without its training step`,
  )
  return mapGraph(graph, leaf)
}

/** The same input or parameter with another shape. */
const withShape = (leaf: Value, shape: Shape): Value => makeValue(leaf.op, [], { ...leaf.attrs, shape }, leaf.scope)

/**
 * Returns the graph for another batch: the first dimension of every input except scalars becomes `batch`.
 *
 * @example
 * ```ts
 * import { rebatch } from 'kinglet/graph'
 * import { flatten, input } from 'kinglet/ops'
 *
 * const graph = { outputs: { y: flatten(input('x', [1, 4, 4, 3])) }, updates: [] }
 * rebatch(graph, 8).outputs.y.shape // => [8, 48]
 * ```
 */
export const rebatch = (graph: Graph, batch: number): Graph =>
  withLeaves(graph, 'rebatch', (v) => {
    if (!isInput(v) || v.shape.length === 0 || v.shape[0] === batch) return v
    return withShape(v, [batch, ...v.shape.slice(1)])
  })

/** Throws unless the graph works for any batch: another batch must change only the first dimension of each output. */
export function assertAnyBatch(graph: Graph, what: string): void {
  for (const batch of [2, 3]) {
    let outputs: Graph['outputs']
    try {
      outputs = rebatch(graph, batch).outputs
    } catch (error) {
      if (!(error instanceof KingletError)) throw error
      throw new KingletError(
        `${what}: the graph does not work for a batch of ${batch}: ${error.message}: in shapes write 0 (reshape) or -1 for ` +
          'the batch',
        { cause: error },
      )
    }
    for (const [name, { shape }] of Object.entries(outputs)) {
      const wanted = [batch, ...graph.outputs[name].shape.slice(1)]
      assert(
        shape.length > 0 && sameShape(shape, wanted),
        () =>
          `${what}: output ${name} has shape ${showShape(shape)} for a batch of ${batch}: the batch must be the first ` +
          'dimension of every input and output',
      )
    }
  }
}

/**
 * Returns the graph with other shapes for the named parameters; parameters that `shapes` omits keep theirs. Throws a
 * `KingletError` for a name that the graph does not have, and the shape rule's error where shapes do not fit together.
 *
 * @example
 * ```ts
 * import { reshapeParameters } from 'kinglet/graph'
 * import { build } from 'kinglet/models'
 *
 * const graph = build('mobilenet_v2', { classes: 10 }).graph()
 * const shapes = new Map([
 *   ['classifier.w', [1280, 3]],
 *   ['classifier.b', [3]],
 * ])
 * reshapeParameters(graph, shapes).outputs.logits.shape // => [1, 3]
 * ```
 */
export function reshapeParameters(graph: Graph, shapes: ReadonlyMap<string, Shape>): Graph {
  const parameters = parametersOf(graph)
  for (const name of shapes.keys())
    assert(parameters.has(name), `reshapeParameters: the graph has no parameter ${name}`)
  // Make all of them anew, in order: parameters are listed by creation.
  const anew = new Map([...parameters].map(([name, v]) => [v, withShape(v, shapes.get(name) ?? v.shape)]))
  return withLeaves(graph, 'reshapeParameters', (v) => (isParameter(v) ? anew.get(v)! : v))
}

/** The entries to keep along one axis of a parameter. */
export interface Cut {
  readonly parameter: string
  readonly axis: number
  /** Indices of the entries, in their new order. */
  readonly kept: readonly number[]
}

/**
 * Applies the cuts one after another and returns the weights. A parameter may be cut along several axes. Throws a
 * `KingletError` for a parameter, an axis or an entry that does not exist.
 *
 * @example
 * ```ts
 * import { tensor } from 'kinglet/core'
 * import { cutWeights } from 'kinglet/graph'
 *
 * const weights = new Map([['w', tensor([2, 3], [1, 2, 3, 4, 5, 6])]])
 * const cut = cutWeights(weights, [{ parameter: 'w', axis: 1, kept: [0, 2] }])
 * cut.get('w')!.data.join() // => '1,3,4,6'
 * ```
 */
export function cutWeights(weights: Weights, cuts: Iterable<Cut>): Map<string, Tensor> {
  const left = new Map(weights)
  for (const { parameter: name, axis, kept } of cuts) {
    const t = left.get(name)
    assert(t, `cutWeights: there is no parameter ${name}`)
    assert(
      kept.length > 0 && kept.every((i) => Number.isInteger(i) && i >= 0 && i < t.shape[axis]),
      () =>
        `cutWeights: ${name} has shape ${showShape(t.shape)}: entries ${kept.join(', ')} of axis ${axis} do not all exist`,
    )
    left.set(name, take(t, axis, kept))
  }
  return left
}

/** Shapes of tensors by name, as {@link reshapeParameters} takes them for cut weights. */
export const shapesOf = (weights: Weights): Map<string, Shape> =>
  new Map([...weights].map(([name, { shape }]) => [name, shape]))
