/**
 * Fine-tuning: a network begins with the weights of another, as far as they fit. What does not (the classifier, when
 * the classes are others) keeps the first values that it was built with.
 */
import { assert, sameShape, showShape } from '../core/index.ts'
import type { Weights } from '../graph/index.ts'
import type { Network } from '../nn/index.ts'
import { assertFinite } from './finite.ts'
import { type Selection, select } from './names.ts'

export interface TransferOptions {
  /**
   * Layers that begin anew even where the weights fit: the classifier, when there are as many classes, but others.
   */
  readonly anew?: Selection
}

/** Names of parameters, by what became of them. */
export interface Transfer {
  /** They have the values given. */
  readonly loaded: readonly string[]
  /** They keep their first values: none were given, or of another shape, or they were to begin anew. */
  readonly anew: readonly string[]
  /** Given, but the network has none of that name and shape. */
  readonly unused: readonly string[]
}

/**
 * Gives `net` those of `weights` that it has under the same name and in the same shape, and says what became of all.
 * Throws a `KingletError` when nothing fits, and when the weights hold NaN or infinity; `net` is then as it was.
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
      `transfer: none of the ${weights.size} tensors given has name and shape of one of the network's ${own.size} ` +
      `parameters (${first} ${showShape(own.get(first)!.shape)} is one): use weights of the same model and width`,
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
