/** What is wrong with the tensors of a model file. Imported when something is. */
import type { Tensor } from '../core/index.ts'
import { assertWeights } from '../nn/index.ts'
import type { Model } from './network.ts'

/** Throws a `KingletError` that names a tensor which is missing, has another shape, or is not of the network. */
export const assertWhole = (net: Model, weights: ReadonlyMap<string, Tensor>, what: string): void =>
  assertWeights(net.declared, weights, what, net.architecture.name, 'with the options of this file')
