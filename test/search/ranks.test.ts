import { expect, test } from 'vitest'
import { kendallTau, Rng, ranksOf, spearman } from '../../src/core/index.ts'
import { compareProxies } from '../../src/search/index.ts'
import { failureOf } from '../train/toys.ts'

test('Kendall: the same order, the reverse, and one swap among four', () => {
  expect(kendallTau([1, 2, 3], [2, 4, 9])).toBe(1)
  expect(kendallTau([1, 2, 3], [9, 4, 2])).toBe(-1)
  expect(kendallTau([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(4 / 6, 12)
})

test('Kendall with ties: -0.4714045, as scipy.stats.kendalltau gives for its example', () => {
  expect(kendallTau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])).toBeCloseTo(-0.4714045207910316, 12)
})

test('Spearman: 0.8207827, as scipy.stats.spearmanr gives for its example', () => {
  expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 12)
})

test('Spearman without ties equals the formula of squared differences', () => {
  const rng = new Rng(3)
  const [a, b] = [0, 1].map(() => Array.from({ length: 30 }, () => rng.normal()))
  const [x, y] = [ranksOf(a), ranksOf(b)]
  const squares = x.reduce((sum, r, i) => sum + (r - y[i]) ** 2, 0)
  expect(spearman(a, b)).toBeCloseTo(1 - (6 * squares) / (30 * (900 - 1)), 12)
})

test('equal values share their mean rank, and infinite values have ranks', () => {
  expect(ranksOf([5, 1, 5, Number.POSITIVE_INFINITY, 5])).toEqual([2, 0, 2, 4, 2])
  expect(kendallTau([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 0], [1, 1, 2])).toBe(1)
})

test('equal values have no order', () => {
  expect(kendallTau([1, 1, 1], [1, 2, 3])).toBeNaN()
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeNaN()
})

test('mistakes', async () => {
  expect(await failureOf(() => kendallTau([1, 2], [1]))).toBe(
    'KingletError: kendallTau: 2 and 1 values are given: give equally many, two or more',
  )
  expect(await failureOf(() => spearman([1, 2, Number.NaN], [1, 2, 3]))).toBe(
    'KingletError: spearman: value 2 is NaN: leave that pair out',
  )
  expect(await failureOf(() => compareProxies({ zico: [1, 2] }, [0.1, 0.2]))).toBe(
    'UsageError: compareProxies: scores have no parameters: every proxy is compared with the parameter count',
  )
})

test('proxies are compared with the parameter count, best first', () => {
  const rows = compareProxies({ naswot: [1, 0, 2, 3], parameters: [1, 2, 3, 4], synflow: [4, 3, 2, 1] }, [0, 1, 2, 3])
  expect(rows.map(({ name, tau }) => [name, tau])).toEqual([
    ['parameters', 1],
    ['naswot', 4 / 6],
    ['synflow', -1],
  ])
  expect(rows.map((r) => r.beyondParameters)).toEqual([0, 4 / 6 - 1, -2])
})
