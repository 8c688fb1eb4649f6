/** Makes networks from graphs that do not come from a table: hand-made, or read from a file. */
import { assert, type Shape, showShape } from '../core/index.ts'
import { assertAnyBatch, type Graph, inputsOf, reshapeParameters } from '../graph/index.ts'
import { type NetworkKit, trainable } from './kit.ts'
import { assertWeights, makeNetwork, type Network, type NetworkOptions } from './network.ts'

/**
 * Makes a network from a graph that is hand-made or read from a file. The graph is for one image: input `x` [1, height,
 * width, channels] and outputs of any names, each with the batch first. A network with the output `logits` [1, classes]
 * classifies, and can be trained and evaluated. `trainingDropout`, and `batchNorm` over parameters of role `state`, train
 * as in the registry's networks. Throws a `KingletError` for a graph with another input or that is not valid for every
 * batch size, and for weights that are not exactly its parameters.
 *
 * @example
 * ```ts
 * import { networkFrom } from 'kinglet/graph'
 * import { flatten, input, linear, parameter } from 'kinglet/ops'
 *
 * const init = { kind: 'normal', std: 0.1 } as const
 * const w = parameter({ name: 'w', shape: [48, 2], role: 'weight', init })
 * const logits = linear(flatten(input('x', [1, 4, 4, 3])), w)
 * const net = networkFrom({ outputs: { logits }, updates: [] })
 * const found = [net.inputShape, net.classes, net.graph(8).outputs.logits.shape]
 * found // => [[4, 4, 3], 2, [8, 2]]
 * ```
 */
export const networkFrom = (graph: Graph, options: NetworkOptions = {}): Network =>
  networkWith(trainable, graph, options)

/** As `networkFrom`, with the methods of `kit`. */
export function networkWith(kit: NetworkKit, graph: Graph, options: NetworkOptions): Network {
  const { weights, what = 'network' } = options
  assertImages(graph, what)
  assertAnyBatch(graph, what)
  if (weights) assertWeights(graph, weights, what, 'its graph')
  return makeNetwork(kit, graph, options)
}

/**
 * Returns the network of the same graph over parameters of other shapes, with initial weights. It has no metadata: what is
 * known of the original may not hold for it.
 */
export const withShapes = ({ declared }: Network, shapes: ReadonlyMap<string, Shape>, seed = 0): Network =>
  makeNetwork(trainable, reshapeParameters(declared, shapes), { seed })

function assertImages(graph: Graph, what: string): void {
  assert(graph.updates.length === 0, `${what}: the graph has updates: give it without its training step`)
  const inputs = [...inputsOf(graph)]
  const [x] = inputs
  assert(
    inputs.length === 1 && x[0] === 'x' && x[1].shape.length === 4 && x[1].shape[0] === 1 && x[1].dtype === 'f32',
    () =>
      `${what}: its inputs are ${inputs.map(([name, v]) => `${name} ${showShape(v.shape)} ${v.dtype}`).join(', ') || 'none'}: ` +
      'it must have one, x [1, height, width, channels] f32',
  )
}
