/**
 * Fine-tuning: a network starts from the weights of another one. Parameters without a matching weight (the classifier,
 * if the classes differ) keep their initial values.
 */
import { assert, sameShape, showShape } from '../core/index.ts'
import type { Weights } from '../graph/index.ts'
import type { Network } from '../nn/index.ts'
import { assertFinite } from './finite.ts'
import { type Selection, select } from './names.ts'

export interface TransferOptions {
  /** Layers that keep their initial values even if the weights fit, such as the classifier for different classes. */
  readonly anew?: Selection
}

/** Names of parameters and weights by their outcome. */
export interface Transfer {
  /** Parameters that have been given new values. */
  readonly loaded: readonly string[]
  /** Parameters that keep their initial values: there was no weight of that shape, or `anew` selects them. */
  readonly anew: readonly string[]
  /** Weights that were not used. */
  readonly unused: readonly string[]
}

/**
 * Copies those `weights` into `net` that match a parameter in name, dtype and shape, and returns the outcome of all.
 * Throws a `KingletError` if no weight matches, or if a matching weight holds NaN or infinity; `net` is then unchanged.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { transfer } from 'kinglet/train'
 *
 * const options = { width: 0.35, size: 32 }
 * const trained = build('mobilenet_v2', { ...options, classes: 10 })
 * const net = build('mobilenet_v2', { ...options, classes: 3 })
 * transfer(net, trained.weights).anew // => ['classifier.w', 'classifier.b']
 * ```
 */
export function transfer(net: Network, weights: Weights, options: TransferOptions = {}): Transfer {
  const own = net.weights
  const fresh = select(own.keys(), options.anew ?? [], 'transfer: anew')
  const fits = (name: string): boolean => {
    const [a, b] = [own.get(name), weights.get(name)]
    return !!a && !!b && a.dtype === b.dtype && sameShape(a.shape, b.shape)
  }
  const loaded = [...own.keys()].filter((name) => fits(name) && !fresh.has(name))
  const first = own.keys().next().value as string
  assert(
    loaded.length > 0,
    () =>
      `transfer: none of the ${weights.size} given tensors matches one of the network's ${own.size} parameters in name ` +
      `and shape (such as ${first} ${showShape(own.get(first)!.shape)}): use weights of the same model and width`,
  )
  const taken = new Set(loaded)
  assertFinite(new Map(loaded.map((name) => [name, weights.get(name)!])), 'transfer')
  net.weights = new Map([...own].map(([name, t]) => [name, taken.has(name) ? weights.get(name)! : t]))
  return {
    loaded,
    anew: [...own.keys()].filter((name) => !taken.has(name)),
    unused: [...weights.keys()].filter((name) => !taken.has(name)),
  }
}
