import { expect, test } from 'vitest'
import { minimize, type Smooth } from '../../../../src/search/algorithms/gp/minimize.ts'

const wide = (n: number, by = 10) => ({ low: new Float64Array(n).fill(-by), high: new Float64Array(n).fill(by) })

/** (1 - a)² + 100 (b - a²)²: a curved valley, lowest at (1, 1). */
const rosenbrock: Smooth = ([a, b], gradient) => {
  gradient[0] = -2 * (1 - a) - 400 * a * (b - a * a)
  gradient[1] = 200 * (b - a * a)
  return (1 - a) ** 2 + 100 * (b - a * a) ** 2
}

test('follows a curved valley to its end', () => {
  const { x, value } = minimize(rosenbrock, Float64Array.of(-1.2, 1), {
    ...wide(2),
    iterations: 200,
    firstStep: 0.1,
    gain: 0,
  })
  expect(value).toBeLessThan(1e-12)
  expect(x[0]).toBeCloseTo(1, 5)
  expect(x[1]).toBeCloseTo(1, 5)
})

test('stays within bounds, and slides along them', () => {
  const bounds = { low: Float64Array.of(-2, -2), high: Float64Array.of(0.5, 2) }
  const { x } = minimize(rosenbrock, Float64Array.of(-1.2, 1), { ...bounds, iterations: 200, firstStep: 0.1, gain: 0 })
  expect(x[0]).toBe(0.5)
  expect(x[1]).toBeCloseTo(0.25, 6)
})

test('a start outside the bounds is clamped, and one at the minimum stays', () => {
  const bowl: Smooth = ([a], gradient) => {
    gradient[0] = 2 * a
    return a * a
  }
  const run = (start: number) =>
    minimize(bowl, Float64Array.of(start), { ...wide(1, 1), iterations: 50, firstStep: 0.1 }).x[0]
  expect(run(5)).toBeCloseTo(0, 9)
  expect(run(0)).toBe(0)
})

test('shortens steps where the function is infinite, and ends at a start where it is', () => {
  // -log a + a: lowest at 1, infinite at 0 and below.
  const half: Smooth = ([a], gradient) => {
    if (a <= 0) return Number.POSITIVE_INFINITY
    gradient[0] = 1 - 1 / a
    return a - Math.log(a)
  }
  const run = (start: number) => minimize(half, Float64Array.of(start), { ...wide(1), iterations: 50, firstStep: 8 })
  expect(run(3).x[0]).toBeCloseTo(1, 4)
  expect(run(-3)).toEqual({ x: Float64Array.of(-3), value: Number.POSITIVE_INFINITY })
})
