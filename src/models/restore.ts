/** Restores networks from the contents of model files. */
import { KingletError, type Shape, sameShape, type Tensor, UsageError } from '../core/index.ts'
import { parametersOf } from '../graph/index.ts'
import { type Architecture, type Network, type NetworkKit, trainable } from '../nn/index.ts'
import { definitionNamed } from './definition.ts'
import { buildWith, type Model } from './network.ts'
import type { BuildOptions } from './options.ts'

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
    // The texts for a file that is not whole are in a module that few programs load.
    if (!isWhole(net, weights)) (await import('./restore-errors.ts')).assertWhole(net, weights, what)
    net.weights = new Map(weights)
    return net
  } catch (error) {
    throw notBuilt(error, what)
  }
}

/** Whether the tensors are the parameters of the network. */
function isWhole({ declared }: Model, weights: ReadonlyMap<string, Tensor>): boolean {
  const parameters = parametersOf(declared)
  const isThere = ([name, { shape }]: readonly [string, { readonly shape: Shape }]) => {
    const t = weights.get(name)
    return t?.dtype === 'f32' && sameShape(t.shape, shape)
  }
  return parameters.size === weights.size && [...parameters].every(isThere)
}

/** Turns a `UsageError` of `build` into a `KingletError`: the options come from a file, not from the caller. */
export const notBuilt = (error: unknown, what: string): unknown =>
  error instanceof UsageError
    ? new KingletError(`${what}: its network cannot be built: ${error.message}`, { cause: error })
    : error
