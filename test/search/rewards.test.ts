import { expect, test } from 'vitest'
import type { Algorithm } from '../../src/search/algorithms/algorithm.ts'
import { algorithmOf } from '../../src/search/algorithms/index.ts'
import { type Reward, rewardOf, withReward } from '../../src/search/rewards.ts'
import { defineSpace } from '../../src/search/space/space.ts'
import type { Problem, Trial } from '../../src/search/trial.ts'

const objectives = [
  { name: 'accuracy', direction: 'maximize' },
  { name: 'latencyMs', direction: 'minimize' },
] as const
const space = defineSpace('one', { x: { kind: 'integer', low: 0, high: 9 } })
const problem: Problem = { space, objectives, seed: 7 }
const soft: Reward = { kind: 'mnasnet', value: 'accuracy', cost: 'latencyMs', target: 80 }

test("MnasNet's product, soft and hard, matches the paper", () => {
  // The paper: "doubling latency brings about 5 % relative accuracy". 0.50 at 2t is worth 0.525 (1 + 5 %) minus 5 %.
  const doubled = rewardOf(soft, objectives, [0.5 * 1.05, 160])
  expect(doubled).toBeCloseTo(rewardOf(soft, objectives, [0.5, 80]), 3)
  const hard: Reward = { ...soft, alpha: 0, beta: -1 }
  expect(rewardOf(hard, objectives, [0.5, 10])).toBe(0.5)
  expect(rewardOf(hard, objectives, [0.5, 160])).toBe(0.25)
})

test('an algorithm sees rewards alone, and reports are not mistaken for them', () => {
  const seen: { problem: Problem; trials: readonly Trial[] }[] = []
  const spy: Algorithm = {
    name: 'spy',
    options: { a: 1 },
    ask(p, trials) {
      seen.push({ problem: p, trials })
      return { x: 1 }
    },
  }
  const wrapped = withReward(spy, { kind: 'weighted', weights: { accuracy: 1, latencyMs: -0.01 } })
  expect(wrapped.options).toEqual({ a: 1, reward: { kind: 'weighted', weights: { accuracy: 1, latencyMs: -0.01 } } })
  const reports = [{ step: 1, value: 0.3 }]
  wrapped.ask(
    problem,
    [
      { number: 0, point: { x: 0 }, state: 'complete', values: [0.75, 50], violations: [2], reports },
      { number: 1, point: { x: 3 }, state: 'pruned', reports },
    ],
    2,
  )
  expect(seen[0].problem).toEqual({ space, seed: 7, objectives: [{ name: 'reward', direction: 'maximize' }] })
  expect(seen[0].trials).toEqual([
    { number: 0, point: { x: 0 }, state: 'complete', values: [0.25], violations: [2], reports: [] },
    { number: 1, point: { x: 3 }, state: 'pruned', reports: [] },
  ])
})

test('every algorithm takes a reward as an option', () => {
  const algorithm = algorithmOf('reinforce', { levels: 4, reward: soft })
  expect(algorithm.options).toMatchObject({ levels: 4, reward: soft })
  expect(algorithm.ask(problem, [], 0).x).toBeTypeOf('number')
})

test('an unknown objective is refused by the first ask, before anything is evaluated', () => {
  const asked = (reward: Reward) => () => algorithmOf('random', { reward }).ask(problem, [], 0)
  expect(asked({ ...soft, cost: 'latency' })).toThrow(
    'reward: no objective latency (did you mean latencyMs?): the study has accuracy, latencyMs',
  )
  expect(asked({ kind: 'weighted', weights: { accuracy: 1, macs: -1 } })).toThrow('reward: no objective macs')
})

test('invalid rewards are refused', () => {
  const use = (reward: unknown) => () => algorithmOf('random', { reward: reward as Reward })
  expect(use({ kind: 'product' })).toThrow('reward: kind is "product": it must be mnasnet or weighted')
  expect(use({ kind: 'mnasnet', value: 'accuracy', cost: 'latencyMs' })).toThrow(
    'reward: target is missing: it must be a number above 0',
  )
  expect(use({ ...soft, target: 0 })).toThrow('reward: target is 0: it must be a number above 0')
  expect(use({ ...soft, gamma: 0 })).toThrow('reward: no option gamma: use kind, value, cost, target, alpha or beta')
  expect(use({ kind: 'weighted', weights: {} })).toThrow(
    'reward: weights is {}: it must be a number for each objective, { accuracy: 1, latencyMs: -0.01 }',
  )
  expect(() => rewardOf({ ...soft, cost: 'latency' }, objectives, [1, 1])).toThrow(
    'reward: no objective latency (did you mean latencyMs?): the study has accuracy, latencyMs',
  )
})
