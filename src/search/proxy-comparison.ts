/** Compares the ranking of networks by zero-cost proxies with the ranking by parameter count. */
import { kendallTau, spearman, UsageError } from '../core/index.ts'

/** How well a proxy ranks networks. */
export interface ProxyComparison {
  readonly name: string
  /** Kendall's tau-b between its scores and the accuracies. */
  readonly tau: number
  readonly spearman: number
  /** Its tau minus the tau of the parameter count. A proxy that is not above 0 here is useless. */
  readonly beyondParameters: number
}

/**
 * Compares proxies with the accuracies of trained networks, relative to the parameter count. The authors of ZiCo (Li et
 * al. 2023, arXiv:2301.11300) ask for this, since most proxies do not beat it. `scores` has a list for each proxy by
 * name, for the same networks in the same order, and must include `parameters`. Best proxy first.
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
    throw new UsageError('compareProxies: scores have no parameters: every proxy is compared with the parameter count')
  const baseline = kendallTau(scores.parameters, accuracies)
  return Object.entries(scores)
    .map(([name, values]) => {
      const tau = kendallTau(values, accuracies)
      return { name, tau, spearman: spearman(values, accuracies), beyondParameters: tau - baseline }
    })
    .sort((a, b) => b.tau - a.tau)
}
