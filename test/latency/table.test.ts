import { describe, expect, test } from 'vitest'
import { agreementOf, checkSums } from '../../src/latency/check.ts'
import { lackingIn, latencyOf, unitMs } from '../../src/latency/latency.ts'
import { unitsOf } from '../../src/latency/layers.ts'
import { measuredHere } from '../../src/latency/node-device.ts'
import { planOf } from '../../src/latency/plan.ts'
import {
  assertMeasuredWith,
  assertTable,
  describeTable,
  entryOf,
  type LatencyTable,
  readTable,
  writeTable,
} from '../../src/latency/table.ts'
import type { Timer } from '../../src/latency/timer.ts'
import type { Unit } from '../../src/latency/units.ts'
import { build } from '../../src/models/index.ts'

const model = build('mobilenet_v3_small', { size: 32, reduction: 8, width: 0.5, classes: 4 })
const msOf = (unit: Unit): number => 0.01 + 0.001 * unit.channels.reduce((a, b) => a + b)
const tableOf = (units: readonly Unit[]): LatencyTable => ({
  device: { name: 'Pixel 8', system: 'Android 14', cores: 9 },
  engine: 'wasm on Chrome 130',
  kinglet: '0.1.0',
  threads: 1,
  created: '2026-11-26T12:00:00.000Z',
  referenceMs: 0.1,
  entries: units.map((unit) => entryOf(unit, { lower: 0, median: msOf(unit), upper: 1 })),
})
const table = tableOf(planOf(unitsOf(model)))
const text = writeTable(table)

test('a table is read as it was written, whatever the order of its members', () => {
  expect(readTable(text, 't.json')).toEqual(table)
  const { entries, ...rest } = table
  expect(readTable(writeTable({ entries, ...rest }), 't.json')).toEqual(table)
})

describe('a file that is not a valid table is refused', () => {
  const message = (text: string): string => {
    try {
      readTable(text, 't.json')
    } catch (error) {
      return (error as Error).message
    }
    throw new Error('it was read')
  }

  test.each<[string, string]>([
    [text.slice(0, 300), 't.json: it is not JSON: the file is damaged, or not a latency table'],
    ['{"a": 1}', 't.json: it is not a latency table: use a file that kinglet measure wrote'],
    ['[]', 't.json: it is not a latency table: use a file that kinglet measure wrote'],
    [
      text.replace('"kinglet_latency": 1', '"kinglet_latency": 2'),
      't.json: a latency table of kind 2, this version of Kinglet reads kind 1: measure it again',
    ],
    [text.replace('"threads": 1', '"threads": 0'), 't.json: threads is 0: it must be a positive integer'],
    [text.replace('"threads": 1', '"thread": 1'), 't.json: it has thread, which is not in a table'],
    [
      text.replace('"cores":9', '"cores":"9"'),
      't.json: device is {"name":"Pixel 8","system":"Android 14","cores":"9"}: it must be name, system and cores',
    ],
    [
      text.replace('"channels":[1]', '"channels":[-1]'),
      't.json: entry 0: channels is [-1]: it must be one to three positive integers',
    ],
    [
      text.replace('"upper":1}', '"upper":"1"}'),
      't.json: entry 0: ms is {"lower":0,"median":0.011,"upper":"1"}: it must be lower, median and upper milliseconds',
    ],
  ])('%#', (text, said) => {
    expect(message(text)).toBe(said)
  })

  test('a number that was changed', () => {
    expect(message(text.replace('"median":0.011', '"median":0.012'))).toMatch(
      /^t\.json: its checksum is [0-9a-f]{8}, [0-9a-f]{8} was written: the file was changed or damaged$/,
    )
  })

  test('JSON of any shape, with no other error', () => {
    for (const value of [null, 1, 'a', [], {}, { ...table, entries: [null] }, { ...table, entries: {} }])
      expect(() => assertTable(value, 't')).toThrow(/^t: /)
  })
})

test('a table of another device, engine, version or number of threads is refused with both values', () => {
  const said = (expected: Parameters<typeof assertMeasuredWith>[1]) => () =>
    assertMeasuredWith(table, expected, 't.json')
  const { device } = table
  expect(said({})).not.toThrow()
  expect(said({ device, engine: table.engine, kinglet: '0.1.0', threads: 1 })).not.toThrow()
  const wayOut = 'measure it here with kinglet measure'
  expect(said({ device: { ...device, name: 'AMD EPYC' } })).toThrow(
    `t.json: a latency table measured with Pixel 8, Android 14, 9 cores, and this is AMD EPYC, Android 14, 9 cores: ${wayOut}`,
  )
  expect(said({ engine: 'wasm on V8 12.4' })).toThrow('measured with wasm on Chrome 130, and this is wasm on V8 12.4: ')
  expect(said({ kinglet: '0.2.0' })).toThrow('measured with Kinglet 0.1.0, and this is Kinglet 0.2.0: ')
  expect(said({ threads: 2 })).toThrow('measured with 1 thread, and this is 2 threads: ')
  expect(describeTable(table)).toBe('Pixel 8, Android 14, 9 cores; wasm on Chrome 130; Kinglet 0.1.0; 1 thread')
  expect(() => assertMeasuredWith(measuredHere(2), measuredHere(2), 'here')).not.toThrow()
})

test('latency is the sum over layers, and counts in between are interpolated', () => {
  const units = unitsOf(model)
  const exact = units.slice(1).reduce((sum, unit) => sum + msOf(unit), msOf(units[0]))
  expect(latencyOf(table, model)).toBeCloseTo(exact, 9)
  const grid = tableOf(planOf(units, { downTo: 0.25 }))
  const smaller = build('mobilenet_v3_small', { size: 32, reduction: 8, width: 0.35, classes: 4 })
  const sum = unitsOf(smaller).reduce((sum, unit) => sum + msOf(unit), 0)
  // These times are linear in each count, so interpolation is exact.
  expect(latencyOf(grid, smaller)).toBeCloseTo(sum, 9)
})

test('a layer that the table lacks is named, with the way out', () => {
  const other = build('mobilenet_v3_small', { size: 32, reduction: 8, width: 1, classes: 4 })
  expect(() => latencyOf(table, other, 't.json')).toThrow(
    't.json: it has no time for conv 32x32 3x3 hard_swish, 3 to 16 channels, nor for counts around these: measure this network ' +
      'into it with kinglet measure, on the same device',
  )
  expect(lackingIn(table, unitsOf(model))).toEqual([])
  expect(lackingIn(table, unitsOf(other)).length).toBeGreaterThan(20)
  expect(unitMs(table, unitsOf(other)[2])).toBeUndefined()
})

test('sums are compared with whole networks: errors and ranks', async () => {
  const models = [0.35, 0.5].map((width) => build('mobilenet_v3_small', { size: 32, reduction: 8, width, classes: 4 }))
  const both = tableOf(planOf(models.flatMap(unitsOf)))
  const sums = models.map((m) => latencyOf(both, m))
  const timer: Timer = {
    tickMs: 0.001,
    time: async ([, ...graphs], { rounds }) => [
      Array.from({ length: rounds }, () => 0.1),
      ...graphs.map((_, i) => Array.from({ length: rounds }, () => sums[i] * [0.8, 1.25][i])),
    ],
  }
  const checked = await checkSums(timer, both, models)
  expect(checked.map(({ error }) => error.toFixed(6))).toEqual(['0.250000', '-0.200000'])
  const agreement = agreementOf(checked)
  expect(agreement.medianError).toBeCloseTo(0.225, 9)
  expect(agreement.worstError).toBeCloseTo(0.25, 9)
  expect(agreement.rankCorrelation).toBeUndefined()
  const three = [...checked, { ...checked[0], sumMs: 100, wholeMs: { lower: 0, median: 0, upper: 0 } }]
  expect(agreementOf(three).rankCorrelation).toBeCloseTo(-0.5, 9)
})

test('networks keep their order, also when a busy machine had a group timed again', async () => {
  const models = Array.from({ length: 18 }, (_, i) => build('mobilenet_v1', { width: 0.1 + 0.05 * i, size: 32 }))
  const table = tableOf(planOf(models.flatMap(unitsOf)))
  const sums = models.map((net) => latencyOf(table, net))
  let calls = 0
  const timer: Timer = {
    tickMs: 0.001,
    async time(graphs, { rounds }) {
      // The reference is slow the first time, as on a busy machine.
      const reference = calls++ === 0 ? 10 : 0.1
      return graphs.map((_, i) => Array.from({ length: rounds }, () => (i === 0 ? reference : 1)))
    },
  }
  const order: number[] = []
  const checked = await checkSums(timer, table, models, { onProgress: (done) => order.push(done) })
  expect(checked.map(({ sumMs }) => sumMs)).toEqual(sums)
  // The second group came first.
  expect(order[0]).toBeLessThan(16)
  expect(order).toHaveLength(2)
})
