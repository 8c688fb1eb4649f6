/** Max pooling. */
import type { PoolAttrs, Value } from '../../ops/index.ts'
import { type Expr, type FunctionBuilder, f32x4, i32, type Local, v128 } from '../assembler/index.ts'
import type { Target } from '../target.ts'
import { channelBlocks, eachPixel, pixelBytes, type Range, seen } from './channels.ts'
import type { Family } from './kernel.ts'
import { splat } from './lanes.ts'
import { storeLanes } from './store-lanes.ts'

/** The sizes that the phases over x [N, H, W, C] and y [N, rows, columns, C] are specialised to. */
export interface Pool extends PoolAttrs {
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Bytes of a pixel, in both x and y. */
  readonly pixel: number
  readonly rows: number
  readonly columns: number
  readonly target: Target
}

export const poolOf = (x: Value, { shape: [, rows, columns] }: Value, attrs: PoolAttrs, target: Target): Pool => {
  const [, height, width, channels] = x.shape
  return { ...attrs, height, width, channels, pixel: pixelBytes(x), rows, columns, target }
}

/** Runs `body` for each pixel of the result, with its image of x and the window that it reads. */
export function eachWindow(
  f: FunctionBuilder,
  pool: Pool,
  [from, to]: readonly [Local<'i32'>, Local<'i32'>],
  x: Expr<'i32'>,
  body: (pixel: Local<'i32'>, image: Local<'i32'>, rows: Range, columns: Range) => void,
): void {
  const { kernel, stride, pad, height, width } = pool
  f.for(from, to, 1, (p) => {
    const image = f.let(i32.add(x, i32.mul(i32.divU(p, pool.rows), height * width * pool.pixel)))
    const rows = seen(f, i32.remU(p, pool.rows), { stride, before: pad[0], taps: kernel[0], limit: height })
    f.for(0, pool.columns, 1, (j) => {
      const columns = seen(f, j, { stride, before: pad[2], taps: kernel[1], limit: width })
      body(f.let(i32.add(i32.mul(p, pool.columns), j)), image, rows, columns)
    })
  })
}

export const maxPool: Family = (v, target) => {
  const pool = poolOf(v.inputs[0], v, v.attrs, target)
  const { channels } = pool
  return {
    phases: [
      {
        key: `max_pool ${v.inputs[0].shape} ${JSON.stringify(v.attrs)}`,
        pieces: v.shape[0] * pool.rows,
        emit(f, from, to, at) {
          eachWindow(f, pool, [from, to], at.inputs[0], (pixel, image, rows, columns) => {
            const y = f.let(i32.add(at.y, i32.mul(pixel, pool.pixel)))
            channelBlocks(f, target, channels, (offset, lanes) => {
              const best = lanes.map(() => f.let(splat(Number.NEGATIVE_INFINITY)))
              // f32x4.max, unlike pmax, returns NaN whichever operand it is.
              eachPixel(f, i32.add(image, offset), pool, rows, columns, (x) => {
                for (const [k, b] of best.entries()) f.set(b, f32x4.max(b, v128.load(x, k * 16)))
              })
              for (const [k, b] of best.entries()) storeLanes(f, i32.add(y, offset), b, lanes[k], k * 16)
            })
          })
        },
      },
    ],
  }
}
