/**
 * Depthwise convolution. Its gradient with respect to x (depthwise-dx.ts) is the same loop backwards. A tile is a few
 * neighbouring columns of a row. For each vector of channels, the tile's sums stay in registers while the loop runs over
 * the rows of the window. A source column is loaded once for all columns that read it, a weight once per tile. Channels
 * are the inner loop, so memory is read in order.
 */
import { size } from '../../core/index.ts'
import type { WindowAttrs } from '../../ops/index.ts'
import { type Expr, type FunctionBuilder, f32x4, i32, type Local, v128 } from '../assembler/index.ts'
import type { Target } from '../target.ts'
import { elementBytes } from './elements.ts'
import { type Epilogue, epilogueOf } from './epilogue.ts'
import type { Family, Kernel } from './kernel.ts'
import { splat } from './lanes.ts'
import { storeLanes } from './store-lanes.ts'
import { type Axis, findTaps, planRuns, type Run, type Taps, tapSteps, tapsOf } from './window.ts'

/** Columns of a tile: as many as fit the registers, and about equal for all tiles. */
function tileColumns({ taps, stride, dilation, backwards, outputs }: Axis, { depthwise: limit }: Target): number {
  const unit = backwards ? stride : 1
  const needed = (columns: number) => {
    const sources = new Set<number>()
    for (let o = 0; o < columns; o++)
      for (let k = 0; k < taps; k++)
        sources.add(backwards ? Math.ceil((o - k * dilation) / stride) : o * stride + k * dilation)
    return sources.size + taps + columns
  }
  let most = unit
  while (most + unit <= limit.columns && needed(most + unit) <= limit.vectors) most += unit
  const even = Math.ceil(outputs / Math.ceil(outputs / most))
  return Math.ceil(even / unit) * unit
}

/** Rows and columns of the loop from a source [N, H, W, C] to a result. */
export function axesOf(
  source: readonly number[],
  result: readonly number[],
  kernel: readonly number[],
  { stride, pad, dilation }: WindowAttrs,
  backwards: boolean,
): readonly [rows: Axis, columns: Axis] {
  const axis = (dimension: 1 | 2): Axis => ({
    outputs: result[dimension],
    limit: source[dimension],
    taps: kernel[dimension - 1],
    before: pad[(dimension - 1) * 2],
    stride,
    dilation,
    backwards,
  })
  return [axis(1), axis(2)]
}

export function walkWindows(v: Epilogue['op'], target: Target, epilogue: Epilogue, backwards: boolean): Kernel {
  const [source, w] = v.inputs
  const [n, height, width, channels] = source.shape
  const [rowAxis, columnAxis] = axesOf(source.shape, v.shape, w.shape, v.attrs, backwards)
  const rows = rowAxis.outputs
  const bytes = elementBytes(source)
  const pixel = channels * bytes
  const kernelRow = w.shape[1] * pixel
  const step = tapSteps(rowAxis)
  const tapCounts = Array.from({ length: rows }, (_, o) => tapsOf(rowAxis, o))
  const [leastTaps, mostTaps] = [Math.min(...tapCounts), Math.max(...tapCounts)]
  // If rows give too few pieces, channels are cut too, by whole cache lines.
  const lines = Math.ceil(pixel / target.cacheLine)
  const groupLines = Math.ceil(lines / Math.min(lines, Math.ceil(target.pieces.least / (n * rows))))
  const groups = Math.ceil(lines / groupLines)
  const groupBytes = groupLines * target.cacheLine

  /** The sums of a tile for the channels at `channel` (bytes). `from` is its first source pixel in the first row. */
  const tile = (
    f: FunctionBuilder,
    run: Run,
    from: Expr<'i32'>,
    weights: Expr<'i32'>,
    count: Local<'i32'>,
  ): Local<'v128'>[] => {
    const sums = Array.from({ length: run.outputs }, () => f.local('v128'))
    const [x, first] = [f.let(from), f.let(weights)]
    const begun = new Set<number>()
    const clear = (o: number) => {
      begun.add(o)
      f.set(sums[o], splat(0))
    }
    const columnTaps = [...new Set(run.terms.map((t) => t.k))]
    const addRow = (row: number) => {
      const tap = row * step.tap * kernelRow
      const taps = new Map(columnTaps.map((k) => [k, f.let(v128.load(first, tap + k * pixel))]))
      const columns = new Map<number, Local<'v128'>>()
      for (const { o, k, at } of run.terms) {
        const value = columns.get(at) ?? f.let(v128.load(x, at * pixel))
        columns.set(at, value)
        if (begun.has(o)) f.madd(sums[o], value, taps.get(k)!)
        else f.set(sums[o], f32x4.mul(value, taps.get(k)!))
        begun.add(o)
      }
      // In a condition even if it always holds: V8 moves the loads of straight code to its start, and spills.
      if (row + 1 === mostTaps) return
      f.if(i32.gtU(count, row + 1), () => {
        f.set(x, i32.add(x, step.source * width * pixel))
        addRow(row + 1)
      })
    }
    for (const o of sums.keys()) if (leastTaps === 0 || run.terms.every((t) => t.o !== o)) clear(o)
    if (leastTaps > 0) addRow(0)
    else if (mostTaps > 0) f.if(count, () => addRow(0))
    return sums
  }

  return {
    phases: [
      {
        key: `${v.op.name} ${source.shape} ${w.shape} ${JSON.stringify(v.attrs)} ${epilogue.key}`,
        pieces: n * rows * groups,
        macs: size(v.shape) * w.shape[0] * w.shape[1],
        emit(f, from, to, at) {
          const [x, weights] = [epilogue.input(at, 0), epilogue.input(at, 1)]
          const runs = planRuns(columnAxis, tileColumns(columnAxis, target))
          f.for(from, to, 1, (p) => {
            const line = f.let(i32.divU(p, groups))
            const begin = f.let(i32.mul(i32.remU(p, groups), groupBytes))
            const end = f.let(i32.add(begin, groupBytes))
            f.if(i32.gtU(end, pixel), () => f.set(end, pixel))
            const taps: Taps = findTaps(f, rowAxis, f.let(i32.remU(line, rows)))
            const image = i32.mul(i32.divU(line, rows), height * width * pixel)
            const sourceRow = f.let(i32.add(i32.add(x, image), i32.mul(taps.source, width * pixel)))
            const firstTap = f.let(i32.add(weights, i32.mul(taps.tap, kernelRow)))
            const resultRow = f.let(i32.mul(line, columnAxis.outputs * pixel))
            for (const run of runs) {
              const inTile = (place: Expr<'i32'>, result: Expr<'i32'>) => {
                const block = (channel: Local<'i32'>, lanes: number) => {
                  const start = i32.add(place, channel)
                  const sums = tile(f, run, start, i32.add(firstTap, channel), taps.count)
                  for (const [o, sum] of sums.entries()) {
                    const full = f.let(i32.add(i32.add(result, channel), o * pixel))
                    storeLanes(f, i32.add(at.y, full), epilogue.apply(f, at, { full, channel }, sum), lanes)
                  }
                }
                const tail = channels % 4
                f.for(begin, tail ? i32.and(end, -16) : end, 16, (channel) => block(channel, 4))
                if (tail) f.if(i32.eq(end, pixel), () => block(f.let(i32.const(pixel - tail * bytes)), tail))
              }
              const place = f.let(i32.add(sourceRow, run.source * pixel))
              const result = f.let(i32.add(resultRow, run.first * pixel))
              if (run.count === 1) inTile(place, result)
              else
                f.for(result, i32.add(result, run.count * run.outputs * pixel), run.outputs * pixel, (here) => {
                  inTile(place, here)
                  f.set(place, i32.add(place, run.step * pixel))
                })
            }
          })
        },
      },
    ],
  }
}

export const depthwise: Family = (v, target) => {
  const epilogue = epilogueOf(v)
  return walkWindows(epilogue.op, target, epilogue, false)
}
