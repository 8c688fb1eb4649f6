/** Restores networks from the contents of model files. */
import { KingletError, type Tensor, UsageError } from '../core/index.ts'
import { type Architecture, assertWeights, type Network, type NetworkKit, trainable } from '../nn/index.ts'
import { definitionNamed } from './definition.ts'
import { build, buildWith, type Model } from './network.ts'
import type { BuildOptions } from './options.ts'

/**
 * Builds the network `architecture` with these weights. Throws unless they are exactly its parameters: for a missing or
 * additional tensor and for another shape. `what` names the file in errors.
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

/** The network in a model file: the architecture that builds it, or its graph as JSON, with its weights. */
export interface Restorable {
  readonly architecture?: Architecture | undefined
  readonly graph?: unknown
  readonly weights: ReadonlyMap<string, Tensor>
}

/** Restores the network of either kind of model file. Rejects with a `KingletError` that names `what` if parts do not fit. */
export const restoreNetwork = (file: Restorable, what: string): Promise<Network> => restoreWith(trainable, file, what)

/** As `restoreNetwork`, with the methods of `kit`. Loads only the code that the names in the file need. */
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

/** Turns a `UsageError` of `build` into a `KingletError`: the options come from a file, not from the caller. */
const notBuilt = (error: unknown, what: string): unknown =>
  error instanceof UsageError
    ? new KingletError(`${what}: its network cannot be built: ${error.message}`, { cause: error })
    : error
