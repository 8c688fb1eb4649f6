/**
 * The network interface that training, files and the front door use: a graph, the values of its parameters, and metadata.
 * The graph is in its declared form: batch norm over running statistics, dropout as a mark, one image. The forms for
 * inference at any batch size and for training are made from it. Code below `models` does not depend on where a network
 * comes from (the registry, a file, hand-made ops).
 */
import { assert, type Shape, sameShape, showShape, type Tensor } from '../core/index.ts'
import { type Graph, inputsOf, parametersOf, type Update } from '../graph/index.ts'
import { input, type Value } from '../ops/index.ts'
import type { ForwardOptions } from './forms.ts'
import type { NetworkKit } from './kit.ts'
import type { Architecture, Meta } from './meta.ts'

export interface Forward {
  /** The output of that name: [N, classes], before softmax, for a network that classifies. */
  readonly logits: Value | undefined
  /** All outputs by name. */
  readonly outputs: Readonly<Record<string, Value>>
  /** New running statistics, when training. */
  readonly updates: readonly Update[]
}

/**
 * A network: its graph, the values of its parameters, and its metadata. It may classify ({@link ClassifierNetwork}) or have
 * any other outputs, such as the masks of a segmentation.
 */
export interface Network {
  /** The declared graph for one image: input `x`, outputs by name. */
  readonly declared: Graph
  /** Shape of one image: [height, width, channels]. */
  readonly inputShape: Shape
  /** Number of classes: that of the output `logits` [1, classes]. Undefined for a network without it. */
  readonly classes: number | undefined
  /** Values of all parameters by name, including running statistics. Training replaces them. */
  weights: Map<string, Tensor>
  meta: Meta
  /** Only for the registry's networks: enough to build the same network again, or with other arguments. */
  readonly architecture?: Architecture
  /** Adds the network's layers to `x` [N, height, width, channels], in their inference or training form. */
  forward(x: Value, options: ForwardOptions): Forward
  /** Returns the inference graph for a batch: input `x`. */
  graph(batch?: number): Graph
}

/** A network that classifies: one with the output `logits` [1, classes]. */
export interface ClassifierNetwork extends Network {
  readonly classes: number
  forward(x: Value, options: ForwardOptions): ClassifierForward
}

export interface ClassifierForward extends Forward {
  /** [N, classes], before softmax. */
  readonly logits: Value
}

export interface NetworkOptions {
  /** Default: drawn by each parameter's `init` with `seed`. */
  readonly weights?: ReadonlyMap<string, Tensor>
  readonly seed?: number
  readonly meta?: Meta
  /** Name of the network or its file in errors. */
  readonly what?: string
}

/** As `networkFrom` (from-graph.ts), for a graph that is known to be valid, with the methods of `kit`. */
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
    classes: classesIn(declared),
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
      // Cached: loading a file needs it several times.
      if (batch === 1) single = made
      return made
    },
  }
  return net
}

function classesIn({ outputs: { logits } }: Graph): number | undefined {
  return logits?.shape.length === 2 && logits.dtype === 'f32' ? logits.shape[1] : undefined
}

/** The name of a network in errors: its name in the registry, if it has one. */
export const calledOf = ({ architecture }: Network): string => architecture?.name ?? 'the network'

/**
 * Throws unless `weights` are exactly the graph's parameters. In errors `what` names the file and `network` the network.
 * `as` says under which condition the network has those parameters.
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
