import { expect, test } from 'vitest'
import { type LogSlope, logExcess, logProbability } from '../../../../src/search/algorithms/gp/normal.ts'

/**
 * The logarithm of the integral over t from 0 of t^power density(t - z), by Simpson's rule with the largest exponent
 * factored out: h(z) for power 1, the probability for power 0.
 */
function byQuadrature(z: number, power: number): number {
  const peak = Math.max(0, z)
  const exponent = (t: number) => -0.5 * (t - z) ** 2
  const top = exponent(peak)
  // Beyond this the integrand is negligible in double precision: the exponent falls by z t in the tail, by t²/2
  // elsewhere.
  const end = peak + (z < -4 ? 60 / -z : 14)
  const steps = 40_000
  const width = end / steps
  let sum = 0
  for (let i = 0; i <= steps; i++) {
    const t = i * width
    sum += (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2) * t ** power * Math.exp(exponent(t) - top)
  }
  return Math.log((sum * width) / 3) + top - 0.5 * Math.log(2 * Math.PI)
}

const inside = [-2.999, -1.5, -1, -0.3, 0, 0.4, 1, 2.5, 3.001, 5, 9]
const tails = [-3, -3.001, -4, -6, -10, -25, -40, -100, -1000, -1e5]

test.each([...inside, ...tails])('at %f both equal the quadrature', (z) => {
  const near = (value: number, power: number) => {
    const expected = byQuadrature(z, power)
    expect(Math.abs(value - expected)).toBeLessThan(1e-10 * Math.max(1, Math.abs(expected)))
  }
  near(logExcess(z).log, 1)
  near(logProbability(z).log, 0)
})

test.each<[string, (z: number) => LogSlope]>([
  ['logExcess', logExcess],
  ['logProbability', logProbability],
])('the slope of %s equals finite differences, also in the tails', (_, f) => {
  for (const z of [...inside, ...tails]) {
    const step = 1e-4 * Math.max(1, Math.min(10, Math.abs(z)))
    const between = (f(z + step).log - f(z - step).log) / (2 * step)
    expect(Math.abs(f(z).slope - between)).toBeLessThan(2e-6 * Math.max(1, Math.abs(between)))
  }
})

test('where plain formulas are 0 or infinite, both still distinguish two points', () => {
  for (const f of [logExcess, logProbability]) {
    expect(f(-1e8).log).toBeGreaterThan(f(-1.1e8).log)
    expect(Number.isFinite(f(-1e100).log)).toBe(true)
    expect(f(-1e8).slope / 1e8).toBeCloseTo(1, 12)
  }
})
