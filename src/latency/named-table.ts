/** A latency table with the name of its file and a checksum of its text, by which a run or a study identifies it. */
import { version } from '../core/index.ts'
import { crc32InLoops } from '../formats/index.ts'
import { assertMeasuredWith, type LatencyTable, readTable } from './table.ts'

export interface NamedTable {
  /** Path or address, for errors. */
  readonly name: string
  readonly table: LatencyTable
  readonly checksum: string
}

/** Reads the text of a table. Throws a `KingletError` if another version of Kinglet measured it. */
export function namedTable(text: string, name: string): NamedTable {
  const table = readTable(text, name)
  // The device may be another one than this.
  assertMeasuredWith(table, { kinglet: version }, name, 'measure the device again with kinglet measure')
  return { name, table, checksum: crc32InLoops(new TextEncoder().encode(text)).toString(16) }
}
