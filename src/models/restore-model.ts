/** Builds the network of an architecture again, with its weights. */
import type { Tensor } from '../core/index.ts'
import type { Architecture } from '../nn/index.ts'
import { build, type Model } from './network.ts'
import type { BuildOptions } from './options.ts'
import { notBuilt } from './restore.ts'
import { assertWhole } from './restore-errors.ts'

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
    const net = build(name, options as BuildOptions)
    assertWhole(net, weights, what)
    net.weights = new Map(weights)
    return net
  } catch (error) {
    throw notBuilt(error, what)
  }
}
