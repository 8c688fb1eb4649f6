import { expect, test } from 'vitest'
import { version } from '../../src/core/index.ts'
import {
  entryOf,
  type LatencyTable,
  namedResource,
  namedTable,
  parseBudget,
  planOf,
  resourceNames,
  resourceOf,
  showBudget,
  showResource,
  unitsOf,
  writeTable,
} from '../../src/latency/index.ts'
import { resources, suffixesOf } from '../../src/latency/resource.ts'
import { build } from '../../src/models/index.ts'
import { fc } from '../support/property.ts'

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

test('a named resource as an object: latency has its table as its source', () => {
  const model = build('mobilenet_v3_small', { size: 32, width: 0.35, classes: 2 })
  expect({ ...namedResource('macs'), value: 0 }).toEqual({ name: 'macs', unit: 'number', monotone: true, value: 0 })
  expect(namedResource('macs').value(model)).toBe(resourceOf(model, 'macs'))
  expect(() => namedResource('latencyMs').value(model)).toThrow('latency: it needs a table of the device')
  const table: LatencyTable = {
    device: { name: 'Pixel 8', system: 'Android 14', cores: 9 },
    ...{ engine: 'wasm on Chrome 130', kinglet: version, threads: 1 },
    ...{ created: '2026-11-26T12:00:00.000Z', referenceMs: 0.1 },
    entries: planOf(unitsOf(model)).map((unit) => entryOf(unit, { lower: 1, median: 1, upper: 1 })),
  }
  const named = namedTable(writeTable(table), 'pixel.json')
  const latency = namedResource('latencyMs', named)
  expect(latency).toMatchObject({ name: 'latencyMs', unit: 'ms', monotone: false, source: named.checksum })
  expect(latency.value(model)).toBe(unitsOf(model).length)
  const other = build('mobilenet_v2', { size: 32, width: 0.35, classes: 2 })
  expect(() => latency.value(other)).toThrow(/^pixel\.json: it has no time for /)
  expect(() => namedTable(writeTable({ ...table, kinglet: '0.0.1' }), 'old.json')).toThrow(
    `old.json: a latency table measured with Kinglet 0.0.1, and this is Kinglet ${version}: measure the device again`,
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
  ['parameters=2K', 'parameters', 2e3],
  ['macs=1.5G', 'macs', 1.5e9],
  ['latency=250us', 'latencyMs', 0.25],
  ['size=7', 'modelBytes', 7],
  ['size=7B', 'modelBytes', 7],
  ['size=3KB', 'modelBytes', 3e3],
  ['size=3KiB', 'modelBytes', 3072],
  ['memory=2GB', 'peakBytes', 2e9],
  ['memory=2GiB', 'peakBytes', 2_147_483_648],
] as const)('%s', (text, resource, most) => {
  expect(parseBudget(text)).toEqual({ resource, most })
})

test('a budget of any resource, amount and suffix is read, with spaces or without', () => {
  const written = fc.constantFrom(...resourceNames).chain((resource) =>
    fc.record({
      resource: fc.constant(resource),
      suffix: fc.constantFrom(...Object.keys(suffixesOf[resources[resource].unit])),
      name: fc.constantFrom(resource, resources[resource].short),
      amount: fc.oneof(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 1e-3, max: 1e6, noNaN: true })),
      space: fc.constantFrom('', ' '),
    }),
  )
  fc.assert(
    fc.property(written, ({ resource, suffix, name, amount, space }) => {
      const text = `${name}${space}=${space}${amount}${space}${suffix}`
      expect(parseBudget(text)).toEqual({ resource, most: amount * suffixesOf[resources[resource].unit][suffix] })
    }),
  )
})

test('any text is either a budget or a UsageError', () => {
  const almost = fc.string({ unit: fc.constantFrom(...'=.-+ 0123456789kMsBe'), maxLength: 8 })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        almost.map((rest) => `macs=${rest}`),
      ),
      (text) => {
        try {
          const { most } = parseBudget(text)
          expect(most > 0 && Number.isFinite(most)).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({
            name: 'UsageError',
            message: expect.stringMatching(/no resource|it must be a number above 0/),
          })
        }
      },
    ),
  )
})

test('an invalid budget is refused with the way out', () => {
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

test('values are formatted with their units', () => {
  expect(showResource('macs', 56_510_400)).toBe('56.5 M')
  expect(showResource('parameters', 812)).toBe('812')
  expect(showResource('modelBytes', 1_500_000)).toBe('1.50 MB')
  expect(showResource('modelBytes', 812)).toBe('812 B')
  expect(showResource('latencyMs', 2)).toBe('2.000 ms')
  expect(showBudget({ resource: 'latencyMs', most: 2 })).toBe('latency of at most 2.000 ms')
})
