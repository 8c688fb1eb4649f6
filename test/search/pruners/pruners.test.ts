import { describe, expect, test } from 'vitest'
import { keyOf, Rng } from '../../../src/core/index.ts'
import { asha, halving, hyperband, hyperbandBrackets, prunerOf } from '../../../src/search/pruners/index.ts'
import type { Pruner } from '../../../src/search/pruners/pruner.ts'
import { defineSpace } from '../../../src/search/space/space.ts'
import type { Problem, StepReport, Trial, TrialState } from '../../../src/search/trial.ts'
import { failureOf } from '../../train/toys.ts'

const space = defineSpace('toy', { x: { kind: 'real', low: 0, high: 1 } })
const maximize: Problem = { space, objectives: [{ name: 'accuracy', direction: 'maximize' }], seed: 0 }
const minimize: Problem = { space, objectives: [{ name: 'loss', direction: 'minimize' }], seed: 0 }

interface Running extends Trial {
  state: TrialState
  reports: StepReport[]
}

/**
 * Runs a study of `count` trials as `study/work.ts` does: paused trials that may continue come first, then a new trial.
 * `slots` trials take turns, one step each. When all remaining trials wait forever, it ends and they stay paused.
 */
function play(pruner: Pruner, count: number, max: number, { problem = maximize, slots = 1, value = quality } = {}) {
  const trials: Running[] = []
  const held = new Set<Running>()
  const order: number[] = []
  const next = (): Running | undefined => {
    for (const trial of trials.filter((t) => t.state === 'paused')) {
      const decision = pruner.decide(problem, trials, trial)
      if (decision === 'pause') continue
      trial.state = decision === 'prune' ? 'pruned' : 'running'
      // The end of a trial may release others, so all are decided again.
      return decision === 'prune' ? next() : trial
    }
    if (trials.length === count) return undefined
    const trial: Running = { number: trials.length, point: { x: 0 }, state: 'running', reports: [] }
    trials.push(trial)
    return trial
  }
  for (;;) {
    while (held.size < slots) {
      const trial = next()
      if (!trial) break
      held.add(trial)
      order.push(trial.number)
    }
    if (held.size === 0) break
    for (const trial of [...held]) {
      const step = trial.reports.length + 1
      trial.reports.push({ step, value: value(trial.number, step) })
      const decision = pruner.decide(problem, trials, trial)
      if (decision === 'pause') trial.state = 'paused'
      else if (decision === 'prune') trial.state = 'pruned'
      else if (step === max) trial.state = 'complete'
      if (trial.state !== 'running') held.delete(trial)
    }
  }
  /** The number of trials that reached each step. */
  const reached = (step: number) => trials.filter((t) => t.reports.length >= step).length
  return { trials, order, reached, complete: trials.filter((t) => t.state === 'complete').map((t) => t.number) }
}

/** Fixed for each trial, so that the best are known. */
const quality = (number: number, _step?: number): number => new Rng(keyOf(`trial ${number}`)).uniform()
const bestOf = (numbers: readonly number[], count: number) =>
  [...numbers].sort((a, b) => quality(b) - quality(a)).slice(0, count)
const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

describe('successive halving', () => {
  test.each([1, 3, 20])('9 trials, eta 3: 9, 3, 1, with %i at a time (Jamieson and Talwalkar 2016)', (slots) => {
    const { trials, reached, complete } = play(halving({ max: 9 }), 9, 9, { slots })
    expect([1, 2, 3, 4, 9].map(reached)).toEqual([9, 3, 3, 1, 1])
    expect(complete).toEqual(bestOf(range(0, 9), 1))
    expect(trials.filter((t) => t.state === 'pruned')).toHaveLength(8)
  })

  test('brackets are independent', () => {
    const { complete } = play(halving({ max: 9 }), 18, 9)
    expect(complete).toEqual([...bestOf(range(0, 9), 1), ...bestOf(range(9, 9), 1)])
  })

  test('eta 2 from 16 trials and 2 steps, until max allows no further rung', () => {
    const { reached } = play(halving({ count: 16, min: 2, max: 10, eta: 2 }), 16, 10)
    expect(range(1, 10).map(reached)).toEqual([16, 16, 8, 8, 4, 4, 4, 4, 4, 4])
  })

  test('lower is better for an objective to be minimised', () => {
    const { complete } = play(halving({ max: 9 }), 9, 9, { problem: minimize, value: (n) => -quality(n) })
    expect(complete).toEqual(bestOf(range(0, 9), 1))
  })

  test.each([
    [10, [10, 4, 2]],
    [13, [13, 4, 2]],
    [11, [11, 5, 3]],
  ])('with %i trials the last bracket has the rest of them', (trials, counts) => {
    const { trials: found, reached, complete } = play(halving({ max: 9, trials }), trials, 9)
    expect(found.filter((t) => t.state === 'paused')).toEqual([])
    expect([1, 3, 9].map(reached)).toEqual(counts)
    expect(complete.slice(1)).toEqual(trials === 11 ? [9, 10] : bestOf(range(9, trials - 9), 1))
  })

  test('a failed trial counts as the worst, so no trial waits for it', () => {
    const pruner = halving({ count: 3, max: 3 })
    const reports = [{ step: 1, value: 0.5 }]
    const trial = (number: number, state: TrialState, own: readonly StepReport[] = reports): Trial => {
      return { number, point: { x: 0 }, state, reports: own }
    }
    const trials = [trial(0, 'running'), trial(1, 'paused', [{ step: 1, value: 0.4 }]), trial(2, 'running', [])]
    expect(pruner.decide(maximize, trials, trials[0])).toBe('pause')
    trials[2] = trial(2, 'failed', [])
    expect(trials.slice(0, 2).map((t) => pruner.decide(maximize, trials, t))).toEqual(['continue', 'prune'])
  })

  test('of equal trials the first continues', () => {
    expect(play(halving({ max: 9 }), 9, 9, { value: () => 1 }).complete).toEqual([0])
  })

  test('a trial that continued is not stopped between rungs', () => {
    const pruner = halving({ count: 3, max: 9 })
    const reports = [1, 2].map((step) => ({ step, value: 0 }))
    const trials: Trial[] = [{ number: 0, point: { x: 0 }, state: 'running', reports }]
    expect(pruner.decide(maximize, trials, trials[0])).toBe('continue')
  })
})

describe('Hyperband', () => {
  test('R = 81, eta = 3: the brackets of algorithm 1 (Li et al. 2018)', () => {
    const table = hyperbandBrackets({ max: 81 }).map((rungs) => rungs.map(({ count, step }) => `${count}/${step}`))
    expect(table).toEqual([
      ['81/1', '27/3', '9/9', '3/27', '1/81'],
      ['34/3', '11/9', '3/27', '1/81'],
      ['15/9', '5/27', '1/81'],
      ['8/27', '2/81'],
      ['5/81'],
    ])
  })

  test('a power of eta has all its brackets, whatever the rounding of its logarithm', () => {
    expect([9, 27, 81, 243].map((max) => hyperbandBrackets({ max }).length)).toEqual([3, 4, 5, 6])
    expect(hyperbandBrackets({ max: 100 })[0].map((r) => r.step)).toEqual([1, 4, 11, 33, 100])
  })

  test.each([1, 4])('trials fill the brackets by number, %i at a time', (slots) => {
    const { complete, reached, trials } = play(hyperband({ max: 9 }), 17 + 9, 9, { slots })
    // 9 trials with 1 step, 5 with 3, 3 in full, and the first bracket of the next round.
    expect(complete.sort((a, b) => a - b)).toEqual(
      [...bestOf(range(0, 9), 1), ...bestOf(range(9, 5), 1), 14, 15, 16, ...bestOf(range(17, 9), 1)].sort(
        (a, b) => a - b,
      ),
    )
    expect(reached(1)).toBe(26)
    expect(trials.slice(9, 14).every((t) => t.reports.length >= 3)).toBe(true)
  })
})

describe('ASHA', () => {
  test('promotes as soon as a third of the rung is known, never waiting (Li et al. 2020, algorithm 2)', () => {
    const values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    const { order, reached, complete } = play(asha({ max: 9 }), 6, 9, { value: (n) => values[n] })
    // Each trial is the best so far when it arrives. From the third on, each continues at once, and waits at the next
    // rung until three have arrived.
    expect(order).toEqual([0, 1, 2, 3, 4, 5])
    expect([1, 2, 4].map(reached)).toEqual([6, 4, 2])
    expect(complete).toEqual([4, 5])
  })

  test('a paused trial resumes when it becomes one of the best third', () => {
    const values = [0.9, 0.1, 0.2]
    const { order } = play(asha({ max: 9 }), 3, 9, { value: (n) => values[n] })
    expect(order).toEqual([0, 1, 2, 0])
  })

  test.each([1, 9])('27 trials, %i at a time: about a third of each rung, the best among them', (slots) => {
    const { reached, complete } = play(asha({ max: 27 }), 27, 27, { slots })
    expect(reached(1)).toBe(27)
    const [second, third] = [reached(2), reached(4)]
    expect(second).toBeGreaterThanOrEqual(9)
    expect(second).toBeLessThanOrEqual(16)
    expect(third).toBeGreaterThanOrEqual(3)
    expect(complete).toContain(bestOf(range(0, 27), 1)[0])
  })

  test.each([1, 3])(
    '%i at a time: once all have started, paused trials are pruned and one reaches the end',
    (slots) => {
      for (const trials of [1, 2, 7, 20]) {
        const { trials: found, complete, reached } = play(asha({ max: 9, trials }), trials, 9, { slots })
        expect(found.filter((t) => t.state === 'paused')).toEqual([])
        expect(complete.length).toBeGreaterThanOrEqual(1)
        expect(reached(2)).toBeGreaterThanOrEqual(Math.max(1, Math.floor(trials / 3)))
        expect(complete).toContain(bestOf(range(0, trials), 1)[0])
      }
    },
  )

  test('the wanted number of trials is not stored, since the study may want more', () => {
    for (const name of ['asha', 'halving', 'hyperband'])
      expect(prunerOf(name, { max: 9, trials: 5 }).options).toEqual(prunerOf(name, { max: 9 }).options)
  })

  test.each([maximize, minimize])(
    'a network above a budget, which was not evaluated, does not compete: %#',
    (problem) => {
      const real = [0.9, 0.8].map((value, number): Trial => {
        return { number, point: { x: 0 }, state: 'running', reports: [{ step: 1, value }] }
      })
      const skipped = [2, 3, 4, 5].map((number): Trial => {
        return { number, point: { x: 0 }, state: 'complete', values: [0], violations: [1], reports: [] }
      })
      // Of two trials none is in the best third; of six, two would be.
      for (const trial of real) expect(asha({ max: 9 }).decide(problem, [...real, ...skipped], trial)).toBe('pause')
    },
  )

  test('nothing is stopped at the last rung, the end of the evaluation', () => {
    const trial: Trial = { number: 0, point: { x: 0 }, state: 'running', reports: [{ step: 9, value: 0 }] }
    expect(asha({ max: 9, min: 9 }).decide(maximize, [trial], trial)).toBe('continue')
  })
})

describe('by name', () => {
  test('has all options, as a study stores them', () => {
    expect(prunerOf('halving', { max: 27 }).options).toEqual({ count: 27, min: 1, max: 27, eta: 3 })
    expect(prunerOf('hyperband', { max: 16, eta: 4 }).options).toEqual({ max: 16, eta: 4 })
    expect(prunerOf('asha', { max: 16, min: 2 })).toMatchObject({ name: 'asha', options: { min: 2, max: 16, eta: 3 } })
  })

  test.each([
    ['hyperbnd', {}, 'there is no pruner hyperbnd (did you mean hyperband?): use halving, hyperband or asha'],
    ['asha', {}, 'asha: max is missing: it must be given, the steps (epochs) of a whole evaluation'],
    ['asha', { max: 2, min: 4 }, 'asha: min is 4, max is 2: min must not be above max'],
    ['halving', { max: 2, min: 4 }, 'halving: min is 4, max is 2: min must not be above max'],
    ['hyperband', { max: 9, eta: 1 }, 'hyperband: eta is 1: it must be a number, 2 or more'],
    [
      'halving',
      { max: 9, trial: 3 },
      'halving: no option trial (did you mean trials?): use count, min, max, eta or trials',
    ],
  ])('%s %o', async (name, options, message) => {
    expect(await failureOf(() => prunerOf(name, options))).toBe(`UsageError: ${message}`)
  })
})
