/** Whether a zero-cost proxy ranks networks better than counting their parameters does. */
import { kendallTau, spearman, UsageError } from '../core/index.ts'

/** How well a proxy ranks networks. */
export interface ProxyComparison {
  readonly name: string
  /** Kendall's tau-b of its scores with the accuracies. */
  readonly tau: number
  readonly spearman: number
  /** Its tau less that of the number of parameters: a proxy that is not above 0 here is of no use. */
  readonly beyondParameters: number
}

/**
 * Compares proxies with what trained networks reached, beside the number of parameters: as the authors of ZiCo ask (Li et
 * al. 2023, arXiv:2301.11300), since most proxies do not beat it. `scores` by name, of the same networks in the same
 * order, `parameters` among them. Best first.
 *
 * @example
 * ```ts
 * import { compareProxies } from 'kinglet/search'
 *
 * const scores = { parameters: [1e5, 2e5, 3e5, 4e5], zico: [10, 12, 15, 14] }
 * const [first] = compareProxies(scores, [0.7, 0.72, 0.8, 0.79])
 * first // => { name: 'zico', tau: 1, spearman: 1, beyondParameters: 1 - 4 / 6 }
 * ```
 */
export function compareProxies(
  scores: Readonly<Record<string, readonly number[]>>,
  accuracies: readonly number[],
): ProxyComparison[] {
  if (!Object.hasOwn(scores, 'parameters'))
    throw new UsageError('compareProxies: scores have no parameters: every proxy is compared with their number')
  const baseline = kendallTau(scores.parameters, accuracies)
  return Object.entries(scores)
    .map(([name, values]) => {
      const tau = kendallTau(values, accuracies)
      return { name, tau, spearman: spearman(values, accuracies), beyondParameters: tau - baseline }
    })
    .sort((a, b) => b.tau - a.tau)
}
