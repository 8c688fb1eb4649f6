/** From what a file says of a network back to the network. */
import { KingletError, type Tensor, UsageError } from '../core/index.ts'
import { type Architecture, assertWeights, type Network, type NetworkKit, trainable } from '../nn/index.ts'
import { definitionNamed } from './definition.ts'
import { build, buildWith, type Model } from './network.ts'
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
  const { name, options } = architecture
  try {
    return withWeights(build(name, options as BuildOptions), weights, what)
  } catch (error) {
    throw notBuilt(error, what)
  }
}

/** What a model file says of its network: the architecture that builds it, or its graph as JSON. */
export interface Restorable {
  readonly architecture?: Architecture | undefined
  readonly graph?: unknown
  readonly weights: ReadonlyMap<string, Tensor>
}

/** The network of a model file of either kind; rejects with a `KingletError` that names `what` when its parts do not fit. */
export const restoreNetwork = (file: Restorable, what: string): Promise<Network> => restoreWith(trainable, file, what)

/** The same, its methods made of `kit`. What the network needs is loaded by the names in the file. */
export async function restoreWith(
  kit: NetworkKit,
  { architecture, graph, weights }: Restorable,
  what: string,
): Promise<Network> {
  if (!architecture) {
    const { networkFromJson } = await import('../nn/json/index.ts')
    return networkFromJson(kit, graph, weights, what)
  }
  const { name, options } = architecture
  const rowSpecsOf = (options.rows ?? 'table') === 'table' ? undefined : (await import('./row-spec.ts')).rowSpecsOf
  try {
    const net = buildWith({ ...kit, rowSpecsOf }, name, await definitionNamed(name), options as BuildOptions)
    return withWeights(net, weights, what)
  } catch (error) {
    throw notBuilt(error, what)
  }
}

function withWeights(net: Model, weights: ReadonlyMap<string, Tensor>, what: string): Model {
  assertWeights(net.declared, weights, what, net.architecture.name, 'with the options of this file')
  net.weights = new Map(weights)
  return net
}

/** The options come from a file: what `build` finds wrong with them is not the caller's mistake. */
const notBuilt = (error: unknown, what: string): unknown =>
  error instanceof UsageError
    ? new KingletError(`${what}: its network cannot be built: ${error.message}`, { cause: error })
    : error
