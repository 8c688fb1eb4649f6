/**
 * A network as training, files and the front door see it: a graph, the values of its parameters, and what is known of
 * it. The graph is in its declared form, as data: batch norm over running statistics, dropout as a mark, one image. Inference
 * for any batch and training are forms of it. Where it comes from (the registry, a file, ops put together by hand) makes
 * no difference below `models`.
 */
import { assert, type Shape, sameShape, showShape, type Tensor } from '../core/index.ts'
import {
  assertAnyBatch,
  type Graph,
  initialise,
  inputsOf,
  parametersOf,
  reshapeParameters,
  type Update,
} from '../graph/index.ts'
import { input, type Value } from '../ops/index.ts'
import { type ForwardOptions, formOf } from './forms.ts'
import type { Architecture, Meta } from './meta.ts'

export interface Forward {
  /** [N, classes], before softmax. */
  readonly logits: Value
  /** All outputs by name, `logits` among them. */
  readonly outputs: Readonly<Record<string, Value>>
  /** New running statistics, when training. */
  readonly updates: readonly Update[]
}

/** A network: its graph, its parameters' values, and what is known of it. */
export interface Network {
  /** For one image: input `x`, output `logits`, perhaps others. */
  readonly declared: Graph
  /** One image: [height, width, channels]. */
  readonly inputShape: Shape
  readonly classes: number
  /** Values of all parameters by name, running statistics among them. Training replaces them. */
  weights: Map<string, Tensor>
  meta: Meta
  /** Of the registry's networks: enough to build the same again, with other arguments too. */
  readonly architecture?: Architecture
  /** The network's layers above `x`, [N, height, width, channels], in their inference or training form. */
  forward(x: Value, options: ForwardOptions): Forward
  /** The inference graph for a batch: input `x`. */
  graph(batch?: number): Graph
}

export interface NetworkOptions {
  /** Default: drawn with `seed`, as each parameter's `init` says. */
  readonly weights?: ReadonlyMap<string, Tensor>
  readonly seed?: number
  readonly meta?: Meta
  /** Names the network, or its file, in errors. */
  readonly what?: string
}

/**
 * The network of a graph that was put together by hand or read from a file: for one image, with input `x` [1, height,
 * width, channels] and output `logits` [1, classes]. `trainingDropout` and `batchNorm` over parameters of role `state`
 * train as those of the registry's networks. Throws a `KingletError` for a graph that is none of a classifier, or does
 * not hold for any batch, and for weights that are not exactly its parameters.
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
export function networkFrom(graph: Graph, options: NetworkOptions = {}): Network {
  const { weights, what = 'network' } = options
  assertClassifier(graph, what)
  assertAnyBatch(graph, what)
  if (weights) assertWeights(graph, weights, what, 'its graph')
  return makeNetwork(graph, options)
}

/** As {@link networkFrom}, for a graph that is known to be right. */
export function makeNetwork(declared: Graph, { weights: given, seed = 0, meta = {} }: NetworkOptions): Network {
  const [x] = inputsOf(declared).values()
  const inputShape = x.shape.slice(1)
  let weights = given && new Map(given)
  let single: Graph | undefined
  const net: Network = {
    declared,
    inputShape,
    classes: declared.outputs.logits.shape[1],
    meta,
    get weights() {
      weights ??= initialise(parametersOf(declared).values(), seed)
      return weights
    },
    set weights(values) {
      weights = values
    },
    forward(on, run) {
      const { outputs, updates } = formOf(declared, on, run)
      return { logits: outputs.logits, outputs, updates }
    },
    graph(batch = 1) {
      if (batch === 1 && single) return single
      const { outputs } = net.forward(batch === 1 ? x : input('x', [batch, ...inputShape]), { training: false })
      const made: Graph = { outputs, updates: [] }
      // Asked for several times while a file is loaded.
      if (batch === 1) single = made
      return made
    },
  }
  return net
}

/** The network of the same graph over parameters of other shapes; its weights are first ones. */
export const withShapes = ({ declared, meta }: Network, shapes: ReadonlyMap<string, Shape>, seed = 0): Network =>
  makeNetwork(reshapeParameters(declared, shapes), { seed, meta })

/** How errors call a network: by its name in the registry, where it has one. */
export const calledOf = ({ architecture }: Network): string => architecture?.name ?? 'the network'

function assertClassifier(graph: Graph, what: string): void {
  assert(graph.updates.length === 0, `${what}: the graph has updates: give it without its training step`)
  const inputs = [...inputsOf(graph)]
  const [x] = inputs
  assert(
    inputs.length === 1 && x[0] === 'x' && x[1].shape.length === 4 && x[1].shape[0] === 1 && x[1].dtype === 'f32',
    () =>
      `${what}: its inputs are ${inputs.map(([name, v]) => `${name} ${showShape(v.shape)} ${v.dtype}`).join(', ') || 'none'}: ` +
      'it must have one, x [1, height, width, channels] f32',
  )
  const { logits } = graph.outputs
  assert(
    logits?.shape.length === 2 && logits.shape[0] === 1 && logits.dtype === 'f32',
    () =>
      `${what}: ${logits ? `logits have shape ${showShape(logits.shape)}` : `its outputs are ${Object.keys(graph.outputs).join(', ') || 'none'}`}: ` +
      'it must have the output logits, [1, classes]',
  )
}

/**
 * Throws unless `weights` are exactly the graph's parameters. `what` names the file and `network` the network in errors;
 * `as` says as what it has those parameters.
 */
export function assertWeights(
  graph: Graph,
  weights: ReadonlyMap<string, Tensor>,
  what: string,
  network: string,
  as?: string,
): void {
  const parameters = parametersOf(graph)
  const whole = as ? `${network} ${as}` : network
  for (const [name, { shape }] of parameters) {
    const found = weights.get(name)
    assert(found, `${what}: tensor ${name} ${showShape(shape)} of ${network} is missing: the file is not whole`)
    assert(
      sameShape(found.shape, shape) && found.dtype === 'f32',
      `${what}: tensor ${name} is ${showShape(found.shape)} ${found.dtype}, ${whole} has ${showShape(shape)} f32: the two ` +
        'do not belong together',
    )
  }
  for (const name of weights.keys())
    assert(parameters.has(name), `${what}: tensor ${name} is not one of ${whole}: the two do not belong together`)
}
