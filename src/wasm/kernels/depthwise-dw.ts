/**
 * The gradient of a depthwise convolution with respect to its weights: for each channel and tap, the sum over all pixels
 * of x times dy. Rows are summed in blocks that depend only on the shape. Each block has its own partial sums, which are
 * added in order. Within a row, the sums of one row of taps stay in registers while the loop runs over tiles of columns.
 */
import { type Expr, type FunctionBuilder, i32, type Local, v128 } from '../assembler/index.ts'
import type { Target } from '../target.ts'
import { axesOf } from './depthwise.ts'
import { elementBytes } from './elements.ts'
import type { Family } from './kernel.ts'
import { combine, partialBytes } from './reduce.ts'
import { storeLanes } from './store-lanes.ts'
import { type Axis, findTaps, planRuns, type Run } from './window.ts'

/**
 * Number of row blocks: enough for several threads; more would only add more partial sums. The blocks fix the order of a
 * sum, so they are the same for every target.
 */
const mostBlocks = 16

/** Columns of dy in a tile: as many as fit the registers beside x and the sums. */
function tileColumns({ taps, stride, dilation }: Axis, { registers, depthwiseDwColumns }: Target): number {
  const needed = (columns: number) => {
    const sources = new Set<number>()
    for (let o = 0; o < columns; o++) for (let k = 0; k < taps; k++) sources.add(o * stride + k * dilation)
    return columns + sources.size + taps
  }
  let columns = 1
  while (columns < depthwiseDwColumns && needed(columns + 1) <= registers) columns++
  return columns
}

export const depthwiseDw: Family = (v, target) => {
  const [x, dy] = v.inputs
  const [n, height, width, channels] = x.shape
  const [kh, kw] = v.shape
  const [rowAxis, columnAxis] = axesOf(x.shape, dy.shape, v.shape, v.attrs, false)
  const rows = rowAxis.outputs
  const bytes = elementBytes(x)
  const pixel = channels * bytes
  const runs = planRuns(columnAxis, tileColumns(columnAxis, target))
  const lines = n * rows
  const blockLines = Math.ceil(lines / Math.min(lines, mostBlocks))
  const blocks = Math.ceil(lines / blockLines)
  const cacheLines = Math.ceil(pixel / target.cacheLine)
  const groupLines = Math.ceil(cacheLines / Math.min(cacheLines, Math.ceil(mostBlocks / blocks)))
  // Groups of two split five cache lines into three groups, not the four asked for.
  const groups = Math.ceil(cacheLines / groupLines)
  const groupBytes = groupLines * target.cacheLine
  const partial = { sums: 1, outer: 1, blocks, columns: kh * kw * channels }

  /** Adds the products of a run of tiles to `sums`. `source` and `dyRow` are the first pixels of the rows. */
  const addRun = (
    f: FunctionBuilder,
    run: Run,
    sums: readonly Local<'v128'>[],
    source: Expr<'i32'>,
    dyRow: Expr<'i32'>,
  ) => {
    if (run.terms.length === 0) return
    const from = f.let(i32.add(source, run.source * pixel))
    const first = f.let(i32.add(dyRow, run.first * pixel))
    const width = run.outputs * pixel
    // A loop even for one tile: see `walkWindows`.
    f.for(first, i32.add(first, run.count * width), width, (d) => {
      const loaded = (address: Expr<'i32'>, at: Iterable<number>) =>
        new Map([...new Set(at)].map((i) => [i, f.let(v128.load(address, i * pixel))]))
      const gradients = loaded(
        d,
        run.terms.map((t) => t.o),
      )
      const columns = loaded(
        from,
        run.terms.map((t) => t.at),
      )
      for (const { o, k, at } of run.terms) f.madd(sums[k], columns.get(at)!, gradients.get(o)!)
      f.set(from, i32.add(from, run.step * pixel))
    })
  }

  return {
    phases: [
      {
        key: `depthwise_conv2d_dw ${x.shape} ${JSON.stringify(v.attrs)}`,
        pieces: blocks * groups,
        macs: n * rows * columnAxis.outputs * channels * kh * kw,
        emit(f, from, to, at) {
          const sumsStart = blocks === 1 ? at.y : at.scratch
          f.for(from, to, 1, (p) => {
            const block = f.let(i32.divU(p, groups))
            const begin = f.let(i32.mul(i32.remU(p, groups), groupBytes))
            const end = f.let(i32.add(begin, groupBytes))
            f.if(i32.gtU(end, pixel), () => f.set(end, pixel))
            const sumsAt = f.let(i32.add(sumsStart, i32.mul(block, kh * kw * pixel)))
            f.for(0, kh * kw * pixel, pixel, (tap) =>
              f.memoryFill(i32.add(i32.add(sumsAt, tap), begin), 0, i32.sub(end, begin)),
            )
            const firstLine = f.let(i32.mul(block, blockLines))
            const lastLine = f.let(i32.add(firstLine, blockLines))
            f.if(i32.gtU(lastLine, lines), () => f.set(lastLine, lines))
            f.for(firstLine, lastLine, 1, (line) => {
              const taps = findTaps(f, rowAxis, f.let(i32.remU(line, rows)))
              const image = i32.mul(i32.divU(line, rows), height * width * pixel)
              const source = f.let(i32.add(i32.add(at.inputs[0], image), i32.mul(taps.source, width * pixel)))
              const dyRow = f.let(i32.add(at.inputs[1], i32.mul(line, columnAxis.outputs * pixel)))
              const tapRow = f.let(i32.add(sumsAt, i32.mul(taps.tap, kw * pixel)))
              f.for(tapRow, i32.add(tapRow, i32.mul(taps.count, kw * pixel)), kw * pixel, (sumsRow) => {
                const addTo = (channel: Expr<'i32'>, lanes: number) => {
                  const place = f.let(i32.add(sumsRow, channel))
                  const sums = Array.from({ length: kw }, (_, k) => f.let(v128.load(place, k * pixel)))
                  for (const run of runs) addRun(f, run, sums, i32.add(source, channel), i32.add(dyRow, channel))
                  for (const [k, sum] of sums.entries()) storeLanes(f, place, sum, lanes, k * pixel)
                }
                const tail = channels % 4
                f.for(begin, tail ? i32.and(end, -16) : end, 16, (channel) => addTo(channel, 4))
                if (tail) f.if(i32.eq(end, pixel), () => addTo(i32.const(pixel - tail * bytes), tail))
                f.set(source, i32.add(source, columnAxis.dilation * width * pixel))
              })
            })
          })
        },
      },
      ...(blocks === 1 ? [] : [combine(target, partial)]),
    ],
    ...(blocks === 1 ? {} : { scratchBytes: partialBytes(partial) }),
  }
}
