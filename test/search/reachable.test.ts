import { expect, test } from 'vitest'
import { assertReachable, smallestIn } from '../../src/search/reachable.ts'
import { defineSpace, type Point } from '../../src/search/space/space.ts'

const space = defineSpace(
  'toy',
  {
    width: { kind: 'integer', low: 8, high: 64, step: 8 },
    kernel: { kind: 'categorical', values: [5, 3, 7] },
    deep: { kind: 'categorical', values: [true, false] },
    depth: { kind: 'integer', low: 2, high: 5, when: { deep: [true] } },
  },
  [{ says: 'kernel 3 has 16 channels or more', holds: ({ kernel, width }) => kernel !== 3 || Number(width) >= 16 }],
)
const cost = ({ width, kernel, depth = 1 }: Point) => Number(width) * Number(kernel) * Number(depth)

test('the smallest value of a space, under its constraints', () => {
  for (const seed of [0, 1, 2, 3])
    expect(smallestIn(space, cost, seed)).toEqual({
      point: { width: 8, kernel: 5, deep: false },
      value: 40,
    })
})

test('a budget that no point meets is refused with the smallest possible value', () => {
  expect(() => assertReachable(space, { resource: 'macs', most: 40 }, cost)).not.toThrow()
  expect(() => assertReachable(space, { resource: 'macs', most: 39 }, cost)).toThrow(
    'space toy: no network has multiply-adds of at most 39: the smallest there is has 40: raise the budget, or choose ' +
      'another space',
  )
})
