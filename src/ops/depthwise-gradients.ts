/** The gradients of depthwise convolution with respect to its input and its weights. */
import { type Shape, size } from '../core/index.ts'
import { completeOp } from './contract.ts'
import { declareOp, type Gradients, native } from './define.ts'
import { depthwiseConv2d, depthwiseShape } from './depthwise-conv2d.ts'
import { assertGradient, eachTap } from './taps.ts'
import { assertImages, type Size2, type WindowAttrs, windowAttrs, windowOf } from './window.ts'

const dxAttrs: WindowAttrs & { readonly inputShape: Shape } = { ...windowAttrs, inputShape: [1, 1, 1, 1] }

/** The gradient of `depthwise_conv2d` with respect to x, which has `inputShape`. */
export const depthwiseConv2dDx = declareOp({
  name: 'depthwise_conv2d_dx',
  inputs: { dy: 'NHWC', w: 'HWC' },
  attrs: dxAttrs,
  shape({ dy, w }, attrs) {
    const { inputShape } = attrs
    assertImages('depthwise_conv2d_dx', 'inputShape is', inputShape)
    const y = depthwiseShape('depthwise_conv2d_dx', inputShape, w.shape, attrs)
    assertGradient('depthwise_conv2d_dx', dy.shape, y, inputShape)
    return inputShape
  },
  lower: native,
})

export const depthwiseConv2dDxContract = completeOp(depthwiseConv2dDx, {
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
export const depthwiseConv2dDw = declareOp({
  name: 'depthwise_conv2d_dw',
  inputs: { x: 'NHWC', dy: 'NHWC' },
  attrs: dwAttrs,
  shape({ x, dy }, attrs) {
    const w = [...attrs.kernel, x.shape[3]]
    assertGradient('depthwise_conv2d_dw', dy.shape, depthwiseShape('depthwise_conv2d_dw', x.shape, w, attrs), x.shape)
    return w
  },
  lower: native,
})

export const depthwiseConv2dDwContract = completeOp(depthwiseConv2dDw, {
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
