/**
 * Turns convolutions into matrix products: the window of every output pixel becomes a row. Only lowering makes this op,
 * after differentiation.
 */
import { assert } from '../core/index.ts'
import { completeOp, free, no } from './contract.ts'
import { declareOp, native } from './define.ts'
import type { Size2 } from './window.ts'

export interface Im2colAttrs {
  readonly kernel: Size2
  readonly stride: number
  /** Zeros before the first row and column; a negative number skips rows or columns. */
  readonly top: number
  readonly left: number
  readonly dilation: number
  /** Reads x as if `upsample - 1` zeros were between its pixels, for the gradient of a strided convolution. */
  readonly upsample: number
  /** Height and width of the grid of output pixels. */
  readonly size: Size2
}

const defaults: Im2colAttrs = { kernel: [1, 1], stride: 1, top: 0, left: 0, dilation: 1, upsample: 1, size: [1, 1] }

/**
 * x [N, H, W, C], of any dtype, as patches [N * size, kh * kw * C]. Tap (u, v) of output pixel (i, j) is pixel
 * (r, c) / upsample of x with r = i * stride + u * dilation - top (c likewise); 0 if it is not an integer or outside x.
 */
export const im2col = declareOp({
  name: 'im2col',
  inputs: { x: 'any:NHWC' },
  attrs: defaults,
  shape({ x }, attrs) {
    const { kernel, size, stride, dilation, upsample, top, left } = attrs
    assert(
      [...kernel, ...size, stride, dilation, upsample].every((n) => Number.isInteger(n) && n > 0) &&
        Number.isInteger(top) &&
        Number.isInteger(left),
      () => `im2col: ${JSON.stringify(attrs)}: all must be integers, and from 1 but for top and left`,
    )
    return { shape: [x.shape[0] * size[0] * size[1], kernel[0] * kernel[1] * x.shape[3]], dtype: x.dtype }
  },
  lower: native,
})

export const im2colContract = completeOp(im2col, {
  cost: free,
  reference({ x }, { kernel: [kh, kw], stride, top, left, dilation, upsample, size: [rows, columns] }, y) {
    const [n, height, width, channels] = x.shape
    const source = (at: number, limit: number) => {
      const r = at / upsample
      return Number.isInteger(r) && r >= 0 && r < limit ? r : -1
    }
    let to = 0
    for (let b = 0; b < n; b++)
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++)
          for (let u = 0; u < kh; u++)
            for (let v = 0; v < kw; v++, to += channels) {
              const r = source(i * stride + u * dilation - top, height)
              const c = source(j * stride + v * dilation - left, width)
              if (r < 0 || c < 0) continue
              const from = ((b * height + r) * width + c) * channels
              for (let k = 0; k < channels; k++) y.data[to + k] = x.data[from + k]
            }
  },
  grad: /* @__PURE__ */ no('it is made by lowering, after differentiation'),
  samples: [
    { inputs: { x: [2, 5, 6, 3] }, attrs: { kernel: [3, 3], top: 1, left: 1, size: [5, 6] } },
    { inputs: { x: [1, 7, 7, 1] }, attrs: { kernel: [3, 3], stride: 2, size: [4, 4] } },
    { inputs: { x: [1, 8, 9, 5] }, attrs: { kernel: [3, 2], dilation: 2, top: 2, left: 1, size: [8, 9] } },
    { inputs: { x: [3, 3, 4, 8] }, attrs: { kernel: [3, 3], top: 2, left: 1, upsample: 2, size: [6, 8] } },
    {
      inputs: { x: [1, 3, 3, 17] },
      attrs: { kernel: [5, 5], top: -1, left: 4, upsample: 3, dilation: 2, size: [7, 6] },
    },
    { inputs: { x: [2, 6, 5, 8] }, attrs: { stride: 2, size: [3, 3] } },
    { inputs: { x: [1, 4, 4, 3] }, attrs: { kernel: [2, 2], top: -2, left: -1, size: [2, 3] } },
  ],
})
