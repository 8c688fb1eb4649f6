/**
 * Bilinear resizing, NHWC, without antialiasing. Pixels are squares with centres at halves, as in PyTorch and TensorFlow 2.
 * With `alignCorners` the centres of the corner pixels of x and y coincide.
 */
import { assert, type Shape, showShape, size } from '../core/index.ts'
import { lastAxes } from './axes.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, native } from './define.ts'
import { assertGradient } from './taps.ts'
import { assertImages, type Size2 } from './window.ts'

export interface ResizeAttrs {
  /** Height and width of the result. */
  readonly size: Size2
  readonly alignCorners: boolean
}
const resizeAttrs: ResizeAttrs = { size: [1, 1], alignCorners: false }

/** What one output row (or column) reads: `low` and `high`, interpolated at fraction `t`. */
export interface ResizeTap {
  readonly low: number
  readonly high: number
  readonly t: number
}

/** The taps of each of `to` rows (or columns) over `from` of them. */
export function resizeTaps(from: number, to: number, alignCorners: boolean): ResizeTap[] {
  return Array.from({ length: to }, (_, i) => {
    const centre = alignCorners ? (to > 1 ? (i * (from - 1)) / (to - 1) : 0) : ((i + 0.5) * from) / to - 0.5
    const at = Math.min(Math.max(centre, 0), from - 1)
    const low = Math.floor(at)
    return { low, high: Math.min(low + 1, from - 1), t: at - low }
  })
}

function shapeOf(op: string, x: Shape, { size }: ResizeAttrs): Shape {
  assert(
    size.length === 2 && size.every((d) => Number.isInteger(d) && d > 0),
    () => `${op}: size is ${showShape(size)}: it must be [height, width], integers from 1`,
  )
  return [x[0], ...size, x[3]]
}

/** Calls `visit` for the four pixels of x that each pixel of y depends on, with their weights. */
function eachCorner(
  x: Shape,
  y: Shape,
  alignCorners: boolean,
  visit: (from: number, to: number, weight: number) => void,
): void {
  const [n, height, width] = x
  const rows = resizeTaps(height, y[1], alignCorners)
  const columns = resizeTaps(width, y[2], alignCorners)
  for (let b = 0; b < n; b++)
    for (const [i, row] of rows.entries())
      for (const [j, column] of columns.entries())
        for (const [r, wr] of [[row.low, 1 - row.t] as const, [row.high, row.t] as const])
          for (const [c, wc] of [[column.low, 1 - column.t] as const, [column.high, column.t] as const])
            visit((b * height + r) * width + c, (b * y[1] + i) * y[2] + j, wr * wc)
}

/** x [N, H, W, C] to [N, size, C]: each pixel is the mean of its four neighbours in x, weighted by nearness. */
export const resizeBilinear = declareOp({
  name: 'resize_bilinear',
  inputs: { x: 'NHWC' },
  attrs: resizeAttrs,
  shape: ({ x }, attrs) => shapeOf('resize_bilinear', x.shape, attrs),
  lower: native,
})

export const resizeBilinearContract = completeOp(resizeBilinear, {
  cost: free,
  reference({ x }, { alignCorners }, y) {
    const channels = x.shape[3]
    const sums = new Float64Array(size(y.shape))
    eachCorner(x.shape, y.shape, alignCorners, (from, to, weight) => {
      for (let c = 0; c < channels; c++) sums[to * channels + c] += weight * x.data[from * channels + c]
    })
    y.data.set(sums)
  },
  grad: ({ x }, attrs, dy): Gradients<'x'> => ({ x: resizeBilinearDx({ dy }, { ...attrs, inputShape: x.shape }) }),
  axes: lastAxes,
  samples: [
    { inputs: { x: [2, 3, 4, 5] }, attrs: { size: [6, 8] } },
    { inputs: { x: [1, 7, 5, 3] }, attrs: { size: [3, 4] } },
    { inputs: { x: [1, 3, 5, 8] }, attrs: { size: [7, 9], alignCorners: true } },
    { inputs: { x: [3, 1, 1, 17] }, attrs: { size: [2, 3] } },
    { inputs: { x: [1, 4, 4, 1] }, attrs: { alignCorners: true } },
    { inputs: { x: [1, 4, 5, 2] }, attrs: { size: [4, 5] } },
  ],
})

const dxAttrs: ResizeAttrs & { readonly inputShape: Shape } = { ...resizeAttrs, inputShape: [1, 1, 1, 1] }

/** The gradient of `resize_bilinear` with respect to x, which has `inputShape`. */
export const resizeBilinearDx = declareOp({
  name: 'resize_bilinear_dx',
  inputs: { dy: 'NHWC' },
  attrs: dxAttrs,
  shape({ dy }, attrs) {
    const { inputShape } = attrs
    assertImages('resize_bilinear_dx', 'inputShape is', inputShape)
    assertGradient('resize_bilinear_dx', dy.shape, shapeOf('resize_bilinear_dx', inputShape, attrs), inputShape)
    return inputShape
  },
  lower: native,
})

export const resizeBilinearDxContract = completeOp(resizeBilinearDx, {
  cost: free,
  reference({ dy }, { alignCorners }, dx) {
    const channels = dx.shape[3]
    const sums = new Float64Array(size(dx.shape))
    eachCorner(dx.shape, dy.shape, alignCorners, (from, to, weight) => {
      for (let c = 0; c < channels; c++) sums[from * channels + c] += weight * dy.data[to * channels + c]
    })
    dx.data.set(sums)
  },
  grad: (_x, { size, alignCorners }, ddx): Gradients<'dy'> => ({
    dy: resizeBilinear({ x: ddx }, { size, alignCorners }),
  }),
  samples: [
    { inputs: { dy: [2, 6, 8, 5] }, attrs: { size: [6, 8], inputShape: [2, 3, 4, 5] } },
    { inputs: { dy: [1, 3, 4, 3] }, attrs: { size: [3, 4], inputShape: [1, 7, 5, 3] } },
    { inputs: { dy: [1, 7, 9, 8] }, attrs: { size: [7, 9], alignCorners: true, inputShape: [1, 3, 5, 8] } },
    { inputs: { dy: [3, 2, 3, 17] }, attrs: { size: [2, 3], inputShape: [3, 1, 1, 17] } },
    { inputs: { dy: [1, 1, 1, 1] }, attrs: { alignCorners: true, inputShape: [1, 4, 4, 1] } },
  ],
})
