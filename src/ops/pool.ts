/** Pooling, NHWC: the average or the largest of a sliding window, and of a whole image. */
import { assert, type Shape, showShape, size, tensor } from '../core/index.ts'
import { lastAxes } from './axes.ts'
import { completeOp, free, no } from './contract.ts'
import { declareOp, type Gradients, native, type Value } from './define.ts'
import { depthwiseConv2d, depthwiseConv2dDx } from './depthwise-conv2d.ts'
import { mul } from './elementwise.ts'
import { constant } from './leaf.ts'
import { reduceMean } from './reduce.ts'
import { assertGradient, assertImages, eachTap, type Pad, type Size2, slide, type WindowAttrs } from './window.ts'

export interface PoolAttrs {
  readonly kernel: Size2
  readonly stride: number
  readonly pad: Pad
}
const poolAttrs: PoolAttrs = { kernel: [1, 1], stride: 1, pad: [0, 0, 0, 0] }

const windowOf = ({ stride, pad }: PoolAttrs): WindowAttrs => ({ stride, pad, dilation: 1 })

function shapeOf(op: string, x: Shape, attrs: PoolAttrs): Shape {
  const { kernel, pad } = attrs
  const grid = slide(op, x, kernel, windowOf(attrs))
  assert(
    pad.every((p, side) => p < kernel[side < 2 ? 0 : 1]),
    () => `${op}: pad is ${showShape(pad)}, kernel ${showShape(kernel)}: a window would see no pixel, pad less`,
  )
  return [x[0], ...grid, x[3]]
}

export interface AvgPoolAttrs extends PoolAttrs {
  /** Zeros of the padding count as pixels (PyTorch's default); otherwise pixels of x alone do (TensorFlow's). */
  readonly countPad: boolean
}
const avgPoolAttrs: AvgPoolAttrs = { ...poolAttrs, countPad: false }

/** How many pixels each window averages, one number for each pixel of the grid. */
function counts(x: Shape, y: Shape, attrs: AvgPoolAttrs): Float64Array {
  const [kh, kw] = attrs.kernel
  const found = new Float64Array(y[1] * y[2])
  eachTap([1, ...x.slice(1)], [1, ...y.slice(1)], [kh, kw], windowOf(attrs), (from, to) => {
    if (from >= 0 || attrs.countPad) found[to]++
  })
  return found
}

/** Sums of windows are a depthwise convolution with ones; this turns them into averages. */
function averaging(x: Shape, y: Shape, attrs: AvgPoolAttrs): { w: Value; share: Value } {
  const [kh, kw] = attrs.kernel
  const shares = Float32Array.from(counts(x, y, attrs), (n) => 1 / n)
  return {
    w: constant(tensor([kh, kw, x[3]], new Float32Array(kh * kw * x[3]).fill(1))),
    share: constant(shares.every((s) => s === shares[0]) ? shares[0] : tensor([1, y[1], y[2], 1], shares)),
  }
}

/** y[n,i,j,c] = the average of x[n, i*s + u - top, j*s + v - left, c] over u, v. */
export const avgPool = declareOp({
  name: 'avg_pool',
  inputs: { x: 'NHWC' },
  attrs: avgPoolAttrs,
  shape: ({ x }, attrs) => shapeOf('avg_pool', x.shape, attrs),
  lower({ x }, attrs) {
    const { w, share } = averaging(x.shape, shapeOf('avg_pool', x.shape, attrs), attrs)
    return mul(depthwiseConv2d({ x, w }, windowOf(attrs)), share)
  },
})

export const avgPoolContract = completeOp(avgPool, {
  cost: free,
  reference({ x }, attrs, y) {
    const channels = x.shape[3]
    const sums = new Float64Array(size(y.shape))
    eachTap(x.shape, y.shape, attrs.kernel, windowOf(attrs), (from, to) => {
      if (from >= 0) for (let c = 0; c < channels; c++) sums[to * channels + c] += x.data[from * channels + c]
    })
    const n = counts(x.shape, y.shape, attrs)
    for (let i = 0; i < sums.length; i++) y.data[i] = sums[i] / n[Math.floor(i / channels) % n.length]
  },
  grad({ x }, attrs, dy): Gradients<'x'> {
    const { w, share } = averaging(x.shape, dy.shape, attrs)
    return { x: depthwiseConv2dDx({ dy: mul(dy, share), w }, { ...windowOf(attrs), inputShape: x.shape }) }
  },
  axes: lastAxes,
  samples: [
    { inputs: { x: [2, 6, 6, 5] }, attrs: { kernel: [2, 2], stride: 2 } },
    { inputs: { x: [1, 5, 7, 3] }, attrs: { kernel: [3, 3], stride: 2, pad: [0, 1, 1, 1] } },
    { inputs: { x: [1, 5, 7, 3] }, attrs: { kernel: [3, 3], stride: 2, pad: [0, 1, 1, 1], countPad: true } },
    { inputs: { x: [3, 4, 4, 17] }, attrs: { kernel: [4, 4] } },
    { inputs: { x: [1, 3, 5, 1] }, attrs: { kernel: [1, 3], pad: [0, 0, 2, 0] } },
  ],
})

const poolSamples = [
  { x: [2, 6, 6, 5], dy: [2, 3, 3, 5], attrs: { kernel: [2, 2], stride: 2 } },
  { x: [1, 7, 6, 3], dy: [1, 4, 3, 3], attrs: { kernel: [3, 3], stride: 2, pad: [1, 1, 0, 1] } },
  { x: [3, 4, 4, 17], dy: [3, 3, 2, 17], attrs: { kernel: [2, 3] } },
  { x: [1, 5, 5, 8], dy: [1, 2, 2, 8], attrs: { kernel: [2, 2], stride: 3 } },
  { x: [1, 3, 3, 1], dy: [1, 3, 3, 1], attrs: { kernel: [3, 3], pad: [1, 1, 1, 1] } },
] as const

/** y[n,i,j,c] = the largest of x[n, i*s + u - top, j*s + v - left, c] over u, v. Padding is never the largest. */
export const maxPool = declareOp({
  name: 'max_pool',
  inputs: { x: 'NHWC' },
  attrs: poolAttrs,
  shape: ({ x }, attrs) => shapeOf('max_pool', x.shape, attrs),
  lower: native,
})

export const maxPoolContract = completeOp(maxPool, {
  cost: free,
  reference({ x }, attrs, y) {
    const channels = x.shape[3]
    const at = largest(x, y.shape, attrs)
    for (let i = 0; i < at.length; i++) y.data[i] = x.data[at[i] * channels + (i % channels)]
  },
  grad: ({ x }, attrs, dy): Gradients<'x'> => ({ x: maxPoolDx({ x, dy }, attrs) }),
  axes: lastAxes,
  samples: /* @__PURE__ */ poolSamples.map(({ x, attrs }) => ({ inputs: { x }, attrs })),
})

/** The pixel of x that is the largest in each window: the first of equal ones, or the first that is NaN. */
function largest(x: { readonly shape: Shape; readonly data: ArrayLike<number> }, y: Shape, attrs: PoolAttrs) {
  const channels = y[3]
  const at = new Int32Array(size(y)).fill(-1)
  eachTap(x.shape, y, attrs.kernel, windowOf(attrs), (from, to) => {
    if (from < 0) return
    for (let c = 0; c < channels; c++) {
      const best = at[to * channels + c]
      const [value, before] = [x.data[from * channels + c], x.data[best * channels + c]]
      if (best < 0 || value > before || (Number.isNaN(value) && !Number.isNaN(before))) at[to * channels + c] = from
    }
  })
  return at
}

/** The gradient of `max_pool`: each dy goes to the pixel that was the largest of its window. */
export const maxPoolDx = declareOp({
  name: 'max_pool_dx',
  inputs: { x: 'NHWC', dy: 'NHWC' },
  attrs: poolAttrs,
  shape({ x, dy }, attrs) {
    assertGradient('max_pool_dx', dy.shape, shapeOf('max_pool_dx', x.shape, attrs), x.shape)
    return x.shape
  },
  lower: native,
})

export const maxPoolDxContract = completeOp(maxPoolDx, {
  cost: free,
  reference({ x, dy }, attrs, dx) {
    const channels = x.shape[3]
    const sums = new Float64Array(size(x.shape))
    const at = largest(x, dy.shape, attrs)
    for (let i = 0; i < at.length; i++) sums[at[i] * channels + (i % channels)] += dy.data[i]
    dx.data.set(sums)
  },
  grad: /* @__PURE__ */ no(
    'second derivatives of pooling are not built: they would need the places of the largest as a value',
  ),
  samples: /* @__PURE__ */ poolSamples.map(({ x, dy, attrs }) => ({ inputs: { x, dy }, attrs })),
})

/** The average of each channel: x [N, H, W, C] to [N, 1, 1, C]. */
export function globalAvgPool(x: Value): Value {
  assertImages('global_avg_pool', 'x has shape', x.shape)
  return reduceMean(x, [1, 2])
}
