/**
 * Latency tables: milliseconds of layers on one device, as JSON. A table states what it was measured with. Its checksum
 * detects a changed or truncated file, which would otherwise mislead a search unnoticed.
 */

import type { Quartiles } from '../core/index.ts'
import { between, type Check, type Checks, checks, isObject, KingletError } from '../core/index.ts'
import { crc32InLoops } from '../formats/index.ts'
import { layerOf, type Unit } from './units.ts'

/** The device that a table was measured on. */
export interface Device {
  /** The common name: `AMD EPYC`, `Pixel 8`. */
  readonly name: string
  /** `x64 linux`, `Android 14`. */
  readonly system: string
  /** Cores that programs may use. */
  readonly cores: number
}

/** What a table's times depend on. Times measured with something else are not comparable. */
export interface MeasuredWith {
  readonly device: Device
  /** The engine, and the compiler of its WebAssembly: `wasm on V8 12.4`. */
  readonly engine: string
  /** The version of Kinglet whose kernels were timed. */
  readonly kinglet: string
  readonly threads: number
}

export interface TableEntry {
  /** The {@link layerOf} of a unit. */
  readonly layer: string
  readonly channels: readonly number[]
  readonly ms: Quartiles
}

export interface LatencyTable extends MeasuredWith {
  /** ISO 8601. */
  readonly created: string
  /** The best time of the reference. Measuring that continues the table compares the machine with it. */
  readonly referenceMs: number
  readonly entries: readonly TableEntry[]
}

/** Version of the file format. */
const arrangement = 1

export const entryOf = (unit: Unit, ms: Quartiles): TableEntry => ({
  layer: layerOf(unit),
  channels: unit.channels,
  ms,
})

const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0 && value.length <= 200

const { count } = checks
const text: Check = { is: isText, must: 'a text of at most 200 characters' }
const ms = between(0, 1e7, 'milliseconds')
const deviceMembers: Checks<Device> = { name: text, system: text, cores: count }
const quartileMembers: Checks<Quartiles> = { lower: ms, median: ms, upper: ms }
/** Whether a value from outside is three valid quartiles. */
export const isQuartiles = (value: unknown): value is Quartiles =>
  isObject(value) && wrongIn(value, quartileMembers) === undefined

const entryMembers: Checks<TableEntry> = {
  layer: text,
  channels: {
    is: (list) => Array.isArray(list) && list.length > 0 && list.length < 4 && list.every(count.is),
    must: 'one to three positive integers',
  },
  ms: { is: isQuartiles, must: 'lower, median and upper milliseconds' },
}
const tableMembers: Checks<LatencyTable> = {
  device: {
    is: (device) => isObject(device) && !wrongIn(device, deviceMembers),
    must: 'name, system and cores',
  },
  engine: text,
  kinglet: text,
  threads: count,
  created: { is: (date) => isText(date) && !Number.isNaN(Date.parse(String(date))), must: 'a date' },
  referenceMs: ms,
  entries: { is: Array.isArray, must: 'a list' },
}

/** Describes the first invalid member of an object; undefined when the members are exactly these. */
function wrongIn(
  value: Readonly<Record<string, unknown>>,
  members: Readonly<Record<string, Check>>,
): string | undefined {
  for (const name of Object.keys(value))
    if (!Object.hasOwn(members, name)) return `it has ${name}, which is not in a table`
  for (const [name, { is, must }] of Object.entries(members)) {
    const shown = JSON.stringify(value[name]) ?? 'missing'
    if (!is(value[name]))
      return `${name} is ${shown.length > 80 ? `${shown.slice(0, 80)}...` : shown}: it must be ${must}`
  }
  return undefined
}

/** Throws a `KingletError` unless `value` has the form of a table. `what` names it in the error. */
export function assertTable(value: unknown, what: string): asserts value is LatencyTable {
  if (!isObject(value))
    throw new KingletError(`${what}: it is not a latency table: use a file that kinglet measure wrote`)
  const wrong = wrongIn(value, tableMembers)
  if (wrong) throw new KingletError(`${what}: ${wrong}`)
  for (const [i, entry] of (value.entries as unknown[]).entries()) {
    const wrong = isObject(entry) ? wrongIn(entry, entryMembers) : 'it is not an object'
    if (wrong) throw new KingletError(`${what}: entry ${i}: ${wrong}`)
  }
}

const checksumOf = (json: string): string => crc32InLoops(new TextEncoder().encode(json)).toString(16).padStart(8, '0')

/** Returns the text of a table's file. */
export function writeTable(table: LatencyTable): string {
  const { entries, ...rest } = table
  const head = { kinglet_latency: arrangement, checksum: checksumOf(JSON.stringify({ ...rest, entries })) }
  const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`)
  const members = Object.entries({ ...head, ...rest }).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  )
  return `{\n${[...members, `  "entries": [\n${lines.join(',\n')}\n  ]`].join(',\n')}\n}\n`
}

/**
 * Reads the text of a table's file; `what` names it in errors. Throws a `KingletError` for text that is damaged, truncated
 * or not a table.
 *
 * @example
 * ```ts
 * import { type LatencyTable, readTable, writeTable } from 'kinglet/search'
 *
 * const table: LatencyTable = {
 *   device: { name: 'Pixel 8', system: 'Android 14', cores: 9 },
 *   engine: 'wasm on Chrome 130',
 *   kinglet: '0.1.0',
 *   threads: 1,
 *   created: '2026-11-26T12:00:00Z',
 *   referenceMs: 0.1,
 *   entries: [{ layer: 'linear', channels: [576, 1024], ms: { lower: 0.1, median: 0.12, upper: 0.13 } }],
 * }
 * readTable(writeTable(table), 'pixel.json').device.name // => 'Pixel 8'
 * ```
 */
export function readTable(text: string, what: string): LatencyTable {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new KingletError(`${what}: it is not JSON: the file is damaged, or not a latency table`, { cause })
  }
  if (!isObject(value) || value.kinglet_latency === undefined)
    throw new KingletError(`${what}: it is not a latency table: use a file that kinglet measure wrote`)
  const { kinglet_latency, checksum, entries, ...rest } = value
  if (kinglet_latency !== arrangement)
    throw new KingletError(
      `${what}: a latency table of kind ${kinglet_latency}, this version of Kinglet reads kind ${arrangement}: ` +
        'measure it again',
    )
  const table = { ...rest, entries }
  assertTable(table, what)
  const found = checksumOf(JSON.stringify(table))
  if (found !== checksum)
    throw new KingletError(
      `${what}: its checksum is ${found}, ${checksum} was written: the file was changed or damaged`,
    )
  return table
}

const showDevice = ({ name, system, cores }: Device): string => `${name}, ${system}, ${cores} cores`
const shown: { readonly [K in keyof MeasuredWith]-?: (value: MeasuredWith[K]) => string } = {
  device: showDevice,
  engine: String,
  kinglet: (version) => `Kinglet ${version}`,
  threads: (n) => `${n} ${n === 1 ? 'thread' : 'threads'}`,
}

/** Describes in one line what a table was measured with. */
export const describeTable = ({ device, engine, kinglet, threads }: MeasuredWith): string =>
  [shown.device(device), engine, shown.kinglet(kinglet), shown.threads(threads)].join('; ')

/**
 * Throws a `KingletError` if a table was measured with something else than `expected`. A member that `expected` leaves out
 * is not checked (such as the device, where a search is for another one than this). `wayOut` ends the message.
 */
export function assertMeasuredWith(
  table: MeasuredWith,
  expected: Partial<MeasuredWith>,
  what: string,
  wayOut = 'measure it here with kinglet measure',
): void {
  for (const name of ['kinglet', 'engine', 'device', 'threads'] as const) {
    const wanted = expected[name]
    if (wanted === undefined) continue
    const show = shown[name] as (value: unknown) => string
    const [was, is] = [show(table[name]), show(wanted)]
    if (was !== is)
      throw new KingletError(`${what}: a latency table measured with ${was}, and this is ${is}: ${wayOut}`)
  }
}
