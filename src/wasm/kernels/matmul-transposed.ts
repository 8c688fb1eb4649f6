/**
 * Products over the rows of both operands: weight gradients, y [K, N] = the sum over m of a[m, k] b[m, n]. There are far
 * more rows than results, so rows are cut into chunks (by the shape alone). Each chunk is read once and summed into its
 * own partial results, which are added in order. Within a chunk, rows are processed in blocks whose cache lines stay in
 * the first-level cache while the loop runs over all tiles of y.
 */
import type { Value } from '../../ops/index.ts'
import { i32, v128 } from '../assembler/index.ts'
import { panelColumns } from '../passes/packed-matmul.ts'
import type { Target } from '../target.ts'
import { elementBytes } from './elements.ts'
import type { Family, Kernel } from './kernel.ts'
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

/**
 * How rows are cut into chunks. Chunks fix the order of a sum, so they are the same for every target. There are at most
 * `mostChunks` chunks, of multiples of `chunkUnit` rows. All partial results together have at most `mostPartial` elements,
 * which are written and read once more.
 */
const mostChunks = 16
const chunkUnit = 128
const mostPartial = 1 << 19

function rowsTransposed(v: Value, target: Target, columns: number, packed: boolean): Kernel {
  const [a, b] = v.inputs
  const [m, k] = a.shape
  const [aBytes, bBytes, yBytes] = [a, b, v].map(elementBytes)
  const { transposedRows: blockRows } = target.products
  const leastPieces = target.pieces.least
  const [stripeWidth, stripes] = [stripeColumns(target), stripesOf(target, columns)]
  const most = Math.min(mostChunks, Math.ceil(m / chunkUnit), Math.floor(mostPartial / (k * columns)))
  const chunkRows = Math.ceil(Math.ceil(m / Math.max(1, most)) / chunkUnit) * chunkUnit
  const chunks = Math.ceil(m / chunkRows)
  // Minimum rows of y in a piece: as many as a cache line of a row of a holds.
  const lineRows = target.cacheLine / aBytes
  const lines = Math.ceil(k / lineRows)
  const rowGroups = Math.min(lines, Math.ceil(leastPieces / chunks))
  const groupRows = Math.ceil(lines / rowGroups) * lineRows
  const groups = Math.ceil(k / groupRows)
  const bRow = (packed ? panelColumns : columns) * bBytes
  const bStripe = (packed ? m * stripeWidth : stripeWidth) * bBytes
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
            const sumsAt = f.let(chunks === 1 ? at.y : i32.add(at.scratch, i32.mul(chunk, k * columns * yBytes)))
            f.for(first, end, blockRows, (start) => {
              const count = f.let(i32.sub(end, start))
              f.if(i32.gtU(count, blockRows), () => f.set(count, blockRows))
              const bBlock = f.let(i32.add(at.inputs[1], i32.mul(start, bRow)))
              const aBlock = f.let(i32.add(at.inputs[0], i32.mul(start, k * aBytes)))
              eachStripe(f, target, [f.let(i32.const(0)), f.let(i32.const(stripes))], columns, (stripe, real) => {
                const panel = f.let(i32.add(bBlock, i32.mul(stripe, bStripe)))
                const yStripe = f.let(i32.add(sumsAt, i32.mul(stripe, stripeWidth * yBytes)))
                eachTile(f, [firstRow, endRow], k, tileFor(target, real), (tile, row) => {
                  const sums = newSums(f, tile)
                  const y = f.let(i32.add(yStripe, i32.mul(row, columns * yBytes)))
                  f.if(
                    i32.eq(start, first),
                    () => clearSums(f, sums),
                    () => {
                      for (const [i, list] of sums.entries())
                        for (const [j, sum] of list.entries()) f.set(sum, v128.load(y, i * columns * yBytes + j * 16))
                    },
                  )
                  addSteps(
                    f,
                    sums,
                    count,
                    { start: i32.add(aBlock, i32.mul(row, aBytes)), step: k * aBytes, next: aBytes },
                    { start: panel, step: bRow, next: (packed ? m : 1) * panelColumns * bBytes },
                  )
                  storeSums(f, tile, sums, y, columns * yBytes)
                })
              })
            })
          })
        },
      },
      ...(chunks === 1 ? [] : [combine(target, partial)]),
    ],
    ...(chunks === 1 ? {} : { scratchBytes: partialBytes(partial) }),
  }
}

/** packed_matmul with a transposed left operand. */
export const packedTransposed: Family = (v, target) => rowsTransposed(v, target, v.attrs.columns, true)

/** matmul with a transposed left operand and a right operand that is not. */
export const transposedProduct: Family = (v, target) => rowsTransposed(v, target, v.shape[1], false)
