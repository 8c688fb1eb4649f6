import { expect, test } from 'vitest'
import { Rng } from '../../../../src/core/index.ts'
import {
  cholesky,
  dot,
  inverseOf,
  solveLower,
  solveUpper,
  squaredDistance,
} from '../../../../src/search/algorithms/gp/linear-algebra.ts'

/** A positive definite matrix: B Bᵀ plus a small multiple of the identity. */
function definite(n: number, rng: Rng): Float64Array {
  const b = Float64Array.from({ length: n * n }, () => rng.normal())
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    let sum = i === j ? 0.5 : 0
    for (let k = 0; k < n; k++) sum += b[i * n + k] * b[j * n + k]
    return sum
  })
}

const times = (a: Float64Array, x: Float64Array, n: number) =>
  Float64Array.from({ length: n }, (_, i) => {
    let sum = 0
    for (let k = 0; k < n; k++) sum += a[i * n + k] * x[k]
    return sum
  })

const furthest = (a: Float64Array, b: Float64Array) => Math.max(...a.map((v, i) => Math.abs(v - b[i])))

test.each([1, 2, 3, 4, 5, 7, 8, 13, 30])('a matrix of %i rows: L Lᵀ, solutions and inverse', (n) => {
  const rng = new Rng(n)
  const a = definite(n, rng)
  const l = a.slice()
  expect(cholesky(l, n)).toBe(true)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let k = 0; k <= j; k++) sum += l[i * n + k] * l[j * n + k]
      expect(sum).toBeCloseTo(a[i * n + j], 11)
    }
  // The half above the diagonal is not touched.
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) expect(l[i * n + j]).toBe(a[i * n + j])

  const x = Float64Array.from({ length: n }, () => rng.normal())
  const b = times(a, x, n)
  solveLower(l, n, b)
  solveUpper(l, n, b)
  expect(furthest(b, x)).toBeLessThan(1e-9)

  const half = inverseOf(l, n)
  const inverse = half.map(
    (_, at) => half[Math.max(Math.floor(at / n), at % n) * n + Math.min(Math.floor(at / n), at % n)],
  )
  for (let j = 0; j < n; j++) {
    const column = Float64Array.from({ length: n }, (_, i) => inverse[i * n + j])
    const unit = Float64Array.from({ length: n }, (_, i) => Number(i === j))
    expect(furthest(times(a, column, n), unit)).toBeLessThan(1e-9)
  }
})

test('a matrix that is not positive definite is reported', () => {
  expect(cholesky(Float64Array.of(1, 0, 2, 1), 2)).toBe(false)
  expect(cholesky(Float64Array.of(0), 1)).toBe(false)
  expect(cholesky(Float64Array.of(Number.NaN), 1)).toBe(false)
})

test('dot and squaredDistance work on parts of both arrays', () => {
  const a = Float64Array.from({ length: 20 }, (_, i) => i * i)
  for (let n = 0; n < 12; n++) {
    let product = 0
    let apart = 0
    for (let k = 0; k < n; k++) {
      product += a[2 + k] * a[5 + k]
      apart += (a[2 + k] - a[5 + k]) ** 2
    }
    expect(dot(a, 2, a, 5, n)).toBe(product)
    expect(squaredDistance(a, 2, a, 5, n)).toBe(apart)
  }
})
