/** Helpers for the oracles and gradients of window ops. */
import { assert, type Shape, showShape } from '../core/index.ts'
import type { Size2, WindowAttrs } from './window.ts'

/** Throws unless `dy` has the shape of a window op's result for x. Gradient ops take both. */
export function assertGradient(op: string, dy: Shape, y: Shape, x: Shape): void {
  assert(
    dy.length === y.length && dy.every((d, i) => d === y[i]),
    () => `${op}: dy has shape ${showShape(dy)}: for x ${showShape(x)} it must be ${showShape(y)}`,
  )
}

/**
 * The loop of all window oracles. Calls `visit` for every tap of every output pixel, outermost dimension first: `from` is
 * the pixel of x (counted over N, H, W; -1 outside x), `to` the pixel of y, and `tap` = u * kw + v.
 */
export function eachTap(
  x: Shape,
  y: Shape,
  [kh, kw]: Size2,
  { stride, pad: [top, , left], dilation }: WindowAttrs,
  visit: (from: number, to: number, tap: number) => void,
): void {
  const [, height, width] = x
  const [n, rows, columns] = y
  for (let b = 0; b < n; b++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let u = 0; u < kh; u++)
          for (let v = 0; v < kw; v++) {
            const r = i * stride + u * dilation - top
            const c = j * stride + v * dilation - left
            const inside = r >= 0 && r < height && c >= 0 && c < width
            visit(inside ? (b * height + r) * width + c : -1, (b * rows + i) * columns + j, u * kw + v)
          }
}

/** sums[i] += factor * x[from + i] for n elements from `at`. A separate function runs twice as fast as a closure. */
export function addScaled(
  sums: Float64Array,
  at: number,
  n: number,
  factor: number,
  x: ArrayLike<number>,
  from: number,
): void {
  for (let i = 0; i < n; i++) sums[at + i] += factor * x[from + i]
}

/** The sum of a[i + p] b[i + q] over n elements. */
export function dot(n: number, a: ArrayLike<number>, p: number, b: ArrayLike<number>, q: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += a[p + i] * b[q + i]
  return sum
}
