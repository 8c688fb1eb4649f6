/** From what a file says of a network back to the network. */
import { assert, KingletError, sameShape, showShape, type Tensor, UsageError } from '../core/index.ts'
import { parametersOf } from '../graph/index.ts'
import type { Architecture } from '../nn/index.ts'
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
  const parameters = parametersOf(net.graph())
  for (const [name, { shape }] of parameters) {
    const found = weights.get(name)
    assert(
      found,
      `${what}: tensor ${name} ${showShape(shape)} of ${architecture.name} is missing: the file is not whole`,
    )
    assert(
      sameShape(found.shape, shape) && found.dtype === 'f32',
      `${what}: tensor ${name} is ${showShape(found.shape)} ${found.dtype}, ${architecture.name} with the options of this ` +
        `file has ${showShape(shape)} f32: the two do not belong together`,
    )
  }
  for (const name of weights.keys())
    assert(
      parameters.has(name),
      `${what}: tensor ${name} is not one of ${architecture.name} with the options of this file: the two do not belong ` +
        'together',
    )
  net.weights = new Map(weights)
  return net
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
