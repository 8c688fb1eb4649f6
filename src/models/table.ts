/**
 * The notation of a paper's table: one tuple for each row, with the paper's columns and integers. A family's file reads its
 * tuples into {@link TableRow}s. Width, resolution and all other options of `build` then change rows, never tables.
 */
import { type AnyColumns, blank, blockOf, type Operator, type Row } from './blocks/index.ts'

/** A row of a table. `k` is the number of classes, `t` the expansion of V2 as a multiple of the input. */
export type TableRow = Omit<AnyColumns, 'out'> &
  Pick<Row, 'name' | 'operator' | 'input'> & { readonly out: number | 'k'; readonly t: number }

export interface OperatorCell {
  readonly operator: Operator
  readonly kernel: number
}
const cell =
  (operator: Operator) =>
  (kernel: number): OperatorCell => ({ operator, kernel })

export const conv = cell('conv')
export const separable = cell('separable')
export const bneck = cell('bneck')
export const basic = cell('basic')
export const bottleneck = cell('bottleneck')
export const maxPool = cell('max_pool')
export const pool: OperatorCell = { operator: 'pool', kernel: 0 }
export const dense: OperatorCell = { operator: 'linear', kernel: 1 }
/** An empty cell. */
export const _ = undefined

/** Whether a row is a block: what `se` and the number in `blocks.3` count. */
export const isBlock = (row: Pick<Row, 'operator'>): boolean => blockOf(row).kind !== 'layer'

/** The rows that are blocks. */
export const blocksOf = <R extends Pick<Row, 'operator'>>(rows: readonly R[]): R[] => rows.filter(isBlock)

/** The cells that a family reads from a tuple. The other columns have default values. */
export type Cells = OperatorCell & Pick<TableRow, 'out'> & Partial<TableRow> & { readonly n?: number | undefined }
const empty = { ...blank, t: 0 }

/** Names rows and repeats each one `n` times. Only the first repetition has the stride. */
export function table(rows: readonly Cells[]): TableRow[] {
  const repeated = rows.flatMap(({ n = 1, ...row }) =>
    Array.from({ length: n }, (_, i): Omit<TableRow, 'name'> => {
      const { input, ...again } = { ...empty, ...row }
      return i === 0 ? { ...empty, ...row } : { ...again, stride: 1 }
    }),
  )
  const first = repeated.findIndex(isBlock)
  let blocks = 0
  return repeated.map((row, i) => {
    const { title } = blockOf(row)
    const place = { isBefore: i < first, isClassifier: row.out === 'k' }
    return { ...row, name: title ? title(place) : `blocks.${blocks++}` }
  })
}
