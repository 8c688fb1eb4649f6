/**
 * Depthwise convolution, NHWC with weights HWC, one filter per channel (multiplier 1), and its two gradients.
 * Refuses other multipliers: they are `conv2d` with groups.
 */
import { assert, type Shape, size } from '../core/index.ts'
import { lastAxes } from './axes.ts'
import { defineOp, type Gradients, native } from './define.ts'
import {
  assertGradient,
  assertImages,
  eachTap,
  type Size2,
  slide,
  type WindowAttrs,
  windowAttrs,
  windowOf,
} from './window.ts'

function shapeOf(op: string, x: Shape, w: Shape, attrs: WindowAttrs): Shape {
  assert(x[3] === w[2], () => `${op}: x has ${x[3]} channels, w has ${w[2]}: w must be [kh, kw, ${x[3]}]`)
  return [x[0], ...slide(op, x, [w[0], w[1]], attrs), x[3]]
}

/** y[n,i,j,c] = sum over u,v of x[n, i*s + u*d - top, j*s + v*d - left, c] w[u,v,c]. */
export const depthwiseConv2d = defineOp({
  name: 'depthwise_conv2d',
  inputs: { x: 'NHWC', w: 'HWC' },
  attrs: windowAttrs,
  shape: ({ x, w }, attrs) => shapeOf('depthwise_conv2d', x.shape, w.shape, attrs),
  cost: ({ w }, _, y) => ({ macs: size(y) * w[0] * w[1] }),
  reference({ x, w }, attrs, y) {
    const [kh, kw, channels] = w.shape
    const sums = new Float64Array(size(y.shape))
    let macs = 0
    eachTap(x.shape, y.shape, [kh, kw], attrs, (from, to, tap) => {
      macs += channels
      if (from < 0) return
      for (let c = 0; c < channels; c++)
        sums[to * channels + c] += x.data[from * channels + c] * w.data[tap * channels + c]
    })
    y.data.set(sums)
    return macs
  },
  grad: ({ x, w }, attrs, dy): Gradients<'x' | 'w'> => ({
    x: depthwiseConv2dDx({ dy, w }, { ...attrs, inputShape: x.shape }),
    w: depthwiseConv2dDw({ x, dy }, { ...attrs, kernel: [w.shape[0], w.shape[1]] }),
  }),
  lower: native,
  linearIn: 'w',
  takesEpilogue: () => true,
  layer: ({ x, w }, { stride }) => ({
    kind: 'depthwise',
    kernel: [w.shape[0], w.shape[1]],
    stride,
    groups: x.shape[3],
  }),
  axes: lastAxes,
  samples: [
    { inputs: { x: [1, 5, 7, 1], w: [3, 3, 1] }, attrs: { pad: [1, 1, 1, 1] } },
    { inputs: { x: [3, 6, 5, 3], w: [3, 3, 3] }, attrs: { pad: [1, 1, 1, 1] } },
    { inputs: { x: [1, 8, 7, 5], w: [3, 3, 5] }, attrs: { stride: 2, pad: [0, 1, 1, 1] } },
    { inputs: { x: [2, 9, 9, 8], w: [5, 5, 8] }, attrs: { stride: 2, pad: [1, 2, 2, 1] } },
    { inputs: { x: [1, 9, 8, 17], w: [3, 3, 17] }, attrs: { dilation: 2, pad: [2, 2, 2, 1] } },
    { inputs: { x: [1, 8, 8, 4], w: [3, 3, 4] }, attrs: { stride: 3 } },
    { inputs: { x: [1, 6, 7, 20], w: [2, 3, 20] }, attrs: { stride: 2, dilation: 2, pad: [1, 0, 2, 3] } },
    { inputs: { x: [2, 3, 3, 12], w: [1, 1, 12] }, attrs: { stride: 2 } },
    { inputs: { x: [1, 2, 2, 8], w: [5, 5, 8] }, attrs: { pad: [2, 2, 2, 2] } },
    { inputs: { x: [3, 4, 4, 33], w: [4, 4, 33] } },
    { inputs: { x: [1, 1, 3, 5], w: [1, 3, 5] }, attrs: { stride: 3, pad: [2, 2, 1, 1] } },
  ],
})

const dxAttrs: WindowAttrs & { readonly inputShape: Shape } = { ...windowAttrs, inputShape: [1, 1, 1, 1] }

/** The gradient of `depthwise_conv2d` with respect to x, which has `inputShape`. */
export const depthwiseConv2dDx = defineOp({
  name: 'depthwise_conv2d_dx',
  inputs: { dy: 'NHWC', w: 'HWC' },
  attrs: dxAttrs,
  shape({ dy, w }, attrs) {
    const { inputShape } = attrs
    assertImages('depthwise_conv2d_dx', 'inputShape is', inputShape)
    const y = shapeOf('depthwise_conv2d_dx', inputShape, w.shape, attrs)
    assertGradient('depthwise_conv2d_dx', dy.shape, y, inputShape)
    return inputShape
  },
  cost: ({ dy, w }) => ({ macs: size(dy) * w[0] * w[1] }),
  reference({ dy, w }, attrs, dx) {
    const [kh, kw, channels] = w.shape
    const sums = new Float64Array(size(dx.shape))
    let macs = 0
    eachTap(dx.shape, dy.shape, [kh, kw], attrs, (from, to, tap) => {
      macs += channels
      if (from < 0) return
      for (let c = 0; c < channels; c++)
        sums[from * channels + c] += dy.data[to * channels + c] * w.data[tap * channels + c]
    })
    dx.data.set(sums)
    return macs
  },
  grad: ({ dy, w }, attrs, ddx): Gradients<'dy' | 'w'> => ({
    dy: depthwiseConv2d({ x: ddx, w }, windowOf(attrs)),
    w: depthwiseConv2dDw({ x: ddx, dy }, { ...windowOf(attrs), kernel: [w.shape[0], w.shape[1]] }),
  }),
  lower: native,
  samples: [
    { inputs: { dy: [1, 5, 7, 1], w: [3, 3, 1] }, attrs: { pad: [1, 1, 1, 1], inputShape: [1, 5, 7, 1] } },
    { inputs: { dy: [3, 6, 5, 3], w: [3, 3, 3] }, attrs: { pad: [1, 1, 1, 1], inputShape: [3, 6, 5, 3] } },
    { inputs: { dy: [1, 4, 4, 5], w: [3, 3, 5] }, attrs: { stride: 2, pad: [0, 1, 1, 1], inputShape: [1, 8, 7, 5] } },
    { inputs: { dy: [2, 4, 4, 8], w: [5, 5, 8] }, attrs: { stride: 2, pad: [1, 2, 2, 1], inputShape: [2, 9, 9, 8] } },
    {
      inputs: { dy: [1, 9, 7, 17], w: [3, 3, 17] },
      attrs: { dilation: 2, pad: [2, 2, 2, 1], inputShape: [1, 9, 8, 17] },
    },
    { inputs: { dy: [1, 2, 2, 4], w: [3, 3, 4] }, attrs: { stride: 3, inputShape: [1, 8, 7, 4] } },
    {
      inputs: { dy: [1, 3, 4, 20], w: [2, 3, 20] },
      attrs: { stride: 2, dilation: 2, pad: [1, 0, 2, 3], inputShape: [1, 6, 7, 20] },
    },
    { inputs: { dy: [2, 2, 2, 12], w: [1, 1, 12] }, attrs: { stride: 2, inputShape: [2, 3, 4, 12] } },
    { inputs: { dy: [1, 2, 1, 5], w: [1, 3, 5] }, attrs: { stride: 3, pad: [2, 2, 1, 1], inputShape: [1, 1, 3, 5] } },
  ],
})

const dwAttrs: WindowAttrs & { readonly kernel: Size2 } = { ...windowAttrs, kernel: [1, 1] }

/** The gradient of `depthwise_conv2d` with respect to w [kernel, C]. */
export const depthwiseConv2dDw = defineOp({
  name: 'depthwise_conv2d_dw',
  inputs: { x: 'NHWC', dy: 'NHWC' },
  attrs: dwAttrs,
  shape({ x, dy }, attrs) {
    const w = [...attrs.kernel, x.shape[3]]
    assertGradient('depthwise_conv2d_dw', dy.shape, shapeOf('depthwise_conv2d_dw', x.shape, w, attrs), x.shape)
    return w
  },
  cost: ({ dy }, _, w) => ({ macs: size(dy) * w[0] * w[1] }),
  reference({ x, dy }, attrs, dw) {
    const [kh, kw, channels] = dw.shape
    const sums = new Float64Array(size(dw.shape))
    let macs = 0
    eachTap(x.shape, dy.shape, [kh, kw], attrs, (from, to, tap) => {
      macs += channels
      if (from < 0) return
      for (let c = 0; c < channels; c++)
        sums[tap * channels + c] += x.data[from * channels + c] * dy.data[to * channels + c]
    })
    dw.data.set(sums)
    return macs
  },
  grad: ({ x, dy }, attrs, ddw): Gradients<'x' | 'dy'> => ({
    x: depthwiseConv2dDx({ dy, w: ddw }, { ...windowOf(attrs), inputShape: x.shape }),
    dy: depthwiseConv2d({ x, w: ddw }, windowOf(attrs)),
  }),
  lower: native,
  samples: [
    { inputs: { x: [1, 5, 7, 1], dy: [1, 5, 7, 1] }, attrs: { kernel: [3, 3], pad: [1, 1, 1, 1] } },
    { inputs: { x: [3, 6, 5, 3], dy: [3, 6, 5, 3] }, attrs: { kernel: [3, 3], pad: [1, 1, 1, 1] } },
    { inputs: { x: [1, 8, 7, 5], dy: [1, 4, 4, 5] }, attrs: { kernel: [3, 3], stride: 2, pad: [0, 1, 1, 1] } },
    { inputs: { x: [2, 9, 9, 8], dy: [2, 4, 4, 8] }, attrs: { kernel: [5, 5], stride: 2, pad: [1, 2, 2, 1] } },
    { inputs: { x: [1, 9, 8, 17], dy: [1, 9, 7, 17] }, attrs: { kernel: [3, 3], dilation: 2, pad: [2, 2, 2, 1] } },
    {
      inputs: { x: [1, 6, 7, 20], dy: [1, 3, 4, 20] },
      attrs: { kernel: [2, 3], stride: 2, dilation: 2, pad: [1, 0, 2, 3] },
    },
    { inputs: { x: [3, 20, 20, 4], dy: [3, 20, 20, 4] }, attrs: { kernel: [3, 3], pad: [1, 1, 1, 1] } },
    { inputs: { x: [1, 1, 3, 5], dy: [1, 2, 1, 5] }, attrs: { kernel: [1, 3], stride: 3, pad: [2, 2, 1, 1] } },
  ],
})
