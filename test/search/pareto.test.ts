import { expect, test } from 'vitest'
import { key, Rng } from '../../src/core/index.ts'
import { costsOf, crowdingOf, dominates, frontOf, frontsOf, hypervolume } from '../../src/search/pareto.ts'
import type { Trial } from '../../src/search/trial.ts'

const drawn = (seed: number, count: number, objectives: number): number[][] => {
  const rng = new Rng(key(seed))
  // Multiples of 1/8 give ties in single objectives and equal points.
  return Array.from({ length: count }, () => Array.from({ length: objectives }, () => rng.integer(8) / 8))
}

test('a dominating point is better somewhere and worse nowhere', () => {
  expect(dominates([1, 2], [1, 3])).toBe(true)
  expect(dominates([1, 2], [1, 2])).toBe(false)
  expect(dominates([1, 2], [2, 1])).toBe(false)
})

test('the cost of a value to be maximised is its negative', () => {
  const objectives = [
    { name: 'accuracy', direction: 'maximize' },
    { name: 'latencyMs', direction: 'minimize' },
  ] as const
  expect(costsOf(objectives, [0.5, 3])).toEqual([-0.5, 3])
})

test.each([1, 2, 3])('fronts of %i objectives match the definition', (objectives) => {
  const costs = drawn(objectives, 60, objectives)
  let left = [...costs.keys()]
  const expected: number[][] = []
  while (left.length > 0) {
    const front = left.filter((i) => !left.some((j) => dominates(costs[j], costs[i])))
    expected.push(front)
    left = left.filter((i) => !front.includes(i))
  }
  expect(frontsOf(costs)).toEqual(expected)
  expect(frontsOf([])).toEqual([])
})

test('crowding is the distance between neighbours, and infinite at the ends', () => {
  const line = [0, 4, 1, 10].map((x) => [x, 10 - x])
  expect(crowdingOf(line)).toEqual([Number.POSITIVE_INFINITY, 1.8, 0.8, Number.POSITIVE_INFINITY])
  expect(crowdingOf([[1, 1]])).toEqual([Number.POSITIVE_INFINITY])
  expect(crowdingOf([])).toEqual([])
})

/** The volume as the share of the cells of a 1/8 grid that some point dominates. */
function cellsOf(costs: readonly number[][], objectives: number): number {
  let count = 0
  for (let cell = 0; cell < 8 ** objectives; cell++) {
    const low = Array.from({ length: objectives }, (_, m) => (Math.floor(cell / 8 ** m) % 8) / 8)
    if (costs.some((c) => c.every((x, m) => x <= low[m]))) count++
  }
  return count / 8 ** objectives
}

test.each([1, 2, 3, 4])('the hypervolume of %i objectives equals the count of cells', (objectives) => {
  for (let seed = 0; seed < 5; seed++) {
    const costs = drawn(10 * objectives + seed, 12, objectives)
    expect(hypervolume(costs, new Array(objectives).fill(1))).toBeCloseTo(cellsOf(costs, objectives), 12)
  }
})

test('the hypervolume ignores points that do not beat the reference', () => {
  expect(hypervolume([], [1, 1])).toBe(0)
  expect(
    hypervolume(
      [
        [0, 1],
        [2, 0],
      ],
      [1, 1],
    ),
  ).toBe(0)
  expect(() => hypervolume([[0, 1, 2]], [1, 1])).toThrow(
    'hypervolume: costs are 3 numbers, the reference is 2: give one for each objective',
  )
})

test('the front of a study has the complete, feasible trials that nothing dominates', () => {
  const objectives = [
    { name: 'accuracy', direction: 'maximize' },
    { name: 'latencyMs', direction: 'minimize' },
  ] as const
  const trial = (number: number, values: number[], more: Partial<Trial> = {}): Trial => ({
    number,
    values,
    point: { x: number },
    state: 'complete',
    reports: [],
    ...more,
  })
  const trials = [
    trial(0, [0.5, 1]),
    trial(1, [0.9, 5], { violations: [0] }),
    trial(2, [0.4, 2]),
    trial(3, [0.99, 0.1], { violations: [-1, 0.1] }),
    trial(4, [0.99, 0.1], { state: 'running' }),
    trial(5, [Number.NaN, 0.1]),
  ]
  expect(frontOf({ objectives }, trials).map((t) => t.number)).toEqual([1, 0])
  const [accuracy] = objectives
  expect(frontOf({ objectives: [accuracy] }, trials).map((t) => t.number)).toEqual([1])
  expect(frontOf({ objectives }, [])).toEqual([])
})
