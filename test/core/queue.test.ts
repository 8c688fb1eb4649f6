import { expect, test } from 'vitest'
import { KingletError } from '../../src/core/index.ts'
import { Queue } from '../../src/core/queue.ts'
import { failureOf } from '../data/make.ts'

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 1))

test('work runs in the order of the calls, one at a time, and a failure does not stop later work', async () => {
  const queue = new Queue()
  const noted: string[] = []
  const work = (name: string) => async () => {
    noted.push(`${name} starts`)
    await soon()
    noted.push(`${name} ends`)
    if (name === 'b') throw new Error('b failed')
    return name
  }
  const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => queue.run(work(name))))
  expect(results.map((r) => (r.status === 'fulfilled' ? r.value : String(r.reason)))).toEqual([
    'a',
    'Error: b failed',
    'c',
  ])
  expect(noted).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends'])
})

test('work starts within the call when the queue is empty, and after waiting work otherwise', async () => {
  const queue = new Queue()
  const noted: string[] = []
  const note = (name: string) => queue.run(async () => void noted.push(name))
  const first = note('first')
  expect(noted).toEqual(['first'])
  const second = note('second')
  expect(noted).toEqual(['first'])
  await first
  const third = note('third')
  expect(noted).not.toContain('third')
  await Promise.all([second, third])
  expect(noted).toEqual(['first', 'second', 'third'])
  note('fourth')
  expect(noted).toContain('fourth')
})

test('after its owner is disposed of, waiting work and failing work reject with the error of the owner', async () => {
  let open = true
  const queue = new Queue(() => {
    if (!open) throw new KingletError('owner: it was disposed of')
  })
  let started = 0
  const calls = [1, 2].map(() =>
    failureOf(
      queue.run(async () => {
        started++
        await soon()
        throw new Error('memory is gone')
      }),
    ),
  )
  open = false
  const said = 'KingletError: owner: it was disposed of'
  expect(await Promise.all(calls)).toEqual([said, said])
  expect(started).toBe(1)
  expect(await failureOf(queue.run(async () => started++))).toBe(said)
  expect(started).toBe(1)
})
