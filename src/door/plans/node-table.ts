/** Latency tables by their paths. */
import { readFileSync } from 'node:fs'
import { type NamedTable, namedTable } from '../../latency/index.ts'

/** The latency table in a file. Throws a `KingletError` for one of other kernels than those of this version. */
export const openTable = (path: string | undefined): NamedTable | undefined =>
  path === undefined ? undefined : namedTable(readFileSync(path, 'utf8'), path)
