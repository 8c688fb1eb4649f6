/**
 * Rank correlations: Kendall's tau-b (Kendall 1945, "The treatment of ties in ranking problems") and Spearman's rho
 * (1904), both with ties.
 */
import { assert } from './errors.ts'

function assertPairs(what: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  assert(
    a.length === b.length && a.length > 1,
    () => `${what}: ${a.length} and ${b.length} values are given: give equally many, two or more`,
  )
  for (const values of [a, b]) {
    const at = Array.from(values).findIndex(Number.isNaN)
    assert(at < 0, () => `${what}: value ${at} is NaN: leave that pair out`)
  }
}

/**
 * Returns Kendall's tau-b of the pairs `a[i]`, `b[i]`: 1 for the same order, -1 for opposite orders, 0 for no
 * correlation, NaN when all values of a list are equal. Throws a `KingletError` for lists of different lengths, for
 * fewer than two values, and for NaN.
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

/** 1, 0 or -1. Not a difference: that of two infinite values is NaN. */
const order = (x: number, y: number): number => (x > y ? 1 : 0) - (x < y ? 1 : 0)

/**
 * Returns Spearman's rank correlation: the correlation of the ranks, where equal values share the mean of their ranks.
 * Range and errors are those of {@link kendallTau}.
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

/** The rank of each value in ascending order, from 0. Equal values have the mean of their ranks. */
export function ranksOf(values: ArrayLike<number>): number[] {
  const sorted = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => order(values[i], values[j]))
  const ranks = new Array<number>(values.length)
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && values[sorted[to]] === values[sorted[from]]) to++
    for (let k = from; k < to; k++) ranks[sorted[k]] = (from + to - 1) / 2
  }
  return ranks
}
