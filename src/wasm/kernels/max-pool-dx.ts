/**
 * The gradient of max pooling, as a gather. The first phase records which pixel of x each result is. The second adds, for
 * each pixel of x, the dy of the windows that chose it. So no two pieces write the same element.
 */
import { size } from '../../core/index.ts'
import { type Expr, type FunctionBuilder, f32x4, i32, i32x4, v128 } from '../assembler/index.ts'
import { channelBlocks, eachPixel, type Range } from './channels.ts'
import { elementBytes } from './elements.ts'
import type { Family, Phase } from './kernel.ts'
import { splat } from './lanes.ts'
import { eachWindow, type Pool, poolOf } from './max-pool.ts'
import { storeLanes } from './store-lanes.ts'

/** Writes for each element of y the index of its pixel, within its image of x, to the working memory. */
const largest = (pool: Pool, n: number, key: string): Phase => ({
  key: `${key} largest`,
  pieces: n * pool.rows,
  emit(f, from, to, at) {
    const { channels, width, target } = pool
    eachWindow(f, pool, [from, to], at.inputs[0], (pixel, image, rows, columns) => {
      const places = f.let(i32.add(at.scratch, i32.mul(pixel, pool.pixel)))
      const first = f.let(i32.add(i32.mul(rows[0], width), columns[0]))
      channelBlocks(f, target, channels, (offset, lanes) => {
        const start = f.let(i32.add(image, offset))
        const firstAt = f.let(i32.add(start, i32.mul(first, pool.pixel)))
        const best = lanes.map((_, k) => f.let(v128.load(firstAt, k * 16)))
        const place = lanes.map(() => f.let(i32x4.splat(first)))
        eachPixel(f, start, pool, rows, columns, (x) => {
          const here = f.let(i32x4.splat(i32.divU(i32.sub(x, start), pool.pixel)))
          for (const [k, b] of best.entries()) {
            const value = f.let(v128.load(x, k * 16))
            // Larger, or NaN while the best is a number: not (value <= best), if best is a number.
            const better = f.let(v128.andnot(f32x4.eq(b, b), f32x4.le(value, b)))
            f.set(b, v128.bitselect(value, b, better))
            f.set(place[k], v128.bitselect(here, place[k], better))
          }
        })
        for (const [k, p] of place.entries()) storeLanes(f, i32.add(places, offset), p, lanes[k], k * 16)
      })
    })
  },
})

/** Positions i < `count` whose windows i * stride - before + [0, taps) contain `at`. */
function windowsOf(
  f: FunctionBuilder,
  at: Expr<'i32'>,
  { stride, before, taps, count }: { stride: number; before: number; taps: number; count: number },
): Range {
  const place = f.let(i32.add(at, before))
  const behind = f.let(i32.sub(place, taps - stride))
  f.if(i32.ltS(behind, 0), () => f.set(behind, 0))
  const end = f.let(i32.add(i32.divU(place, stride), 1))
  f.if(i32.gtU(end, count), () => f.set(end, count))
  return [f.let(i32.divU(behind, stride)), end]
}

const gather = (pool: Pool, n: number, key: string): Phase => ({
  key: `${key} gather`,
  pieces: n * pool.height,
  emit(f, from, to, at) {
    const { kernel, stride, pad, height, width, channels, pixel, rows, columns, target } = pool
    f.for(from, to, 1, (p) => {
      const r = f.let(i32.remU(p, height))
      const image = f.let(i32.mul(i32.divU(p, height), rows * columns * pixel))
      const windowRows = windowsOf(f, r, { stride, before: pad[0], taps: kernel[0], count: rows })
      f.for(0, width, 1, (c) => {
        const windowColumns = windowsOf(f, c, { stride, before: pad[2], taps: kernel[1], count: columns })
        const here = f.let(i32x4.splat(i32.add(i32.mul(r, width), c)))
        const dx = f.let(i32.add(at.y, i32.mul(i32.add(i32.mul(p, width), c), pixel)))
        const placesToDy = f.let(i32.sub(at.inputs[1], at.scratch))
        channelBlocks(f, target, channels, (offset, lanes) => {
          const sums = lanes.map(() => f.let(splat(0)))
          const places = i32.add(i32.add(at.scratch, image), offset)
          eachPixel(f, places, { width: columns, pixel }, windowRows, windowColumns, (place) => {
            const dy = f.let(i32.add(place, placesToDy))
            for (const [k, sum] of sums.entries()) {
              const chosen = i32x4.eq(v128.load(place, k * 16), here)
              f.set(sum, f32x4.add(sum, v128.and(v128.load(dy, k * 16), chosen)))
            }
          })
          for (const [k, sum] of sums.entries()) storeLanes(f, i32.add(dx, offset), sum, lanes[k], k * 16)
        })
      })
    })
  },
})

export const maxPoolDx: Family = (v, target) => {
  const [x, dy] = v.inputs
  const pool = poolOf(x, dy, v.attrs, target)
  const key = `max_pool_dx ${x.shape} ${JSON.stringify(v.attrs)}`
  const phases = [largest(pool, x.shape[0], key), gather(pool, x.shape[0], key)]
  return { phases, scratchBytes: size(dy.shape) * elementBytes(dy) }
}
