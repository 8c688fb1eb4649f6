/**
 * Sliding windows over NHWC tensors, for convolutions and pools. Output pixel (i, j) reads, at tap (u, v), pixel
 * (i * stride + u * dilation - top, j * stride + v * dilation - left) of x. Pixels outside x are zeros; pools ignore them.
 */
import { assert, type Shape, showShape } from '../core/index.ts'

/** Rows and columns of zeros around an image. They may be asymmetric, since TensorFlow's "same" padding is. */
export type Pad = readonly [top: number, bottom: number, left: number, right: number]
export type Size2 = readonly [height: number, width: number]

export interface WindowAttrs {
  readonly stride: number
  readonly pad: Pad
  readonly dilation: number
}
export const windowAttrs: WindowAttrs = { stride: 1, pad: [0, 0, 0, 0], dilation: 1 }

/** Only these attributes, of an op that has more. */
export const windowOf = ({ stride, pad, dilation }: WindowAttrs): WindowAttrs => ({ stride, pad, dilation })

/** The number of pixels that `kernel` taps span at distance `dilation`. */
export const extent = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1

const isCount = (n: number): boolean => Number.isInteger(n) && n > 0

/** Throws unless `pad` is four non-negative integers. */
export function assertPad(op: string, pad: Pad): void {
  assert(
    pad.length === 4 && pad.every((p) => Number.isInteger(p) && p >= 0),
    () => `${op}: pad is ${showShape(pad)}: it must be [top, bottom, left, right], integers from 0`,
  )
}

/** Height and width of the result of sliding a window over x [N, H, W, C]. Throws if the window does not fit. */
export function slide(op: string, x: Shape, kernel: Size2, { stride, pad, dilation }: WindowAttrs): Size2 {
  for (const [name, value] of [
    ['stride', stride],
    ['dilation', dilation],
  ] as const)
    assert(isCount(value), () => `${op}: ${name} is ${value}: it must be an integer from 1`)
  assert(
    kernel.length === 2 && kernel.every(isCount),
    () => `${op}: kernel is ${showShape(kernel)}: it must be [height, width], integers from 1`,
  )
  assertPad(op, pad)
  const [top, bottom, left, right] = pad
  const padded: Size2 = [x[1] + top + bottom, x[2] + left + right]
  const window: Size2 = [extent(kernel[0], dilation), extent(kernel[1], dilation)]
  assert(
    window[0] <= padded[0] && window[1] <= padded[1],
    () =>
      `${op}: x is ${x[1]} x ${x[2]} (${padded[0]} x ${padded[1]} with pad ${showShape(pad)}), ` +
      `the window ${window[0]} x ${window[1]}: enlarge x or pad`,
  )
  return [Math.floor((padded[0] - window[0]) / stride) + 1, Math.floor((padded[1] - window[1]) / stride) + 1]
}

/** Throws unless `shape` has the rank of images. `what` introduces it in the error: `x has shape`. */
export function assertImages(op: string, what: string, shape: Shape): void {
  assert(shape.length === 4, () => `${op}: ${what} ${showShape(shape)}: it must be [N, H, W, C]`)
}

const pair = (k: number | Size2): Size2 => (typeof k === 'number' ? [k, k] : k)

/**
 * TensorFlow's "same" padding: the result has ceil(size / stride) pixels, and an odd row or column of zeros goes to the
 * bottom or right.
 *
 * @example
 * ```ts
 * import { samePad } from 'kinglet/ops'
 * samePad(224, 224, 3, 2) // => [0, 1, 0, 1]
 * ```
 */
export function samePad(height: number, width: number, kernel: number | Size2, stride = 1, dilation = 1): Pad {
  const [kh, kw] = pair(kernel)
  const total = (size: number, k: number) =>
    Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent(k, dilation) - size)
  const [rows, columns] = [total(height, kh), total(width, kw)]
  return [Math.floor(rows / 2), Math.ceil(rows / 2), Math.floor(columns / 2), Math.ceil(columns / 2)]
}

/**
 * The padding of PyTorch models: half of the window on every side, for any image size.
 *
 * @example
 * ```ts
 * import { torchPad } from 'kinglet/ops'
 * torchPad(3) // => [1, 1, 1, 1]
 * ```
 */
export function torchPad(kernel: number | Size2, dilation = 1): Pad {
  const [rows, columns] = pair(kernel).map((k) => Math.floor((extent(k, dilation) - 1) / 2))
  return [rows, rows, columns, columns]
}
