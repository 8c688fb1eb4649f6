import { expect, test } from 'vitest'
import { build } from '../../src/models/index.ts'
import {
  assertReachable,
  parseBudget,
  resourceNames,
  resourceOf,
  showBudget,
  showResource,
  smallestIn,
} from '../../src/search/resources.ts'
import { defineSpace, type Point } from '../../src/search/space/space.ts'

test('values of a model: published counts, and bytes of its tensors', () => {
  const model = build('mobilenet_v3_small')
  expect(resourceNames).toEqual(['macs', 'parameters', 'peakBytes', 'modelBytes', 'latencyMs'])
  expect(resourceOf(model, 'macs')).toBe(56_510_400)
  expect(resourceOf(model, 'parameters')).toBe(2_542_856)
  const bytes = [...model.weights.values()].reduce((n, { data }) => n + data.byteLength, 0)
  expect(resourceOf(model, 'modelBytes')).toBe(bytes)
  expect(resourceOf(model, 'peakBytes')).toBeGreaterThan(4 * 112 * 112 * 16)
  expect(() => resourceOf(model, 'latencyMs')).toThrow(
    'latency: it needs a table of the device: measure one with kinglet measure',
  )
})

test.each([
  ['latency=2ms', 'latencyMs', 2],
  ['latency=1.5', 'latencyMs', 1.5],
  ['latencyMs=0.5s', 'latencyMs', 500],
  ['macs=30M', 'macs', 30e6],
  ['macs = 1.2e6', 'macs', 1.2e6],
  ['parameters=250k', 'parameters', 250e3],
  ['size=1MB', 'modelBytes', 1e6],
  ['size=1MiB', 'modelBytes', 1_048_576],
  ['memory=512kB', 'peakBytes', 512e3],
] as const)('%s', (text, resource, most) => {
  expect(parseBudget(text)).toEqual({ resource, most })
})

test('a budget that is none is told with the way out', () => {
  expect(() => parseBudget('latncy=2ms')).toThrow(
    'budget latncy=2ms: no resource latncy (did you mean latency?): use macs, parameters, memory, size or latency',
  )
  for (const text of ['latency', 'latency=', 'latency=fast', 'latency=-1ms', 'latency=0', 'latency=2M', 'latency=2=3'])
    expect(() => parseBudget(text)).toThrow(
      /^budget latency.*: it must be a number above 0, with ms, s or us or without/,
    )
  expect(() => parseBudget('size=3 apples')).toThrow(
    'budget size=3 apples: size is 3 apples: it must be a number above 0, with B, kB, KB, MB, GB, KiB, MiB or GiB or ' +
      'without: size=1MB',
  )
})

test('values for people', () => {
  expect(showResource('macs', 56_510_400)).toBe('56.5 M')
  expect(showResource('parameters', 812)).toBe('812')
  expect(showResource('modelBytes', 1_500_000)).toBe('1.50 MB')
  expect(showResource('modelBytes', 812)).toBe('812 B')
  expect(showResource('latencyMs', 2)).toBe('2.000 ms')
  expect(showBudget({ resource: 'latencyMs', most: 2 })).toBe('latency of at most 2.000 ms')
})

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

test('a budget that no point meets is told with the smallest value there is', () => {
  expect(() => assertReachable(space, { resource: 'macs', most: 40 }, cost)).not.toThrow()
  expect(() => assertReachable(space, { resource: 'macs', most: 39 }, cost)).toThrow(
    'space toy: no network has multiply-adds of at most 39: the smallest there is has 40: raise the budget, or choose ' +
      'another space',
  )
})
