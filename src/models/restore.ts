/** From what a file says of a network back to the network. */
import { KingletError, type Tensor, UsageError } from '../core/index.ts'
import { type Architecture, assertWeights, type Network } from '../nn/index.ts'
import { build, type Model } from './network.ts'
import type { BuildOptions } from './options.ts'

/**
 * Builds the network `architecture` with these weights. Throws unless they are exactly its parameters: a tensor that is
 * missing, one too many, another shape. `what` names the file in errors.
 *
 * @example
 * ```ts
 * import { build, restore } from 'kinglet/models'
 *
 * const { architecture, weights } = build('mobilenet_v1', { width: 0.25, size: 32, classes: 3, seed: 7 })
 * restore(architecture, weights, 'pets.safetensors').classes // => 3
 * ```
 */
export function restore(architecture: Architecture, weights: ReadonlyMap<string, Tensor>, what: string): Model {
  const net = rebuild(architecture, what)
  assertWeights(net.declared, weights, what, architecture.name, 'with the options of this file')
  net.weights = new Map(weights)
  return net
}

/** What a model file says of its network: the architecture that builds it, or its graph as JSON. */
export interface Restorable {
  readonly architecture?: Architecture | undefined
  readonly graph?: unknown
  readonly weights: ReadonlyMap<string, Tensor>
}

/** The network of a model file of either kind; rejects with a `KingletError` that names `what` when its parts do not fit. */
export async function restoreNetwork({ architecture, graph, weights }: Restorable, what: string): Promise<Network> {
  if (architecture) return restore(architecture, weights, what)
  // Most files carry none: a page that runs networks of the registry does not load this.
  const { networkFromJson } = await import('../nn/json/index.ts')
  return networkFromJson(graph, weights, what)
}

/** The options come from a file: what `build` finds wrong with them is not the caller's mistake. */
function rebuild({ name, options }: Architecture, what: string): Model {
  try {
    return build(name, options as BuildOptions)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new KingletError(`${what}: its network cannot be built: ${error.message}`, { cause: error })
  }
}
