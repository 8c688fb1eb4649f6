import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { after, every, sleep } from '../../src/core/timer.ts'
import { filesOf, textOf } from '../support/sources.ts'

const day = 24 * 3600 * 1000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe.each([1, 1000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 100 * day])('%d ms', (ms) => {
  test('after: calls once, on time, and not when cancelled', () => {
    const [kept, cancelled] = [vi.fn(), vi.fn()]
    const [, cancel] = [kept, cancelled].map((call) => after(ms, call))
    vi.advanceTimersByTime(ms - 1)
    expect(kept).not.toHaveBeenCalled()
    cancel()
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(1)
    expect(kept).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(2 * ms)
    expect([kept, cancelled].map((call) => call.mock.calls.length)).toEqual([1, 0])
  })

  test('sleep: resolves on time, or when aborted', async () => {
    const stop = new AbortController()
    const noted: string[] = []
    const naps = [
      sleep(ms, new AbortController().signal).then(() => noted.push('on time')),
      sleep(ms + 100, stop.signal).then(() => noted.push('aborted')),
    ]
    await vi.advanceTimersByTimeAsync(ms)
    expect(noted).toEqual(['on time'])
    stop.abort()
    await Promise.all(naps)
    await sleep(ms + 100, AbortSignal.abort())
    expect(noted).toEqual(['on time', 'aborted'])
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('an infinite delay never ends', () => {
  const call = vi.fn()
  const cancel = after(Number.POSITIVE_INFINITY, call)
  vi.advanceTimersByTime(100 * day)
  expect(call).not.toHaveBeenCalled()
  cancel()
  expect(vi.getTimerCount()).toBe(0)
})

test.each([1000, 40 * day])('every %d ms until it is ended, also from within', (ms) => {
  const times: number[] = []
  const began = Date.now()
  const end = every(ms, () => {
    times.push(Date.now() - began)
    if (times.length === 3) end()
  })
  vi.advanceTimersByTime(5 * ms)
  expect(times).toEqual([ms, 2 * ms, 3 * ms])
  expect(vi.getTimerCount()).toBe(0)
})

test('nothing else in src sets a timer', () => {
  const timers = /\bset(Timeout|Interval)\(|AbortSignal\.timeout\(|timers\/promises/
  // Template strings hold the programs of workers, which set their own delays.
  const code = (path: string) => textOf(path).replace(/`[^`]*`/g, '')
  expect(filesOf('src', '.ts').filter((path) => timers.test(code(path)))).toEqual(['src/core/timer.ts'])
})
