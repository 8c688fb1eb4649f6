/**
 * Products over the rows of both operands: weight gradients, y [K, N] = the sum over m of a[m, k] b[m, n]. There are far
 * more rows than results, so rows are cut into chunks (by the shape alone), each chunk is read once and summed into
 * partial results of its own, and these are added in order. Within a chunk rows go in blocks whose cache lines stay in
 * the first-level cache while all tiles of y pass over them.
 */
import type { Value } from '../../ops/index.ts'
import { i32, v128 } from '../assembler/index.ts'
import { panelColumns } from '../passes/packed-matmul.ts'
import { type Family, type Kernel, leastPieces } from './kernel.ts'
import { combine, partialBytes } from './reduce.ts'
import {
  addSteps,
  clearSums,
  eachStripe,
  eachTile,
  newSums,
  part,
  storeSums,
  stripeColumns,
  stripesOf,
  tileFor,
} from './tile.ts'

/** Rows of a block: a stripe of b and one of a take 64 bytes each of a row, so 16 KiB of 32. */
const blockRows = 128
/** Elements that all partial results may have: they are written and read once more. */
const mostPartial = 1 << 19
/** Rows of y that a piece takes at least: as many as a cache line of a row of a holds. */
const lineRows = 16

function rowsTransposed(a: Value, columns: number, packed: boolean): Kernel {
  const [m, k] = a.shape
  const stripes = stripesOf(columns)
  const most = Math.min(leastPieces, Math.ceil(m / blockRows), Math.floor(mostPartial / (k * columns)))
  const chunkRows = Math.ceil(Math.ceil(m / Math.max(1, most)) / blockRows) * blockRows
  const chunks = Math.ceil(m / chunkRows)
  const lines = Math.ceil(k / lineRows)
  const rowGroups = Math.min(lines, Math.ceil(leastPieces / chunks))
  const groupRows = Math.ceil(lines / rowGroups) * lineRows
  const groups = Math.ceil(k / groupRows)
  const bRow = packed ? panelColumns * 4 : columns * 4
  const bStripe = packed ? 2 * m * panelColumns * 4 : stripeColumns * 4
  const partial = { sums: 1, outer: 1, blocks: chunks, columns: k * columns }
  return {
    phases: [
      {
        key: `matmul transposed ${m} ${k} ${columns} ${packed}`,
        pieces: chunks * groups,
        macs: m * k * columns,
        emit(f, from, to, at) {
          f.for(from, to, 1, (p) => {
            const chunk = f.let(i32.divU(p, groups))
            const [first, end] = part(f, chunk, chunkRows, m)
            const [firstRow, endRow] = part(f, i32.remU(p, groups), groupRows, k)
            const target = f.let(chunks === 1 ? at.y : i32.add(at.scratch, i32.mul(chunk, k * columns * 4)))
            f.for(first, end, blockRows, (start) => {
              const count = f.let(i32.sub(end, start))
              f.if(i32.gtU(count, blockRows), () => f.set(count, blockRows))
              const bBlock = f.let(i32.add(at.inputs[1], i32.mul(start, bRow)))
              const aBlock = f.let(i32.add(at.inputs[0], i32.mul(start, k * 4)))
              eachStripe(f, [f.let(i32.const(0)), f.let(i32.const(stripes))], columns, (stripe, real) => {
                const b = f.let(i32.add(bBlock, i32.mul(stripe, bStripe)))
                const yStripe = f.let(i32.add(target, i32.mul(stripe, stripeColumns * 4)))
                eachTile(f, [firstRow, endRow], k, tileFor(real), (tile, row) => {
                  const sums = newSums(f, tile)
                  const y = f.let(i32.add(yStripe, i32.mul(row, columns * 4)))
                  f.if(
                    i32.eq(start, first),
                    () => clearSums(f, sums),
                    () => {
                      for (const [i, list] of sums.entries())
                        for (const [j, sum] of list.entries()) f.set(sum, v128.load(y, i * columns * 4 + j * 16))
                    },
                  )
                  addSteps(
                    f,
                    sums,
                    count,
                    { start: i32.add(aBlock, i32.mul(row, 4)), step: k * 4, next: 4 },
                    { start: b, step: bRow, next: packed ? m * panelColumns * 4 : panelColumns * 4 },
                  )
                  storeSums(f, tile, sums, y, columns * 4)
                })
              })
            })
          })
        },
      },
      ...(chunks === 1 ? [] : [combine(partial)]),
    ],
    ...(chunks === 1 ? {} : { scratchBytes: partialBytes(partial) }),
  }
}

/** packed_matmul whose left operand is transposed. */
export const packedTransposed: Family = (v) => rowsTransposed(v.inputs[0], v.attrs.columns, true)

/** matmul whose left operand is transposed and whose right one is not. */
export const transposedProduct: Family = (v) => rowsTransposed(v.inputs[0], v.shape[1], false)
