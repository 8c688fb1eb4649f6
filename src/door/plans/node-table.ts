/** Opens latency tables by path. */
import { readFileSync } from 'node:fs'
import { type NamedTable, namedTable } from '../../latency/index.ts'

/**
 * Reads the latency table in a file. Throws a `KingletError` if it was measured with other kernels than this version's.
 */
export const openTable = (path: string | undefined): NamedTable | undefined =>
  path === undefined ? undefined : namedTable(readFileSync(path, 'utf8'), path)
