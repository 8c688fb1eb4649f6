/**
 * The tile of matrix products: a few rows by some panels of columns. Its sums stay in vectors while the loop runs over the
 * inner dimension. A step loads the row of b once, and one element per row of a, which is multiplied by all columns. The
 * target lists the tiles. Columns are cut into stripes as wide as the widest tile.
 */
import { type Expr, type FunctionBuilder, i32, type Local, v128 } from '../assembler/index.ts'
import { panelColumns } from '../passes/packed-matmul.ts'
import type { Target, TileSize } from '../target.ts'
import { splat } from './lanes.ts'
import { storeLanes } from './store-lanes.ts'

/** Number of columns that are processed together. */
export const stripeColumns = ({ products: { tiles } }: Target): number => tiles[tiles.length - 1].columns
export const stripesOf = (target: Target, columns: number): number => Math.ceil(columns / stripeColumns(target))

/** Rows of the highest tile. Blocks of rows are multiples of it. */
export const rowUnit = ({ products: { tiles } }: Target): number => Math.max(...tiles.map(({ rows }) => rows))

/** A tile with `columns` valid columns; the rest of its last panel is not stored. */
export type Tile = TileSize

/** The tile for a stripe with `columns` valid columns. */
export const tileFor = ({ products: { tiles } }: Target, columns: number): Tile => ({
  rows: tiles.find((tile) => columns <= tile.columns)!.rows,
  columns,
})

/** Vectors in a row of a tile: those of its panels. */
const vectors = ({ columns }: Tile): number => (Math.ceil(columns / panelColumns) * panelColumns) / 4

/** The sums of a tile, by row and vector. */
export type Sums = readonly (readonly Local<'v128'>[])[]

export const newSums = (f: FunctionBuilder, tile: Tile): Sums =>
  Array.from({ length: tile.rows }, () => Array.from({ length: vectors(tile) }, () => f.local('v128')))

export function clearSums(f: FunctionBuilder, sums: Sums): void {
  for (const sum of sums.flat()) f.set(sum, splat(0))
}

/** Byte strides of the operands: from step to step; for a also from row to row; for b also from panel to panel. */
export interface Walk {
  readonly start: Expr<'i32'>
  readonly step: number
  readonly next: number
}

/**
 * Adds `count` steps to the sums. The loop counts by b's pointer, and a's follows. Never unrolled: V8 moves the loads of
 * straight code to its start, and with two steps the vectors that wait are spilled (Node 20: 40 GFLOP/s with one step, 26
 * with two).
 */
export function addSteps(f: FunctionBuilder, sums: Sums, count: Expr<'i32'>, a: Walk, b: Walk): void {
  const pa = f.let(a.start)
  const first = f.let(b.start)
  f.for(first, i32.add(first, i32.mul(count, b.step)), b.step, (pb) => {
    const row = sums[0].map((_, j) => f.let(v128.load(pb, (j >> 1) * b.next + (j & 1) * 16)))
    for (const [i, list] of sums.entries()) {
      const x = f.let(v128.load32Splat(pa, i * a.next))
      for (const [j, sum] of list.entries()) f.madd(sum, x, row[j])
    }
    f.set(pa, i32.add(pa, a.step))
  })
}

/** Runs `body` for each vector of a tile's row that has valid columns, with its place in bytes and their number. */
export function eachVector({ columns }: Tile, body: (vector: number, offset: number, lanes: number) => void): void {
  for (let j = 0; j * 4 < columns; j++) body(j, j * 16, Math.min(4, columns - j * 4))
}

/** Stores the sums unchanged, in rows `rowBytes` apart. */
export function storeSums(f: FunctionBuilder, tile: Tile, sums: Sums, address: Expr<'i32'>, rowBytes: number): void {
  for (const [i, list] of sums.entries())
    eachVector(tile, (j, offset, lanes) => storeLanes(f, address, list[j], lanes, i * rowBytes + offset))
}

/** Runs `tile` over rows `start` <= row < `end`, `rows` at a time. The remaining rows at `limit` are one more tile. */
export function eachTile(
  f: FunctionBuilder,
  [start, end]: readonly [Expr<'i32'>, Local<'i32'>],
  limit: number,
  shape: Tile,
  tile: (shape: Tile, row: Expr<'i32'>) => void,
): void {
  const rest = limit % shape.rows
  f.for(start, i32.and(end, -shape.rows), shape.rows, (row) => tile(shape, row))
  if (rest) f.if(i32.eq(end, limit), () => tile({ ...shape, rows: rest }, i32.const(limit - rest)))
}

/** First item and end of part `index`, when `limit` items are cut into parts of at most `each`. */
export function part(
  f: FunctionBuilder,
  index: Expr<'i32'>,
  each: number,
  limit: number,
): [Local<'i32'>, Local<'i32'>] {
  const first = f.let(i32.mul(index, each))
  const end = f.let(i32.add(first, each))
  if (limit % each) f.if(i32.gtU(end, limit), () => f.set(end, limit))
  return [first, end]
}

/** Runs `body` for the stripes `first` <= stripe < `end` of `columns` columns: full ones in a loop, then the last. */
export function eachStripe(
  f: FunctionBuilder,
  target: Target,
  [first, end]: readonly [Local<'i32'>, Local<'i32'>],
  columns: number,
  body: (stripe: Expr<'i32'>, columns: number) => void,
): void {
  const stripe = stripeColumns(target)
  const [whole, rest] = [Math.floor(columns / stripe), columns % stripe]
  const wholeEnd = rest ? f.let(i32.select(end, i32.const(whole), i32.ltU(end, whole))) : end
  if (whole) f.for(first, wholeEnd, 1, (index) => body(index, stripe))
  if (rest) f.if(i32.and(i32.gtU(end, whole), i32.leU(first, whole)), () => body(i32.const(whole), rest))
}
