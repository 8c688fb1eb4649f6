/**
 * Matrix products. The heart is a tile of 4 rows by 8 columns held in eight vectors: per step of the inner dimension
 * two vector loads of b, four broadcast loads of a, eight multiplies and adds. Row strides are immediates, so one
 * pointer walks a and one walks b. (4x8: eight accumulators, two of b and one of a fit x86's sixteen registers with
 * room to spare; 6x8 spilled under Node 20.)
 */
import type { Value } from '../../ops/index.ts'
import { type Expr, type FunctionBuilder, f32x4, i32, type Local, v128 } from '../assembler/index.ts'
import { panelColumns, panelsOf } from '../packed.ts'
import { epilogueOf } from './epilogue.ts'
import type { Family, Kernel } from './kernel.ts'
import { splat } from './lanes.ts'

const tileRows = 4
/** Bytes of a's rows that a piece works on: they stay in the second-level cache while every panel of b passes. */
const blockBytes = 128 * 1024
/** Pieces to aim for when rows alone give too few: enough for several threads, few enough to keep panels long. */
const leastPieces = 16

const remainder = (n: number, by: number): number => n % by

/** How many of a panel's eight columns are real. */
const columnsIn = (last: boolean, columns: number): number => (last ? remainder(columns, panelColumns) || 8 : 8)

/** Stores the first `count` of eight values at address + offset. */
function storeColumns(
  f: FunctionBuilder,
  address: Expr<'i32'>,
  values: readonly Expr<'v128'>[],
  count: number,
  offset = 0,
): void {
  for (const [j, value] of values.entries()) {
    const here = count - j * 4
    if (here >= 4) f.store(address, value, offset + j * 16)
    else if (here > 0) {
      const kept = f.let(value)
      for (let lane = 0; lane < here; lane++)
        f.storeLane32(address, kept, lane as 0 | 1 | 2, offset + j * 16 + lane * 4)
    }
  }
}

const accumulators = (f: FunctionBuilder, rows: number): Local<'v128'>[][] =>
  Array.from({ length: rows }, () => [f.local('v128'), f.local('v128')])

/** One step of the inner dimension: acc[i] += a[i] * b, a's element i at `row * i` bytes from `a`. */
function step(
  f: FunctionBuilder,
  acc: readonly (readonly Local<'v128'>[])[],
  a: Expr<'i32'>,
  row: number,
  b: Expr<'i32'>,
): void {
  const [b0, b1] = [f.let(v128.load(b)), f.let(v128.load(b, 16))]
  for (const [i, [c0, c1]] of acc.entries()) {
    const x = f.let(v128.load32Splat(a, i * row))
    f.set(c0, f32x4.add(c0, f32x4.mul(x, b0)))
    f.set(c1, f32x4.add(c1, f32x4.mul(x, b1)))
  }
}

/**
 * Runs `count` steps: b's pointer counts, a's follows. Never unrolled: V8 gathers the loads of a straight piece of code
 * at its front, and with two steps in a piece the vectors that wait for their turn are spilled (measured under
 * Node 20: 46 GFLOP/s a core with one step, 29 with two, 23 with four).
 */
function walk(
  f: FunctionBuilder,
  acc: readonly (readonly Local<'v128'>[])[],
  count: Expr<'i32'> | number,
  a: { readonly start: Expr<'i32'>; readonly stride: number; readonly row: number },
  b: { readonly start: Expr<'i32'>; readonly stride: number },
): void {
  const pa = f.let(a.start)
  const first = f.let(b.start)
  f.for(first, i32.add(first, i32.mul(count, b.stride)), b.stride, (pb) => {
    step(f, acc, pa, a.row, pb)
    f.set(pa, i32.add(pa, a.stride))
  })
}

/** a [M, K] times packed b, with an epilogue. */
const rowsTimesPanels: Family = (v): Kernel => {
  const epilogue = epilogueOf(v)
  const { columns } = epilogue.op.attrs as { columns: number }
  const [m, k] = epilogue.op.inputs[0].shape
  const panels = panelsOf(columns)
  const blockRows = Math.min(256, Math.max(16, Math.floor(blockBytes / (k * 4 * tileRows)) * tileRows))
  const blocks = Math.ceil(m / blockRows)
  const groups = Math.min(panels, Math.ceil(leastPieces / blocks))
  const groupPanels = Math.ceil(panels / groups)
  return {
    phases: [
      {
        key: `matmul ${m} ${k} ${columns} ${epilogue.key}`,
        pieces: blocks * groups,
        emit(f, from, to, at) {
          const a = epilogue.input(at, 0)
          const b = epilogue.input(at, 1)
          const tile = (rows: number, row: Expr<'i32'>, panel: Local<'i32'>, count: number) => {
            const acc = accumulators(f, rows)
            for (const c of acc.flat()) f.set(c, splat(0))
            walk(
              f,
              acc,
              i32.const(k),
              { start: i32.add(a, i32.mul(row, k * 4)), stride: 4, row: k * 4 },
              { start: i32.add(b, i32.mul(panel, k * panelColumns * 4)), stride: panelColumns * 4 },
            )
            const channel = f.let(i32.mul(panel, panelColumns * 4))
            const first = f.let(i32.add(i32.mul(row, columns * 4), channel))
            for (const [i, values] of acc.entries()) {
              const full = i === 0 ? first : f.let(i32.add(first, i * columns * 4))
              const stored = values
                .filter((_, j) => count > j * 4)
                .map((c, j) => epilogue.apply(f, at, { full, channel, offset: j * 16 }, c))
              storeColumns(f, i32.add(at.y, full), stored, count)
            }
          }
          const inBlock = (start: Local<'i32'>, end: Local<'i32'>, panel: Local<'i32'>, count: number) => {
            const tail = remainder(m, tileRows)
            f.for(start, i32.and(end, -tileRows), tileRows, (row) => tile(tileRows, row, panel, count))
            if (tail) f.if(i32.eq(end, m), () => tile(tail, i32.const(m - tail), panel, count))
          }
          f.for(from, to, 1, (p) => {
            const start = f.let(i32.mul(i32.divU(p, groups), blockRows))
            const end = f.let(i32.add(start, blockRows))
            f.if(i32.gtU(end, m), () => f.set(end, m))
            const first = f.let(i32.mul(i32.remU(p, groups), groupPanels))
            const last = f.let(i32.add(first, groupPanels))
            f.if(i32.gtU(last, panels), () => f.set(last, panels))
            const whole = Math.floor(columns / panelColumns)
            const wholeEnd = f.let(i32.select(last, i32.const(whole), i32.ltU(last, whole)))
            if (whole) f.for(first, wholeEnd, 1, (panel) => inBlock(start, end, panel, panelColumns))
            if (whole < panels)
              f.if(i32.and(i32.eq(last, panels), i32.ltU(first, panels)), () =>
                inBlock(start, end, f.let(i32.const(whole)), columnsIn(true, columns)),
              )
          })
        },
      },
    ],
  }
}

/** y [K, N] = the sum over rows m of a[m, k] * b[m, n]: weight gradients. b is [M, N], or packed panels of it. */
function rowsTransposed(a: Value, columns: number, packed: boolean): Kernel {
  const [m, k] = a.shape
  const panels = panelsOf(columns)
  const tiles = Math.ceil(k / tileRows)
  const rowGroups = Math.min(tiles, leastPieces)
  const groupTiles = Math.ceil(tiles / rowGroups)
  const columnGroups = Math.min(panels, Math.ceil(leastPieces / rowGroups))
  const groupPanels = Math.ceil(panels / columnGroups)
  const bStride = packed ? panelColumns * 4 : columns * 4
  const panelStride = packed ? m * panelColumns * 4 : panelColumns * 4
  const blockRows = Math.max(
    32,
    Math.min(512, Math.floor(blockBytes / ((groupTiles * tileRows + groupPanels * 8) * 4))),
  )
  return {
    phases: [
      {
        key: `matmul transposed ${m} ${k} ${columns} ${packed}`,
        pieces: rowGroups * columnGroups,
        emit(f, from, to, at) {
          const tile = (
            rows: number,
            count: number,
            row: Expr<'i32'>,
            panel: Expr<'i32'>,
            start: Local<'i32'>,
            end: Local<'i32'>,
          ) => {
            const acc = accumulators(f, rows)
            const y = f.let(i32.add(at.y, i32.mul(i32.add(i32.mul(row, columns), i32.mul(panel, panelColumns)), 4)))
            f.if(
              i32.eqz(start),
              () => {
                for (const c of acc.flat()) f.set(c, splat(0))
              },
              () => {
                for (const [i, list] of acc.entries())
                  for (const [j, c] of list.entries()) f.set(c, v128.load(y, i * columns * 4 + j * 16))
              },
            )
            walk(
              f,
              acc,
              i32.sub(end, start),
              { start: i32.add(at.inputs[0], i32.mul(i32.add(i32.mul(start, k), row), 4)), stride: k * 4, row: 4 },
              {
                start: i32.add(at.inputs[1], i32.add(i32.mul(start, bStride), i32.mul(panel, panelStride))),
                stride: bStride,
              },
            )
            for (const [i, list] of acc.entries()) storeColumns(f, y, list, count, i * columns * 4)
          }
          const wholeTiles = Math.floor(k / tileRows)
          const inPanel = (
            count: number,
            panel: Expr<'i32'>,
            [first, last]: readonly Local<'i32'>[],
            start: Local<'i32'>,
            end: Local<'i32'>,
          ) => {
            const wholeEnd = f.let(i32.select(last, i32.const(wholeTiles), i32.ltU(last, wholeTiles)))
            if (wholeTiles)
              f.for(first, wholeEnd, 1, (t) => tile(tileRows, count, i32.mul(t, tileRows), panel, start, end))
            if (wholeTiles < tiles)
              f.if(i32.and(i32.eq(last, tiles), i32.ltU(first, tiles)), () =>
                tile(remainder(k, tileRows), count, i32.const(wholeTiles * tileRows), panel, start, end),
              )
          }
          const clamped = (index: Expr<'i32'>, each: number, most: number): Local<'i32'>[] => {
            const first = f.let(i32.mul(index, each))
            const last = f.let(i32.add(first, each))
            f.if(i32.gtU(last, most), () => f.set(last, most))
            return [first, last]
          }
          f.for(from, to, 1, (p) => {
            const tileRange = clamped(i32.divU(p, columnGroups), groupTiles, tiles)
            const [firstPanel, lastPanel] = clamped(i32.remU(p, columnGroups), groupPanels, panels)
            f.for(0, m, blockRows, (start) => {
              const end = f.let(i32.add(start, blockRows))
              f.if(i32.gtU(end, m), () => f.set(end, m))
              const whole = Math.floor(columns / panelColumns)
              const wholeEnd = f.let(i32.select(lastPanel, i32.const(whole), i32.ltU(lastPanel, whole)))
              if (whole) f.for(firstPanel, wholeEnd, 1, (panel) => inPanel(panelColumns, panel, tileRange, start, end))
              if (whole < panels)
                f.if(i32.and(i32.eq(lastPanel, panels), i32.ltU(firstPanel, panels)), () =>
                  inPanel(columnsIn(true, columns), i32.const(whole), tileRange, start, end),
                )
            })
          })
        },
      },
    ],
  }
}

/** packed_matmul, alone or with an epilogue. */
export const packedProduct: Family = (v) => {
  const { op } = epilogueOf(v)
  return op.attrs.transA ? rowsTransposed(op.inputs[0], op.attrs.columns, true) : rowsTimesPanels(v)
}

/** matmul whose left operand is transposed and whose right one is not. */
export const transposedProduct: Family = (v) => rowsTransposed(v.inputs[0], v.shape[1], false)

/** b [K, N] or [N, K] into panels. */
export const packPanels: Family = (v) => {
  const { trans } = v.attrs as { trans: boolean }
  const [rows, columns] = v.inputs[0].shape
  const [k, n] = trans ? [columns, rows] : [rows, columns]
  const panels = panelsOf(n)
  return {
    phases: [
      {
        key: `pack ${rows} ${columns} ${trans}`,
        pieces: panels,
        emit(f, from, to, at) {
          const whole = Math.floor(n / panelColumns)
          const panel = (p: Expr<'i32'>, count: number) => {
            const out = f.let(i32.add(at.y, i32.mul(p, k * panelColumns * 4)))
            const [kStride, nStride] = trans ? [4, k * 4] : [n * 4, 4]
            const source = f.let(i32.add(at.inputs[0], i32.mul(p, panelColumns * nStride)))
            f.for(0, k, 1, () => {
              for (let j = 0; j < panelColumns; j += 4) {
                if (!trans && count >= j + 4) f.store(out, v128.load(source, j * 4), j * 4)
                else
                  for (let lane = j; lane < j + 4; lane++)
                    f.store(out, lane < count ? i32.load(source, lane * nStride) : i32.const(0), lane * 4)
              }
              f.set(source, i32.add(source, kStride))
              f.set(out, i32.add(out, panelColumns * 4))
            })
          }
          const end = f.let(i32.select(to, i32.const(whole), i32.ltU(to, whole)))
          if (whole) f.for(from, end, 1, (p) => panel(p, panelColumns))
          if (whole < panels)
            f.if(i32.and(i32.eq(to, panels), i32.ltU(from, panels)), () => panel(i32.const(whole), columnsIn(true, n)))
        },
      },
    ],
  }
}
