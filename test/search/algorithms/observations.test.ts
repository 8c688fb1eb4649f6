import { expect, test } from 'vitest'
import { drawUntried, observationsOf, orderOf, wasTried } from '../../../src/search/algorithms/observations.ts'
import { defineSpace } from '../../../src/search/space/space.ts'
import type { Objective, Trial } from '../../../src/search/trial.ts'

const space = defineSpace('one', { x: { kind: 'integer', low: 0, high: 99 } })
const accuracy: Objective = { name: 'accuracy', direction: 'maximize' }
const latency: Objective = { name: 'latencyMs', direction: 'minimize' }

const trial = (number: number, more: Partial<Trial>): Trial => ({
  number,
  point: { x: number },
  state: 'complete',
  reports: [],
  ...more,
})
/** The numbers of the trials with a known result, best first. */
const ranked = (objectives: readonly Objective[], trials: readonly Trial[]): number[] => {
  const observed = observationsOf({ space, objectives, seed: 0 }, trials)
  return orderOf(observed).map((i) => observed[i].trial.number)
}

test('failed and running trials and those without a number are left out; pruned and paused ones have their last report', () => {
  const report = (value: number) => [
    { step: 1, value: 0 },
    { step: 2, value },
  ]
  const trials = [
    trial(0, { values: [0.5] }),
    trial(1, { state: 'failed', reason: 'out of memory' }),
    trial(2, { state: 'running', reports: report(0.99) }),
    trial(3, { state: 'pruned', reports: report(0.6) }),
    trial(4, { state: 'paused', reports: report(0.4) }),
    trial(5, { state: 'paused' }),
    trial(6, { values: [Number.NaN] }),
    trial(7, { state: 'pruned' }),
    trial(8, { values: [0.7] }),
    trial(9, { state: 'pruned', reports: report(Number.NaN) }),
  ]
  expect(ranked([accuracy], trials)).toEqual([8, 3, 0, 4, 7, 9])
  expect(ranked([{ ...accuracy, direction: 'minimize' }], trials)).toEqual([4, 0, 3, 8, 7, 9])
})

test('trials within their budgets come first, the others by excess, each as a share of the worst', () => {
  const trials = [
    trial(0, { values: [0.9], violations: [10, 0] }),
    trial(1, { values: [0.1], violations: [-5, -1000] }),
    trial(2, { values: [0.2], violations: [0, 2000] }),
    trial(3, { values: [0.2], violations: [2, 600] }),
    trial(4, { values: [0.99], violations: [10, 2000] }),
    trial(5, { values: [0.3] }),
  ]
  // 3 exceeds by 0.2 + 0.3; 0 and 2 by 1 each, the earlier first; 4 by 2.
  expect(ranked([accuracy], trials)).toEqual([5, 1, 3, 0, 2, 4])
  expect(ranked([accuracy], [trial(0, { values: [1], violations: [Number.POSITIVE_INFINITY] }), trials[0]])).toEqual([
    0, 0,
  ])
})

test('several objectives: by front, the less crowded first; a pruned trial comes last', () => {
  const trials = [
    [0.5, 1],
    [0.6, 2],
    [0.61, 2.1],
    [0.9, 9],
    [0.5, 2],
    [0.8, 5],
  ].map((values, number) => trial(number, { values }))
  const pruned = trial(6, { state: 'pruned', reports: [{ step: 1, value: 0.99 }] })
  expect(ranked([accuracy, latency], [...trials, pruned])).toEqual([0, 3, 5, 2, 1, 4, 6])
})

test('a tried point is drawn again, and returned anyway when no other is left', () => {
  const trials = [trial(0, {}), trial(1, {}), trial(2, {})]
  expect([wasTried(trials, { x: 2 }), wasTried(trials, { x: 3 }), wasTried(trials, { x: 2, y: 1 })]).toEqual([
    true,
    false,
    false,
  ])
  let next = 0
  expect(drawUntried(trials, () => ({ x: next++ }))).toEqual({ x: 3 })
  expect(drawUntried(trials, () => ({ x: 1 }))).toEqual({ x: 1 })
})
