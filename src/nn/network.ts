/**
 * A network as training, files and the front door see it: a graph, the values of its parameters, and what is known of
 * it. The graph is in its declared form, as data: batch norm over running statistics, dropout as a mark, one image. Inference
 * for any batch and training are forms of it. Where it comes from (the registry, a file, ops put together by hand) makes
 * no difference below `models`.
 */
import { assert, type Shape, sameShape, showShape, type Tensor } from '../core/index.ts'
import { type Graph, inputsOf, parametersOf, type Update } from '../graph/index.ts'
import { input, type Value } from '../ops/index.ts'
import type { ForwardOptions } from './forms.ts'
import type { NetworkKit } from './kit.ts'
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

/** As `networkFrom` (from-graph.ts), for a graph that is known to be right. `kit` is what its methods are made of. */
export function makeNetwork(
  kit: NetworkKit,
  declared: Graph,
  { weights: given, seed = 0, meta = {} }: NetworkOptions,
): Network {
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
      weights ??= kit.initialise(parametersOf(declared).values(), seed)
      return weights
    },
    set weights(values) {
      weights = values
    },
    forward(on, run) {
      const { outputs, updates } = kit.formOf(declared, on, run)
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

/** How errors call a network: by its name in the registry, where it has one. */
export const calledOf = ({ architecture }: Network): string => architecture?.name ?? 'the network'

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
