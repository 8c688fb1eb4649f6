/** A latency table with what a run or a study knows it by: the name of its file, and a checksum of its text. */
import { version } from '../core/index.ts'
import { crc32InLoops } from '../formats/index.ts'
import { assertMeasuredWith, type LatencyTable, readTable } from './table.ts'

export interface NamedTable {
  /** Path or address, for errors. */
  readonly name: string
  readonly table: LatencyTable
  readonly checksum: string
}

/** Reads the text of a table. Throws a `KingletError` for one of other kernels than those of this version. */
export function namedTable(text: string, name: string): NamedTable {
  const table = readTable(text, name)
  // The device may well be another one than this.
  assertMeasuredWith(table, { kinglet: version }, name, 'measure the device again with kinglet measure')
  return { name, table, checksum: crc32InLoops(new TextEncoder().encode(text)).toString(16) }
}
