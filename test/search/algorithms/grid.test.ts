import { expect, test } from 'vitest'
import { algorithmOf, assertTrials } from '../../../src/search/algorithms/index.ts'
import { allPoints } from '../../../src/search/space/points.ts'
import { defineSpace } from '../../../src/search/space/space.ts'

const space = defineSpace('few', {
  kernel: { kind: 'categorical', values: [3, 5] },
  rate: { kind: 'real', low: 0, high: 1 },
  se: { kind: 'categorical', values: [0.25, 0.5], when: { kernel: [5] } },
})
const problem = { space, objectives: [{ name: 'value', direction: 'minimize' }], seed: 0 } as const

test('every point once, in order, whatever the order of the calls', () => {
  const search = algorithmOf('grid', { levels: 3 })
  expect(search.ask(problem, [], 8)).toEqual({ kernel: 5, rate: 1, se: 0.5 })
  expect(Array.from({ length: 9 }, (_, n) => search.ask(problem, [], n))).toEqual([...allPoints(space, 3)])
  expect(search.ask(problem, [], 1)).toEqual({ kernel: 3, rate: 0.5 })
})

test('a trial beyond the last point is refused', () => {
  expect(() => algorithmOf('grid', { levels: 3 }).ask(problem, [], 9)).toThrow(
    'grid: space few has 9 points, and this is trial 10: ask for 9 trials at most, or cut real choices into more than 3 levels',
  )
})

test('more trials than points are refused before the first, and levels are suggested only for real choices', () => {
  const reward = { kind: 'weighted', weights: { value: -1 } } as const
  for (const search of [algorithmOf('grid', { levels: 3 }), algorithmOf('grid', { levels: 3, reward })]) {
    expect(() => assertTrials(search, problem, 9)).not.toThrow()
    expect(() => assertTrials(search, problem, 100)).toThrow(
      'space few has 9 points, and this is trial 100: ask for 9 trials',
    )
  }
  expect(() => assertTrials(algorithmOf('evolution'), problem, 100)).not.toThrow()
  const kernels = { ...problem, space: defineSpace('kernels', { kernel: { kind: 'categorical', values: [3, 5] } }) }
  expect(() => assertTrials(algorithmOf('grid'), kernels, 3)).toThrow(/ask for 2 trials at most$/)
})

test('a huge grid is not enumerated to its end', () => {
  const long = defineSpace('long', {
    x: { kind: 'integer', low: 0, high: 1e5 },
    y: { kind: 'integer', low: 0, high: 1e5 },
  })
  expect(algorithmOf('grid').ask({ ...problem, space: long }, [], 2)).toEqual({ x: 0, y: 2 })
})
