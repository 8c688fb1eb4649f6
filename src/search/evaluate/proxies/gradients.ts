/** Proxies from the gradients of the loss: their norm, and ZiCo. */
import type { TypedArrayOf } from '../../../core/index.ts'
import { weightGradients, type ZeroCostProxy } from './proxy.ts'

/** As in Abdelfattah et al. 2021 (arXiv:2101.08134): the sum of the layers' norms, not the norm of all weights. */
export const gradNorm: ZeroCostProxy = {
  says: 'sum over layers of the norm of the gradient, of one batch',
  batches: 1,
  async score({ batches, ...given }) {
    const [found] = await weightGradients({ ...given, batches: batches.slice(0, 1) })
    return [...found.values()].reduce((sum, g) => sum + norm(g), 0)
  },
}

function norm(values: TypedArrayOf): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i]
  return Math.sqrt(sum)
}

/**
 * ZiCo (Li et al. 2023, arXiv:2301.11300, equation 10, and its code): the sum over layers of the logarithm of the sum
 * over weights of mean |g| / deviation of g, both over batches. A weight whose gradient does not vary adds nothing, nor
 * does a layer of such weights.
 */
export const zico: ZeroCostProxy = {
  says: 'sum over layers of log of the sum over weights of mean |g| / deviation of g, over the batches',
  batches: 2,
  async score(given) {
    const found = await weightGradients(given)
    let score = 0
    for (const name of found[0].keys()) {
      const layer = signalToNoise(found.map((g) => g.get(name)!))
      if (layer > 0) score += Math.log(layer)
    }
    return score
  },
}

/** Sum over weights of mean |g| / deviation of g. The deviation is the population's, over the batches. */
function signalToNoise(batches: readonly TypedArrayOf[]): number {
  const n = batches.length
  let sum = 0
  for (let i = 0; i < batches[0].length; i++) {
    let [mean, size, square] = [0, 0, 0]
    for (const g of batches) mean += g[i] / n
    for (const g of batches) {
      size += Math.abs(g[i]) / n
      square += (g[i] - mean) ** 2 / n
    }
    if (square > 0) sum += size / Math.sqrt(square)
  }
  return sum
}
