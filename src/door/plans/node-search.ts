/** The file access of a search: spaces and latency tables by path, and training runs in the folders of trials. */
import { existsSync, readFileSync } from 'node:fs'
import { UsageError } from '../../core/index.ts'
import { keepInFolder, readSpace, type Space } from '../../search/node.ts'
import { memberName, type OptionName } from '../option-name.ts'
import { openTable } from './node-table.ts'
import type { SearchPlan } from './search.ts'
import { assertTableSuits, type PreparedSearch, prepareSearch, type SearchMachine } from './search-parts.ts'
import { spaceNamed } from './space.ts'

/** Opens and joins the spaces that `text` lists: names and files, separated by commas. */
export const openSpace = (text: string, size: number | undefined, called: OptionName = memberName): Space =>
  spaceNamed(text, {
    size,
    read(name) {
      const isThere = existsSync(name)
      if (!isThere && !/[./\\]/.test(name)) return undefined
      if (!isThere) throw new UsageError(`${called('space')} ${name}: there is no such file`)
      return readSpace(readFileSync(name, 'utf8'), name)
    },
  })

export interface FileMachine extends Omit<SearchMachine, 'table' | 'keep'> {
  /** Path of a latency table from `kinglet measure`. */
  readonly table?: string | undefined
}

/** `prepareSearch` with the path of a latency table. Trials save their training in their folders. */
export function prepareSearchInFiles(
  plan: SearchPlan,
  { table, ...machine }: FileMachine,
  called: OptionName = memberName,
): PreparedSearch {
  assertTableSuits(plan, table, called)
  const file = openTable(table)
  return prepareSearch(plan, { ...machine, ...(file && { table: file }), keep: keepInFolder }, called)
}
