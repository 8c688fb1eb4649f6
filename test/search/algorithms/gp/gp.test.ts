import { describe, expect, test } from 'vitest'
import { Rng } from '../../../../src/core/index.ts'
import { fittedFrom, gaussianProcess } from '../../../../src/search/algorithms/gp/gp.ts'
import { historyOf } from '../../../../src/search/algorithms/gp/history.ts'
import { layoutOf } from '../../../../src/search/algorithms/gp/layout.ts'
import { maximize } from '../../../../src/search/algorithms/gp/maximize.ts'
import { quasiRandomPoint } from '../../../../src/search/algorithms/quasi-random.ts'
import {
  type Algorithm,
  allPoints,
  assertPoint,
  defineSpace,
  encodePoint,
  type Point,
  type Problem,
  type Trial,
} from '../../../../src/search/index.ts'
import { hypervolume } from '../../../../src/search/pareto.ts'
import { testAll } from '../../../support/all.ts'
import { branin, zdt1 } from '../../functions.ts'
import { minima, optuna } from '../../regret.ts'

const done = (number: number, point: Point, values: number[], violations?: number[]): Trial => ({
  number,
  point,
  state: 'complete',
  values,
  reports: [],
  ...(violations && { violations }),
})

/** Runs trials one after the other, until `until` holds. */
function study(
  algorithm: Algorithm,
  problem: Problem,
  budget: number,
  tell: (point: Point) => { values: number[]; violations?: number[] },
  until: (trial: Trial) => boolean = () => false,
): Trial[] {
  const trials: Trial[] = []
  for (let number = 0; number < budget; number++) {
    const point = algorithm.ask(problem, trials, number)
    const { values, violations } = tell(point)
    trials.push(done(number, point, values, violations))
    if (until(trials[number])) break
  }
  return trials
}

const problemOf = ({ space, objectives }: Pick<Problem, 'space' | 'objectives'>, seed: number): Problem => ({
  space,
  objectives,
  seed,
})

// A study of one seed ends as soon as it is as good as the upper quartile of Optuna's Gaussian process. The test ends
// when more than half of the seeds are: the median then is too, whatever the others give. Seven seeds; with `--all` the
// twenty of Optuna's figures. `node scripts/search-regret.js` prints the table.
const seeds = testAll ? 20 : 7
const most = Math.floor(seeds / 2) + 1

describe.each(Object.keys(minima) as (keyof typeof minima)[])('%s', (name) => {
  const known = minima[name]
  const goal = optuna.regret[`${name}, gp`][2][2]

  test(`after 100 trials the median regret over ${seeds} seeds is ${goal} at most`, { timeout: 600_000 }, () => {
    let reached = 0
    for (let seed = 0; seed < seeds && reached < most; seed++) {
      const below = (t: Trial) => t.values![0] - known.minimum <= goal
      const trials = study(gaussianProcess(), problemOf(known, seed), 100, (p) => ({ values: known.values(p) }), below)
      reached += Number(trials.some(below))
    }
    expect(reached).toBe(most)
  })
})

describe('ask', () => {
  const mixed = defineSpace(
    'mixed',
    {
      rate: { kind: 'real', low: 1e-4, high: 1, log: true },
      kernel: { kind: 'categorical', values: [3, 5, 7], ordered: true },
      act: { kind: 'categorical', values: ['relu', 'hswish', 'none'] },
      ratio: { kind: 'integer', low: 2, high: 40, when: { act: ['hswish'] } },
      width: { kind: 'real', low: 0.25, high: 2 },
    },
    [{ says: 'width is at most 1 with kernel 7', holds: (p) => p.kernel !== 7 || Number(p.width) <= 1 }],
  )
  const value = (p: Point) =>
    Math.abs(Math.log10(Number(p.rate)) + 2) +
    Number(p.act !== 'hswish') +
    Math.abs(Number(p.ratio ?? 20) - 30) / 40 +
    (2 - Number(p.width)) / 4
  const problem = { space: mixed, objectives: [{ name: 'loss', direction: 'minimize' as const }], seed: 5 }

  test('proposes valid points of a space with conditions and constraints, and comes near the best', () => {
    const trials = study(gaussianProcess(), problem, 45, (p) => ({ values: [value(p)] }))
    for (const { point } of trials) assertPoint(mixed, point)
    expect(Math.min(...trials.map((t) => t.values![0]))).toBeLessThan(0.05)
    const best = trials.reduce((a, b) => (b.values![0] < a.values![0] ? b : a)).point
    expect(best.act).toBe('hswish')
  })

  test('is a function of the history: a new instance proposes the same as one that saw all trials', () => {
    const trials = study(gaussianProcess(), problem, 30, (p) => ({ values: [value(p)] }))
    for (const number of [3, 12, 25, 29]) {
      expect(gaussianProcess().ask(problem, trials.slice(0, number), number)).toEqual(trials[number].point)
      expect(gaussianProcess().ask({ ...problem, seed: 6 }, trials.slice(0, number), number)).not.toEqual(
        trials[number].point,
      )
    }
  })

  test('maximising equals minimising the negative', () => {
    const down = study(gaussianProcess(), problem, 16, (p) => ({ values: [value(p)] }))
    const upward = { ...problem, objectives: [{ name: 'score', direction: 'maximize' as const }] }
    const up = study(gaussianProcess(), upward, 16, (p) => ({ values: [-value(p)] }))
    expect(up.map((t) => t.point)).toEqual(down.map((t) => t.point))
  })

  test('running trials count with their expected values: several workers get different points', () => {
    const square = problemOf(branin, 1)
    const before = study(gaussianProcess(), square, 12, (p) => ({ values: branin.values(p) }))
    /**
     * The distance between the two nearest points of five workers, which are given the points before theirs (`told`) or
     * none.
     */
    const nearest = (told: boolean) => {
      const running: Trial[] = []
      for (let number = 12; number < 17; number++) {
        const point = gaussianProcess().ask(square, told ? [...before, ...running] : before, number)
        running.push({ number, point, state: 'running', reports: [] })
      }
      const units = running.map((t) => encodePoint(branin.space, t.point))
      return Math.min(...units.flatMap((a, i) => units.slice(0, i).map((b) => Math.hypot(a[0] - b[0], a[1] - b[1]))))
    }
    expect(nearest(false)).toBeLessThan(1e-3)
    expect(nearest(true)).toBeGreaterThan(0.01)
  })

  test('a budget is learned: from a feasible point, the best point within the budget is found', () => {
    // x + y is to be small, but a point is feasible only outside the circle of radius 0.6 around 0.
    const space = defineSpace('square', { x: { kind: 'real', low: 0, high: 1 }, y: { kind: 'real', low: 0, high: 1 } })
    const square = { space, objectives: problem.objectives, seed: 2 }
    const trials = study(gaussianProcess(), square, 40, ({ x, y }) => ({
      values: [Number(x) + Number(y)],
      violations: [0.6 - Math.hypot(Number(x), Number(y))],
    }))
    const meeting = trials.filter((t) => t.violations![0] <= 0)
    // The lowest sum on the circle is 0.6, on either axis.
    expect(Math.min(...meeting.map((t) => t.values![0]))).toBeLessThan(0.6001)
  })

  test('untrained networks above a budget, with accuracy 0, do not keep the search from the border', {
    timeout: 120_000,
  }, () => {
    // Accuracy and cost grow with six widths. The best point uses up the budget.
    const [worth, cost, most] = [[0.5, 0.8, 1.1, 1.4, 1.7, 0.6], [1.2, 2.1, 0.9, 1.8, 2.2, 0.5], 2.5]
    const sum = (of: (i: number) => number) => worth.reduce((all, _, i) => all + of(i), 0)
    const accuracyOf = (use: number) => 0.9 - 0.4 * Math.exp(-use / 2)
    const best = accuracyOf(Math.sqrt(most * sum((i) => worth[i] ** 2 / cost[i])))
    const space = defineSpace(
      'widths',
      Object.fromEntries(worth.map((_, i) => [`w${i}`, { kind: 'real', low: 0, high: 1 }])),
    )
    const objectives = [{ name: 'accuracy', direction: 'maximize' as const }]
    const regrets = [0, 1, 2, 3, 4, 5].map((seed) => {
      const trials = study(gaussianProcess(), { space, objectives, seed }, 30, (p) => {
        const w = Object.values(p).map(Number)
        const over = sum((i) => cost[i] * w[i]) - most
        return { values: [over > 0 ? 0 : accuracyOf(sum((i) => worth[i] * Math.sqrt(w[i])))], violations: [over] }
      })
      return best - Math.max(...trials.map((t) => t.values![0]))
    })
    expect(Math.min(...regrets)).toBeGreaterThan(0)
    expect(regrets.reduce((a, b) => a + b) / 6).toBeLessThan(0.012)
  })

  test('the objective is learned from trials within the budgets, and from evaluated ones above them', () => {
    const line = {
      space: defineSpace('line', { x: { kind: 'real', low: 0, high: 1 } }),
      objectives: [{ name: 'accuracy', direction: 'maximize' as const }],
      seed: 1,
    }
    const trials = [
      done(0, { x: 0.1 }, [0.5], [-3]),
      done(1, { x: 0.9 }, [0], [5]),
      done(2, { x: 0.8 }, [0.8], [4]),
      { number: 3, point: { x: 0.3 }, state: 'failed', reports: [] } as const,
      done(4, { x: 0.4 }, [0.7], [0]),
    ]
    const { objective, limits, points } = historyOf(line, trials, new Rng(1))
    expect(objective!.points.map((p) => p.x)).toEqual([0.1, 0.8, 0.3, 0.4])
    expect([...objective!.values]).toEqual([-0.5, -0.8, -0.5, -0.7])
    expect(objective!.feasible).toEqual([true, false, false, true])
    expect(limits.map((l) => [...l.values])).toEqual([[-3, 5, 4, 0]])
    expect(points).toHaveLength(5)
    expect(historyOf(line, trials.slice(1, 4), new Rng(1)).objective).toBeUndefined()
  })

  test('while no trial meets the budgets, it searches for a feasible point', () => {
    const space = defineSpace(
      'cube',
      Object.fromEntries(['a', 'b', 'c', 'd'].map((n) => [n, { kind: 'real', low: 0, high: 1 }])),
    )
    const small = { space, objectives: problem.objectives, seed: 3 }
    const apart = (p: Point) => Math.hypot(...encodePoint(space, p).map((v) => v - 0.8))
    const trials = study(gaussianProcess(), small, 40, (p) => ({
      values: [apart(p)],
      violations: [apart(p) - 0.1],
    }))
    // A ball of radius 0.1 is a 2000th of the cube.
    expect(trials.slice(0, 10).every((t) => t.violations![0] > 0)).toBe(true)
    expect(trials.some((t) => t.violations![0] <= 0)).toBe(true)
  })

  test('several objectives: finds more of the front than random search', () => {
    const trials = study(gaussianProcess(), problemOf(zdt1, 1), 60, (p) => ({ values: zdt1.values(p) }))
    expect(
      hypervolume(
        trials.map((t) => t.values!),
        [1.1, 1.1],
      ),
    ).toBeGreaterThan(0.3)
  })

  test('failed trials are avoided, and pruned ones count with their last report', () => {
    const space = defineSpace('line', { x: { kind: 'real', low: 0, high: 1 } })
    const line = { space, objectives: problem.objectives, seed: 1 }
    const algorithm = gaussianProcess()
    const trials: Trial[] = []
    for (let number = 0; number < 30; number++) {
      const point = algorithm.ask(line, trials, number)
      const x = Number(point.x)
      // The value falls towards 1, but every trial above 0.7 fails.
      if (x > 0.7) trials.push({ number, point, state: 'failed', reports: [], reason: 'out of memory' })
      else
        trials.push({
          number,
          point,
          state: 'pruned',
          reports: [
            { step: 1, value: 9 },
            { step: 2, value: 1 - x },
          ],
        })
    }
    expect(trials.slice(10).filter((t) => t.state === 'failed').length).toBeLessThan(10)
    expect(Math.max(...trials.filter((t) => t.state === 'pruned').map((t) => Number(t.point.x)))).toBeGreaterThan(0.68)
  })

  test('with only running and failed trials, points cover the space', () => {
    const trials: Trial[] = [
      { number: 0, point: { x: 0, y: 0 }, state: 'running', reports: [] },
      { number: 1, point: { x: 1, y: 1 }, state: 'failed', reports: [], reason: 'crashed' },
      done(2, { x: 3, y: 3 }, [Number.NaN]),
    ]
    assertPoint(branin.space, gaussianProcess({ startup: 2 }).ask(problemOf(branin, 0), trials, 3))
  })

  test('every point of a small space is proposed once before any is repeated', () => {
    const space = defineSpace('small', {
      a: { kind: 'categorical', values: ['p', 'q', 'r'] },
      b: { kind: 'integer', low: 1, high: 4 },
    })
    const small = { space, objectives: problem.objectives, seed: 4 }
    const trials = study(gaussianProcess({ startup: 1 }), small, 16, (p) => ({
      values: [Number(p.b) + Number(p.a === 'q')],
    }))
    expect(new Set(trials.slice(0, 12).map((t) => JSON.stringify(t.point))).size).toBe([...allPoints(space)].length)
    for (const { point } of trials) assertPoint(space, point)
  })

  test('invalid options are refused', () => {
    expect(() => gaussianProcess({ startup: 0 })).toThrow('gp: startup is 0: it must be a positive integer')
    expect(() => gaussianProcess({ startUp: 3 } as object)).toThrow(
      'gp: no option startUp (did you mean startup?): use',
    )
    expect(gaussianProcess().options).toEqual({ startup: 10, candidates: 512 })
  })
})

test('hyper-parameters are fitted to a tenth more values each time', () => {
  const sizes = [...new Set(Array.from({ length: 100 }, (_, i) => fittedFrom(i + 2)))]
  expect(sizes.slice(0, 10)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  expect(sizes.slice(-3)).toEqual([79, 86, 94])
  expect(fittedFrom(5000)).toBeLessThanOrEqual(300)
})

test('the acquisition is maximised over reals, integers and categoricals together', () => {
  const space = defineSpace('hill', {
    x: { kind: 'real', low: 0, high: 2 },
    y: { kind: 'real', low: 0, high: 2 },
    n: { kind: 'integer', low: 0, high: 100 },
    c: { kind: 'categorical', values: ['a', 'b', 'c'] },
  })
  const layout = layoutOf(space)
  const centre = encodePoint(space, { x: 1.3, y: 0.2, n: 63, c: 'b' })
  const acquire = (x: Float64Array, numbers?: Int32Array, gradient?: Float64Array) => {
    if (gradient) for (const [i, c] of numbers!.entries()) gradient[i] += -2 * (x[c] - centre[c])
    return -x.reduce((sum, v, c) => sum + (v - centre[c]) ** 2, 0)
  }
  const found = maximize({ space, layout, acquire, around: [], tried: new Set(), rng: new Rng(1), candidates: 64 })
  expect(found.x).toBeCloseTo(1.3, 5)
  expect(found.y).toBeCloseTo(0.2, 5)
  expect(found.c).toBe('b')
  expect(Math.abs(Number(found.n) - 63)).toBeLessThan(3)
})

describe('quasi-random points', () => {
  const square = branin.space
  const units = (seed: number, n: number) =>
    Array.from({ length: n }, (_, i) => encodePoint(square, quasiRandomPoint(square, seed, i)))

  test('each half, third and quarter of a choice has its share', () => {
    for (const seed of [0, 1, 2]) {
      const points = units(seed, 36)
      for (const [choice, parts] of [
        [0, 2],
        [0, 4],
        [1, 3],
        [1, 9],
      ])
        for (let part = 0; part < parts; part++)
          expect(points.filter((u) => Math.floor(u[choice] * parts) === part).length).toBe(36 / parts)
    }
  })

  test('another seed is another sequence', () => {
    expect(units(1, 4)).not.toEqual(units(2, 4))
    expect(units(1, 4)).toEqual(units(1, 4))
  })

  test('values of a choice have equal shares, and constraints hold', () => {
    const space = defineSpace(
      'table',
      { a: { kind: 'categorical', values: [0, 1, 2, 3] }, n: { kind: 'integer', low: 0, high: 2 } },
      [{ says: 'not both 0', holds: (p) => p.a !== 0 || p.n !== 0 }],
    )
    const points = Array.from({ length: 24 }, (_, i) => quasiRandomPoint(space, 1, i))
    for (const point of points) assertPoint(space, point)
    for (let a = 1; a < 4; a++) expect(points.filter((p) => p.a === a).length).toBeGreaterThanOrEqual(6)
  })
})
