import { expect, test } from 'vitest'
import { key, Rng } from '../../src/core/index.ts'
import { importanceOf } from '../../src/search/importance.ts'
import { samplePoint } from '../../src/search/space/points.ts'
import { defineSpace, type Point } from '../../src/search/space/space.ts'
import type { Trial } from '../../src/search/trial.ts'

const space = defineSpace('mixed', {
  se: { kind: 'categorical', values: [false, true] },
  ratio: { kind: 'categorical', values: [2, 4], when: { se: [true] } },
  rate: { kind: 'real', low: 0.001, high: 0.1, log: true },
  depth: { kind: 'integer', low: 1, high: 30 },
})
const problem = { space, objectives: [{ name: 'loss', direction: 'minimize' }], seed: 0 } as const

const trialsOf = (count: number, judge: (p: Point) => number): Trial[] =>
  Array.from({ length: count }, (_, number) => {
    const point = samplePoint(space, new Rng(key(7, number)))
    return { number, point, state: 'complete', values: [judge(point)], reports: [] }
  })

test('the choice that matters explains nearly all of the variance, the others almost none', () => {
  const [first, ...others] = importanceOf(
    problem,
    trialsOf(400, (p) => Math.log(p.rate as number)),
  )
  expect(first.choice).toBe('rate')
  expect(first.share).toBeGreaterThan(0.9)
  for (const { share } of others) expect(share).toBeLessThan(0.06)
})

test('an integer with many values is cut into groups, and two choices share the variance', () => {
  const shares = new Map(
    importanceOf(
      problem,
      trialsOf(400, (p) => (p.depth as number) / 30 + Number(p.se)),
    ).map((i) => [i.choice, i.share]),
  )
  expect(shares.get('se')!).toBeGreaterThan(0.6)
  expect(shares.get('depth')!).toBeGreaterThan(0.1)
  expect(shares.get('se')! + shares.get('depth')!).toBeLessThan(1.1)
  expect(shares.get('rate')!).toBeLessThan(0.06)
})

test('a choice counts where it is active; failed trials and constant values do not count', () => {
  const trials = trialsOf(50, (p) => Number(p.ratio ?? 0))
  const failed: Trial = { number: 50, point: trials[0].point, state: 'failed', reason: 'out of memory', reports: [] }
  const found = importanceOf(problem, [...trials, failed])
  const withRatio = trials.filter((t) => 'ratio' in t.point).length
  expect(found.find((i) => i.choice === 'ratio')).toEqual({ choice: 'ratio', share: 1, trials: withRatio })
  expect(
    importanceOf(
      problem,
      trialsOf(20, () => 1),
    ).every((i) => i.share === 0),
  ).toBe(true)
  // With as many groups as trials, the groups explain everything and mean nothing.
  expect(
    importanceOf(
      problem,
      trialsOf(3, (p) => Number(p.rate)),
    ).every((i) => i.share < 1),
  ).toBe(true)
  expect(importanceOf(problem, []).map((i) => i.trials)).toEqual([0, 0, 0, 0])
})

test('a trial above a budget does not count: its accuracy of 0 means untrained', () => {
  const trials = trialsOf(400, (p) => Math.log(p.rate as number)).map((t) => {
    const over = Number(t.point.depth) - 15
    return { ...t, violations: [over], ...(over > 0 && { values: [100] }) }
  })
  const found = importanceOf(problem, trials)
  expect(found[0]).toMatchObject({ choice: 'rate', trials: trials.filter((t) => t.violations[0] <= 0).length })
  expect(found.find((i) => i.choice === 'depth')!.share).toBeLessThan(0.06)
})
