/**
 * How a paper's table is written down: one tuple a row, the paper's own columns and integers. A family's file reads its
 * tuples into {@link TableRow}s; width, resolution and all other arguments of `build` then change rows, never tables.
 */
import type { Activation } from './activation.ts'

/**
 * `conv`: convolution, batch norm, activation. `separable`: depthwise and pointwise (V1). `bneck`: expand, depthwise,
 * project (V2, V3). `basic`, `bottleneck`: ResNet's blocks. `max_pool`: 3x3. `pool`: global average. `linear`: fully
 * connected, after the pool.
 */
export type Operator = 'conv' | 'separable' | 'bneck' | 'basic' | 'bottleneck' | 'max_pool' | 'pool' | 'linear'

/** One layer or block of a network. */
export interface Row {
  /** `stem`, `blocks.0` and on, `last`, `pool`, `head`, `classifier`: the layer's name in the graph. */
  readonly name: string
  /** `112x112x16`: what the paper says goes in, at 224 x 224 and width 1. Shape inference confirms it. */
  readonly input?: string
  readonly operator: Operator
  readonly kernel: number
  /** Channels inside the block (expansion of a bneck, width of a bottleneck); 0 where there are none. */
  readonly exp: number
  readonly out: number
  readonly act: Activation | 'none'
  /** Activation of what leaves the block: after the projection of a bneck. */
  readonly outAct: Activation | 'none'
  readonly stride: number
  readonly dilation: number
  /** The block's input is added to its output, where stride and channels allow it. */
  readonly shortcut: boolean
  readonly se: boolean
  /** Channels between the two layers of squeeze-and-excitation; 0 where there is none. */
  readonly squeeze: number
  /** The depthwise convolution and the pointwise one after it are one convolution over all channels. */
  readonly standard: boolean
  /** Of a `linear` row. */
  readonly bias: boolean
}

/** A row as the table has it: `k` is the number of classes, `t` the expansion of V2 in units of the input. */
export type TableRow = Omit<Row, 'out'> & { readonly out: number | 'k'; readonly t: number }

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

const isBlock = ({ operator }: Pick<Row, 'operator'>): boolean =>
  operator !== 'conv' && operator !== 'max_pool' && operator !== 'pool' && operator !== 'linear'

/** The rows that `se` and the number in `blocks.3` count. */
export const blocksOf = <R extends Pick<Row, 'operator'>>(rows: readonly R[]): R[] => rows.filter(isBlock)

/** What a family reads out of a tuple; the rest has these values. */
export type Cells = OperatorCell & Pick<TableRow, 'out'> & Partial<TableRow> & { readonly n?: number | undefined }
const empty = {
  exp: 0,
  t: 0,
  act: 'none',
  outAct: 'none',
  stride: 1,
  dilation: 1,
  shortcut: true,
  se: false,
  squeeze: 0,
  standard: false,
  bias: true,
} as const

/** Names rows, and repeats those that ask for `n`: the first has the stride, the others follow it. */
export function table(rows: readonly Cells[]): TableRow[] {
  const repeated = rows.flatMap(({ n = 1, ...row }) =>
    Array.from({ length: n }, (_, i): Omit<TableRow, 'name'> => {
      const { input, ...again } = { ...empty, ...row }
      return i === 0 ? { ...empty, ...row } : { ...again, stride: 1 }
    }),
  )
  const first = repeated.findIndex(isBlock)
  let blocks = 0
  return repeated.map((row, i) => ({ ...row, name: isBlock(row) ? `blocks.${blocks++}` : nameOf(row, i < first) }))
}

const nameOf = (row: Omit<TableRow, 'name'>, before: boolean): string =>
  row.operator === 'conv'
    ? before
      ? 'stem'
      : 'last'
    : row.operator === 'max_pool'
      ? 'stem_pool'
      : row.operator === 'pool'
        ? 'pool'
        : row.out === 'k'
          ? 'classifier'
          : 'head'
