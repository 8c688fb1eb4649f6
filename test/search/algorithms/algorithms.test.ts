/** Tests that hold for every algorithm. */
import { describe, expect, test } from 'vitest'
import { algorithmNames, algorithmOf } from '../../../src/search/algorithms/index.ts'
import { assertPoint, defineSpace, type Point } from '../../../src/search/space/space.ts'
import type { Objective, Problem, Trial } from '../../../src/search/trial.ts'
import { choices } from '../functions.ts'
import { search } from '../regret.ts'

const mixed = defineSpace(
  'mixed',
  {
    depth: { kind: 'integer', low: 2, high: 4 },
    width: { kind: 'integer', low: 8, high: 4096, step: 8 },
    kernel: { kind: 'categorical', values: [3, 5, 7], ordered: true },
    se: { kind: 'categorical', values: [false, true] },
    ratio: { kind: 'real', low: 0.1, high: 0.5, when: { se: [true] } },
    activation: { kind: 'categorical', values: ['relu', 'h-swish', 'silu'], when: { se: [true] } },
    learningRate: { kind: 'real', low: 1e-4, high: 1e-1, log: true },
    only: { kind: 'categorical', values: ['adamw'] },
  },
  [{ says: 'a network of depth 4 has kernels of 5 at most', holds: (p) => p.depth !== 4 || Number(p.kernel) <= 5 }],
)
const accuracy: Objective = { name: 'accuracy', direction: 'maximize' }
const latency: Objective = { name: 'latencyMs', direction: 'minimize' }

const accuracyOf = (p: Point): number =>
  -Math.abs(Math.log10(Number(p.learningRate)) + 2) - Number(p.se) + Number(p.kernel)
const costOf = (p: Point): number => Number(p.depth) * Number(p.kernel) ** 2

/** Trials in all states, as in a study with several workers. */
function trialsOf(problem: Problem, name: string, count: number): Trial[] {
  const algorithm = algorithmOf(name)
  const trials: Trial[] = []
  for (let number = 0; number < count; number++) {
    const point = algorithm.ask(problem, trials, number)
    assertPoint(problem.space, point)
    const values = [accuracyOf(point), costOf(point)].slice(0, problem.objectives.length)
    const reports = [{ step: 1, value: values[0] - 1 }]
    const violations = [costOf(point) - 90]
    const begun = { number, point, reports }
    trials.push(
      number % 7 === 3
        ? { ...begun, state: 'failed', reason: 'out of memory' }
        : number % 7 === 5
          ? { ...begun, state: 'pruned', violations }
          : number >= count - 3
            ? { ...begun, state: number % 2 ? 'running' : 'paused' }
            : { ...begun, state: 'complete', values, violations },
    )
  }
  return trials
}

describe.each(algorithmNames)('%s', (name) => {
  test.each([[[accuracy]], [[accuracy, latency]]])(
    'proposes valid points, whatever the states of the trials',
    (objectives) => {
      const problem = { space: mixed, objectives, seed: 5 }
      const trials = trialsOf(problem, name, 60)
      expect(new Set(trials.map((t) => JSON.stringify(t.point))).size).toBe(60)
    },
  )

  test('proposes the same point for the same trials, as a function of seed and number', () => {
    const problem = { space: mixed, objectives: [accuracy], seed: 5 }
    const trials = trialsOf(problem, name, 40)
    const before = JSON.stringify(trials)
    const ask = (seed: number, number: number) => algorithmOf(name).ask({ ...problem, seed }, trials, number)
    expect(ask(5, 40)).toEqual(ask(5, 40))
    if (name !== 'grid') expect(ask(6, 40)).not.toEqual(ask(5, 40))
    expect(ask(5, 41)).not.toEqual(ask(5, 40))
    expect(JSON.stringify(trials)).toBe(before)
  })

  test('proposes other points when trials have other values', () => {
    if (['random', 'grid'].includes(name)) return
    const problem = { space: mixed, objectives: [accuracy], seed: 5 }
    const trials = trialsOf(problem, name, 55)
    const other = trials.map((t) => (t.values ? { ...t, values: [-t.values[0]] } : t))
    const ask = (told: readonly Trial[]) =>
      Array.from({ length: 8 }, (_, k) => algorithmOf(name).ask(problem, told, 55 + k))
    expect(ask(other)).not.toEqual(ask(trials))
  })

  test('works while nothing is known yet, or when everything failed', () => {
    const problem = { space: mixed, objectives: [accuracy], seed: 1 }
    for (const state of ['running', 'failed'] as const) {
      const trials: Trial[] = []
      for (let number = 0; number < 60; number++) {
        const point = algorithmOf(name).ask(problem, trials, number)
        assertPoint(mixed, point)
        trials.push({ number, point, state, reports: [] })
      }
    }
  })

  test('a space of one point gives that point every time', () => {
    if (name === 'grid') return
    const space = defineSpace('point', {
      a: { kind: 'integer', low: 3, high: 3 },
      b: { kind: 'real', low: 1, high: 1 },
    })
    const known = { space, objectives: [accuracy], values: () => [1] }
    for (const { point } of search(algorithmOf(name), known, 0, 60)) expect(point).toEqual({ a: 3, b: 1 })
  })

  test('options are kept, and an unknown one is reported', () => {
    expect(algorithmOf(name).name).toBe(name)
    expect(algorithmOf(name, algorithmOf(name).options).options).toEqual(algorithmOf(name).options)
    expect(() => algorithmOf(name, { absent: 1 })).toThrow(/no option absent/)
  })
})

test.each(['evolution', 'tpe', 'reinforce', 'nsga2'])('%s learns to meet a budget', (name) => {
  // Half of the points exceed the budget. Without it, they would be the better ones.
  const over = (p: Point): number => Object.values(p).filter((c) => Number(c) >= 2).length - 5
  const trials: Trial[] = []
  const problem = { space: choices.space, objectives: [accuracy], seed: 3 }
  const algorithm = algorithmOf(name, name === 'nsga2' ? { population: 20 } : {})
  for (let number = 0; number < 120; number++) {
    const point = algorithm.ask(problem, trials, number)
    trials.push({ number, point, state: 'complete', values: [over(point)], violations: [over(point)], reports: [] })
  }
  const last = trials.slice(-40).filter((t) => t.violations![0] <= 0).length
  const first = trials.slice(0, 20).filter((t) => t.violations![0] <= 0).length
  expect(last / 40).toBeGreaterThan(0.5)
  expect(Math.max(...trials.filter((t) => t.violations![0] <= 0).map((t) => t.values![0]))).toBe(0)
  expect(first).toBeGreaterThan(0)
})

test('unknown algorithms and invalid options are refused', () => {
  const use = (name: string, options?: object) => () => algorithmOf(name, options as never)
  expect(use('tpee')).toThrow('no algorithm tpee (did you mean tpe?): use random, grid, evolution, tpe')
  expect(use('toString')).toThrow('no algorithm toString')
  expect(use('tpe', { gamma: 2 })).toThrow('tpe: gamma is 2: it must be a number from 0 to 1')
  expect(use('tpe', { start: 2 })).toThrow('tpe: no option start (did you mean startup?): use startup, candidates')
  expect(use('evolution', { population: 0 })).toThrow('evolution: population is 0: it must be a positive integer')
  expect(use('nsga2', { crossover: -1 })).toThrow('nsga2: crossover is -1: it must be a number from 0 to 1')
  expect(use('reinforce', { baseline: 1 })).toThrow(
    'reinforce: baseline is 1: it must be a number of at least 0 and below 1',
  )
  expect(use('grid', { levels: 1.5 })).toThrow('grid: levels is 1.5: it must be a positive integer')
  expect(use('grid', [])).toThrow('grid: options are []: give an object, { levels: ... }')
})
