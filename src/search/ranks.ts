/**
 * How far two rankings agree: Kendall's tau-b (Kendall 1945, "The treatment of ties in ranking problems") and
 * Spearman's rho (1904), both with ties; and whether a proxy ranks networks better than counting their parameters does.
 */
import { assert, UsageError } from '../core/index.ts'

function assertPairs(what: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  assert(
    a.length === b.length && a.length > 1,
    () => `${what}: ${a.length} and ${b.length} values are given: give two or more, as many of both`,
  )
  for (const values of [a, b]) {
    const at = Array.from(values).findIndex(Number.isNaN)
    assert(at < 0, () => `${what}: value ${at} is NaN: leave that pair out`)
  }
}

/**
 * Kendall's tau-b of pairs `a[i]`, `b[i]`: from -1 (opposite orders) to 1 (the same), 0 where neither tells of the other;
 * NaN where all values of one are equal. Throws a `KingletError` for lists of different lengths, less than two values, and
 * NaN.
 *
 * @example
 * ```ts
 * import { kendallTau } from 'kinglet/search'
 *
 * kendallTau([1, 2, 3, 4], [10, 20, 40, 30]).toFixed(3) // => '0.667'
 * ```
 */
export function kendallTau(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertPairs('kendallTau', a, b)
  let [agreement, differentA, differentB] = [0, 0, 0]
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      const [inA, inB] = [order(a[i], a[j]), order(b[i], b[j])]
      agreement += inA * inB
      differentA += inA * inA
      differentB += inB * inB
    }
  return agreement / Math.sqrt(differentA * differentB)
}

/** 1, 0 or -1; infinite values have no difference, but an order. */
const order = (x: number, y: number): number => (x > y ? 1 : 0) - (x < y ? 1 : 0)

/**
 * Spearman's rank correlation: that of the ranks, where equal values share the mean of theirs. Its range and errors are
 * those of {@link kendallTau}.
 *
 * @example
 * ```ts
 * import { spearman } from 'kinglet/search'
 *
 * spearman([1, 2, 3, 4], [10, 20, 40, 30]).toFixed(3) // => '0.800'
 * ```
 */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertPairs('spearman', a, b)
  const mean = (a.length - 1) / 2
  const [x, y] = [ranksOf(a), ranksOf(b)].map((ranks) => ranks.map((r) => r - mean))
  const dot = (p: readonly number[], q: readonly number[]) => p.reduce((sum, v, i) => sum + v * q[i], 0)
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))
}

/** The place of each value in ascending order, from 0; equal values have the mean of their places. */
export function ranksOf(values: ArrayLike<number>): number[] {
  const sorted = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => order(values[i], values[j]))
  const ranks = new Array<number>(values.length)
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && values[sorted[to]] === values[sorted[from]]) to++
    for (let k = from; k < to; k++) ranks[sorted[k]] = (from + to - 1) / 2
  }
  return ranks
}

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
