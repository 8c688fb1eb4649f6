import { expect, test } from 'vitest'
import { quartiles } from '../../src/core/quartiles.ts'
import { timeRounds } from '../../src/door/timing.ts'

test('rounds are interleaved, the warm-up does not count, and quartiles are linear', async () => {
  const order: string[] = []
  const body = (name: string) => async () => void order.push(name)
  const times = await timeRounds([body('a'), body('b')], { warmup: 1, rounds: 2 })
  expect(order.join('')).toBe('ababab')
  expect(times.map((t) => t.length)).toEqual([2, 2])
  expect(quartiles([4, 1, 2, 3])).toEqual({ lower: 1.75, median: 2.5, upper: 3.25 })
})
