/**
 * A network as training, export and the front door see it: a function that adds its layers to a graph, the values of
 * its parameters, and what it is called. Models build these; nothing below `models` knows how.
 */
import type { Shape, Tensor } from '../core/index.ts'
import type { Graph, Update } from '../graph/index.ts'
import type { Value } from '../ops/index.ts'

export interface ForwardOptions {
  /** Batch norm uses the batch's statistics and updates the running ones; dropout drops. */
  readonly training: boolean
  /** An i32 scalar that changes every step; needed while training when the network has dropout. */
  readonly seed?: Value
  /**
   * Parameters that do not train: batch norm in these layers keeps its running statistics, also while training.
   * Called with the parameter's name.
   */
  readonly frozen?: (name: string) => boolean
}

export interface Forward {
  /** [N, classes], before softmax. */
  readonly logits: Value
  /** New running statistics, when training. */
  readonly updates: readonly Update[]
}

/** Name in the registry and every argument of `build`, in full: enough to build the same network again. */
export interface Architecture {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
}

/** A network: its forward pass as a function, its parameters' values, and enough of a name to build it again. */
export interface Network {
  readonly architecture: Architecture
  /** One image: [height, width, channels]. */
  readonly inputShape: Shape
  readonly classes: number
  /** Values of all parameters by name, running statistics among them. Training replaces them. */
  weights: Map<string, Tensor>
  /** Adds the network's layers above `x`, [N, height, width, channels]. Parameters are new nodes at each call. */
  forward(x: Value, options: ForwardOptions): Forward
  /** The inference graph for a batch: input `x`, output `logits`. */
  graph(batch?: number): Graph
}
