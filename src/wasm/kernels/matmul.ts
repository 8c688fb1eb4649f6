/**
 * Products of rows with packed columns: pointwise convolutions, linear layers, patches. Rows are taken in blocks that
 * stay in the second-level cache while all of b passes; row strides are immediates, so one pointer walks a and one b.
 */
import { type Expr, type FunctionBuilder, i32, type Local } from '../assembler/index.ts'
import { panelColumns } from '../passes/packed-matmul.ts'
import { storeLanes } from './channels.ts'
import { type Epilogue, epilogueOf } from './epilogue.ts'
import { type Addresses, type Family, type Kernel, leastPieces } from './kernel.ts'
import {
  addSteps,
  clearSums,
  eachStripe,
  eachTile,
  eachVector,
  newSums,
  part,
  type Sums,
  stripeColumns,
  stripesOf,
  type Tile,
  tileFor,
} from './tile.ts'

/** Bytes of a's rows in a block, and how many rows it has at most and at least. */
const blockBytes = 128 * 1024
const mostRows = 256
const fewestRows = 16
const rowUnit = 4
/** Applies the epilogue to a tile's sums and stores them: `first` is its first element's place in y. */
export function finishTile(
  f: FunctionBuilder,
  at: Addresses,
  epilogue: Epilogue,
  tile: Tile,
  sums: Sums,
  { first, channel, rowBytes }: { first: Local<'i32'>; channel: Local<'i32'>; rowBytes: number },
): void {
  for (const [i, list] of sums.entries()) {
    const full = i === 0 ? first : f.let(i32.add(first, i * rowBytes))
    const values: { value: Expr<'v128'>; offset: number; lanes: number }[] = []
    eachVector(tile, (j, offset, lanes) => {
      values.push({ value: epilogue.apply(f, at, { full, channel, offset }, list[j]), offset, lanes })
    })
    const y = i32.add(at.y, full)
    for (const { value, offset, lanes } of values) storeLanes(f, y, value, lanes, offset)
  }
}

/** packed_matmul, alone or with an epilogue: a [M, K] by rows times packed b. */
export const packedProduct: Family = (v): Kernel => {
  const epilogue = epilogueOf(v)
  const { columns } = epilogue.op.attrs as { columns: number }
  const [m, k] = epilogue.op.inputs[0].shape
  const stripes = stripesOf(columns)
  const cachedRows = Math.floor(blockBytes / (k * 4 * rowUnit)) * rowUnit
  // Few columns: more blocks of rows instead, or threads get uneven shares (3 stripes for 2 threads).
  const evenRows = Math.ceil(m / Math.ceil(leastPieces / stripes) / rowUnit) * rowUnit
  const blockRows = Math.min(mostRows, Math.max(fewestRows, Math.min(cachedRows, evenRows)))
  const blocks = Math.ceil(m / blockRows)
  const groupStripes = Math.ceil(stripes / Math.min(stripes, Math.ceil(leastPieces / blocks)))
  const groups = Math.ceil(stripes / groupStripes)
  // Which pieces are neighbours, so that one thread does them. By rows each thread reads all of b; by columns all of a,
  // and the next layer finds half of y in another core's cache. Two threads: V1 3 to 5 % faster than with rows alone.
  const byColumns = k * columns > (m * (k + columns)) / 2
  return {
    phases: [
      {
        key: `matmul ${m} ${k} ${columns} ${epilogue.key}`,
        pieces: blocks * groups,
        macs: m * k * columns,
        emit(f, from, to, at) {
          const [a, b] = [epilogue.input(at, 0), epilogue.input(at, 1)]
          f.for(from, to, 1, (p) => {
            const rows = part(f, byColumns ? i32.remU(p, blocks) : i32.divU(p, groups), blockRows, m)
            const group = byColumns ? i32.divU(p, blocks) : i32.remU(p, groups)
            eachStripe(f, part(f, group, groupStripes, stripes), columns, (stripe, real) => {
              const channel = f.let(i32.mul(stripe, stripeColumns * 4))
              const panel = f.let(i32.add(b, i32.mul(stripe, k * stripeColumns * 4)))
              eachTile(f, rows, m, tileFor(real), (tile, row) => {
                const sums = newSums(f, tile)
                clearSums(f, sums)
                addSteps(
                  f,
                  sums,
                  i32.const(k),
                  { start: i32.add(a, i32.mul(row, k * 4)), step: 4, next: k * 4 },
                  { start: panel, step: panelColumns * 4, next: k * panelColumns * 4 },
                )
                const first = f.let(i32.add(i32.mul(row, columns * 4), channel))
                finishTile(f, at, epilogue, tile, sums, { first, channel, rowBytes: columns * 4 })
              })
            })
          })
        },
      },
    ],
  }
}
