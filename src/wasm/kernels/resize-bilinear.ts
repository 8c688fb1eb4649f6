/**
 * Bilinear resizing and its gradient. Row i of the result is at position (a i + b) / d of x's rows, clamped, with integers
 * a, b and d. So the rows that it reads and their weights are exact integer arithmetic, the same in both directions. The
 * weight of row r is 1 - |position - r|, a tent; the gradient sums over the rows under the tent.
 */
import type { ResizeAttrs } from '../../ops/index.ts'
import { type Expr, type FunctionBuilder, f32, f32x4, i32, type Local, v128 } from '../assembler/index.ts'
import { channelBlocks, pixelBytes, type Range } from './channels.ts'
import type { Family } from './kernel.ts'
import { splat } from './lanes.ts'
import { storeLanes } from './store-lanes.ts'

/** Maps `to` rows (or columns) of the result to `from` rows of x: position = (a i + b) / d. */
interface Axis {
  readonly from: number
  readonly to: number
  readonly a: number
  readonly b: number
  readonly d: number
}

function axisOf(from: number, to: number, alignCorners: boolean): Axis {
  if (!alignCorners) return { from, to, a: 2 * from, b: from - to, d: 2 * to }
  return to > 1 ? { from, to, a: from - 1, b: 0, d: to - 1 } : { from, to, a: 0, b: 0, d: 1 }
}

/** d times the position of `i`, clamped to the rows of x. */
function position(f: FunctionBuilder, i: Expr<'i32'>, { from, a, b, d }: Axis): Local<'i32'> {
  const at = f.let(i32.add(i32.mul(i, a), b))
  const last = (from - 1) * d
  if (b < 0) f.if(i32.ltS(at, 0), () => f.set(at, 0))
  f.if(i32.gtS(at, last), () => f.set(at, last))
  return at
}

const share = (part: Expr<'i32'>, { d }: Axis): Expr<'f32'> => f32.mul(f32.convertI32S(part), 1 / d)

/** The two rows that `i` reads, with their weights. */
function taps(f: FunctionBuilder, i: Expr<'i32'>, axis: Axis) {
  const at = position(f, i, axis)
  const low = f.let(i32.divU(at, axis.d))
  const high = f.let(i32.add(low, i32.ltU(low, axis.from - 1)))
  const t = f.let(share(i32.remU(at, axis.d), axis))
  return [
    { at: low, weight: f.let(f32.sub(1, t)) },
    { at: high, weight: t },
  ] as const
}

/** The positions whose tent covers `r`: those that read it, and at most one more on each side, with weight 0. */
function readersOf(f: FunctionBuilder, r: Expr<'i32'>, { from, to, a, b, d }: Axis): Range {
  const [first, end] = [f.let(i32.const(0)), f.let(i32.const(to))]
  // Positions before the first row's centre all read that row; positions after the last row's centre read the last.
  if (a > 0) {
    f.if(i32.gtU(r, 0), () => f.set(first, i32.divU(i32.add(i32.mul(r, d), a - b - d), a)))
    f.if(i32.ltU(r, from - 1), () => f.set(end, i32.divU(i32.add(i32.mul(r, d), d + a - b - 1), a)))
  }
  return [first, end]
}

/** The weight with which position `i` reads the row at `centre` / d. */
function weightOf(f: FunctionBuilder, i: Expr<'i32'>, centre: Expr<'i32'>, axis: Axis): Local<'f32'> {
  const distance = f.let(i32.sub(position(f, i, axis), centre))
  f.if(i32.ltS(distance, 0), () => f.set(distance, i32.sub(0, distance)))
  f.if(i32.gtU(distance, axis.d), () => f.set(distance, axis.d))
  return f.let(share(i32.sub(axis.d, distance), axis))
}

const axesOf = (x: readonly number[], y: readonly number[], { alignCorners }: ResizeAttrs): readonly [Axis, Axis] => [
  axisOf(x[1], y[1], alignCorners),
  axisOf(x[2], y[2], alignCorners),
]

export const resizeBilinear: Family = (v, target) => {
  const [x] = v.inputs
  const channels = x.shape[3]
  const [rowAxis, columnAxis] = axesOf(x.shape, v.shape, v.attrs)
  const pixel = pixelBytes(v)
  return {
    phases: [
      {
        key: `resize_bilinear ${x.shape} ${JSON.stringify(v.attrs)}`,
        pieces: v.shape[0] * rowAxis.to,
        emit(f, from, to, at) {
          f.for(from, to, 1, (p) => {
            const image = i32.mul(i32.divU(p, rowAxis.to), rowAxis.from * columnAxis.from * pixel)
            const lines = taps(f, i32.remU(p, rowAxis.to), rowAxis).map(({ at: row, weight }) => ({
              line: f.let(i32.add(i32.add(at.inputs[0], image), i32.mul(row, columnAxis.from * pixel))),
              weight,
            }))
            f.for(0, columnAxis.to, 1, (j) => {
              const columns = taps(f, j, columnAxis)
              const corners = lines.flatMap(({ line, weight }) =>
                columns.map((column) => ({
                  address: f.let(i32.add(line, i32.mul(column.at, pixel))),
                  weight: f.let(f32x4.splat(f32.mul(weight, column.weight))),
                })),
              )
              const y = f.let(i32.add(at.y, i32.mul(i32.add(i32.mul(p, columnAxis.to), j), pixel)))
              channelBlocks(f, target, channels, (offset, lanes) => {
                for (const [k, count] of lanes.entries()) {
                  const terms = corners.map(({ address, weight }) =>
                    f32x4.mul(v128.load(i32.add(address, offset), k * 16), weight),
                  )
                  const sum = terms.reduce((s, term) => f32x4.add(s, term))
                  storeLanes(f, i32.add(y, offset), sum, count, k * 16)
                }
              })
            })
          })
        },
      },
    ],
  }
}

export const resizeBilinearDx: Family = (v, target) => {
  const [dy] = v.inputs
  const channels = dy.shape[3]
  const [rowAxis, columnAxis] = axesOf(v.shape, dy.shape, v.attrs)
  const pixel = pixelBytes(v)
  return {
    phases: [
      {
        key: `resize_bilinear_dx ${v.shape} ${JSON.stringify(v.attrs)}`,
        pieces: v.shape[0] * rowAxis.from,
        emit(f, from, to, at) {
          f.for(from, to, 1, (p) => {
            const r = f.let(i32.remU(p, rowAxis.from))
            const image = i32.mul(i32.divU(p, rowAxis.from), rowAxis.to * columnAxis.to * pixel)
            const source = f.let(i32.add(at.inputs[0], image))
            const rows = readersOf(f, r, rowAxis)
            const rowCentre = f.let(i32.mul(r, rowAxis.d))
            f.for(0, columnAxis.from, 1, (c) => {
              const columns = readersOf(f, c, columnAxis)
              const columnCentre = f.let(i32.mul(c, columnAxis.d))
              const dx = f.let(i32.add(at.y, i32.mul(i32.add(i32.mul(p, columnAxis.from), c), pixel)))
              channelBlocks(f, target, channels, (offset, lanes) => {
                const sums = lanes.map(() => f.let(splat(0)))
                f.for(...rows, 1, (i) => {
                  const rowWeight = weightOf(f, i, rowCentre, rowAxis)
                  const line = f.let(i32.add(i32.add(source, offset), i32.mul(i, columnAxis.to * pixel)))
                  f.for(...columns, 1, (j) => {
                    const columnWeight = weightOf(f, j, columnCentre, columnAxis)
                    const weight = f.let(f32x4.splat(f32.mul(rowWeight, columnWeight)))
                    const address = f.let(i32.add(line, i32.mul(j, pixel)))
                    for (const [k, sum] of sums.entries())
                      f.set(sum, f32x4.add(sum, f32x4.mul(v128.load(address, k * 16), weight)))
                  })
                })
                for (const [k, sum] of sums.entries()) storeLanes(f, i32.add(dx, offset), sum, lanes[k], k * 16)
              })
            })
          })
        },
      },
    ],
  }
}
