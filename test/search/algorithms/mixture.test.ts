import { expect, test } from 'vitest'
import { key, Rng } from '../../../src/core/index.ts'
import { mixtureOf } from '../../../src/search/algorithms/mixture.ts'
import { allPoints } from '../../../src/search/space/points.ts'
import { defineSpace, type Point } from '../../../src/search/space/space.ts'

const space = defineSpace('small', {
  kernel: { kind: 'categorical', values: [3, 5, 7], ordered: true },
  depth: { kind: 'integer', low: 2, high: 8, step: 2 },
  se: { kind: 'categorical', values: [false, true] },
  ratio: { kind: 'categorical', values: ['a', 'b', 'c'], when: { se: [true] } },
})
const points: Point[] = [
  { kernel: 3, depth: 8, se: true, ratio: 'b' },
  { kernel: 7, depth: 6, se: false },
  { kernel: 3, depth: 8, se: true, ratio: 'b' },
]

test('the masses of all points sum to 1, and samples follow them', () => {
  const mixture = mixtureOf(space, points, [1, 1, 0.5], 1)
  const all = [...allPoints(space)]
  const masses = all.map((p) => Math.exp(mixture.logDensity(p)))
  expect(masses.reduce((a, b) => a + b)).toBeCloseTo(1, 6)
  const rng = new Rng(key(1))
  const count = new Map<string, number>()
  const draws = 20_000
  for (let i = 0; i < draws; i++) {
    const name = JSON.stringify(mixture.sample(rng))
    count.set(name, (count.get(name) ?? 0) + 1)
  }
  for (const [i, p] of all.entries()) {
    const share = (count.get(JSON.stringify(p)) ?? 0) / draws
    // Five standard deviations of a share of that many samples.
    expect(Math.abs(share - masses[i])).toBeLessThan(5 * Math.sqrt((masses[i] + 1e-4) / draws))
  }
})

test('the density over a real choice integrates to 1 on its own scale', () => {
  const line = defineSpace('line', { rate: { kind: 'real', low: 1e-4, high: 1, log: true } })
  const mixture = mixtureOf(line, [{ rate: 1e-4 }, { rate: 0.2 }], [1, 1], 1)
  let area = 0
  for (let i = 0; i < 2000; i++)
    area += Math.exp(mixture.logDensity({ rate: 10 ** (-4 + (4 * (i + 0.5)) / 2000) })) / 2000
  expect(area).toBeCloseTo(1, 5)
  expect(mixture.logDensity({ rate: 1e-4 })).toBeGreaterThan(mixture.logDensity({ rate: 0.01 }))
})

test('a long range of integers is treated as a line', () => {
  const long = defineSpace('long', { width: { kind: 'integer', low: 8, high: 80_000, step: 8 } })
  const mixture = mixtureOf(long, [{ width: 800 }], [1], 1)
  const rng = new Rng(key(2))
  for (let i = 0; i < 500; i++) {
    const { width } = mixture.sample(rng)
    expect(Number(width) % 8).toBe(0)
    expect(width).toBeGreaterThanOrEqual(8)
    expect(width).toBeLessThanOrEqual(80_000)
  }
  expect(mixture.logDensity({ width: 800 })).toBeGreaterThan(mixture.logDensity({ width: 60_000 }))
})

test('without points the mixture is uniform over the space', () => {
  const mixture = mixtureOf(space, [], [], 1)
  expect(Math.exp(mixture.logDensity({ kernel: 3, depth: 2, se: true, ratio: 'a' }))).toBeCloseTo(1 / 3 / 4 / 2 / 3, 2)
})
