/**
 * The gradients of convolution with respect to its input and its weights. Both are convolutions, and so matrix products:
 * dx multiplies the patches of dy, upsampled by the stride, by the flipped weights; dw multiplies the patches of x by dy.
 */
import { type Shape, size } from '../core/index.ts'
import { concat } from './concat.ts'
import { completeOp } from './contract.ts'
import { conv2d } from './conv2d.ts'
import {
  type Conv2dAttrs,
  conv2dAttrs,
  conv2dShape,
  convolution,
  isDepthwise,
  isPointwise,
  patches,
  perChannel,
  pixels,
  split,
  ungrouped,
} from './conv2d-shape.ts'
import { declareOp, type Gradients, type Value } from './define.ts'
import { depthwiseConv2dDw, depthwiseConv2dDx } from './depthwise-gradients.ts'
import { flipTranspose } from './flip-transpose.ts'
import { im2col } from './im2col.ts'
import { matmul } from './matmul.ts'
import { reshape } from './reduce.ts'
import { addScaled, assertGradient, dot, eachTap } from './taps.ts'
import { assertImages, type Size2, windowOf } from './window.ts'

const dxAttrs: Conv2dAttrs & { readonly inputShape: Shape } = { ...conv2dAttrs, inputShape: [1, 1, 1, 1] }

/** The gradient of `conv2d` with respect to x, which has `inputShape`. Rows that no window covers get zeros. */
export const conv2dDx = declareOp({
  name: 'conv2d_dx',
  inputs: { dy: 'NHWC', w: 'HWIO' },
  attrs: dxAttrs,
  shape({ dy, w }, attrs) {
    const { inputShape } = attrs
    assertImages('conv2d_dx', 'inputShape is', inputShape)
    assertGradient('conv2d_dx', dy.shape, conv2dShape('conv2d_dx', inputShape, w.shape, attrs), inputShape)
    return inputShape
  },
  lower({ dy, w }, attrs): Value {
    const { groups, inputShape, stride, dilation, pad } = attrs
    const [kh, kw, cin, cout] = w.shape
    const [n, height, width] = inputShape
    if (isDepthwise(w.shape, groups))
      return depthwiseConv2dDx({ dy, w: perChannel(w) }, { ...windowOf(attrs), inputShape })
    if (groups > 1) {
      const [dys, ws] = [split(dy, groups), split(w, groups)]
      const part = { ...ungrouped(attrs), inputShape: [n, height, width, cin] }
      return concat(
        dys.map((d, g): Value => conv2dDx({ dy: d, w: ws[g] }, part)),
        { axis: 3 },
      )
    }
    if (isPointwise(w.shape, attrs)) {
      const b = reshape({ x: w }, { shape: [cin, cout] })
      return reshape({ x: matmul({ a: pixels(dy), b }, { transB: true }) }, { shape: inputShape })
    }
    const a = im2col(
      { x: dy },
      {
        kernel: [kh, kw],
        dilation,
        top: (kh - 1) * dilation - pad[0],
        left: (kw - 1) * dilation - pad[2],
        upsample: stride,
        size: [height, width],
      },
    )
    return reshape({ x: matmul({ a, b: flipTranspose({ w }) }) }, { shape: inputShape })
  },
})

export const conv2dDxContract = completeOp(conv2dDx, {
  cost: ({ dy, w }) => ({ macs: size(dy) * w[0] * w[1] * w[2] }),
  reference({ dy, w }, attrs, dx) {
    const [kh, kw, cin, cout] = w.shape
    const channels = dx.shape[3]
    const perGroup = cout / attrs.groups
    const sums = new Float64Array(size(dx.shape))
    let macs = 0
    eachTap(dx.shape, dy.shape, [kh, kw], attrs, (from, to, tap) => {
      macs += cin * cout
      if (from < 0) return
      for (let g = 0; g < attrs.groups; g++)
        for (let i = 0; i < cin; i++) {
          const o = g * perGroup
          const sum = dot(perGroup, dy.data, to * cout + o, w.data, (tap * cin + i) * cout + o)
          sums[from * channels + g * cin + i] += sum
        }
    })
    dx.data.set(sums)
    return macs
  },
  grad: ({ dy, w }, attrs, ddx): Gradients<'dy' | 'w'> => ({
    dy: conv2d({ x: ddx, w }, convolution(attrs)),
    w: conv2dDw({ x: ddx, dy }, { ...convolution(attrs), kernel: [w.shape[0], w.shape[1]] }),
  }),
  samples: [
    { inputs: { dy: [1, 5, 7, 5], w: [1, 1, 3, 5] }, attrs: { inputShape: [1, 5, 7, 3] } },
    { inputs: { dy: [2, 5, 5, 3], w: [3, 3, 8, 3] }, attrs: { pad: [1, 1, 1, 1], inputShape: [2, 5, 5, 8] } },
    {
      inputs: { dy: [1, 3, 3, 8], w: [3, 3, 3, 8] },
      attrs: { stride: 2, pad: [0, 1, 1, 0], inputShape: [1, 7, 6, 3] },
    },
    { inputs: { dy: [1, 2, 2, 5], w: [3, 3, 4, 5] }, attrs: { stride: 3, inputShape: [1, 8, 7, 4] } },
    {
      inputs: { dy: [1, 9, 7, 3], w: [3, 3, 5, 3] },
      attrs: { dilation: 2, pad: [2, 2, 2, 1], inputShape: [1, 9, 8, 5] },
    },
    {
      inputs: { dy: [1, 3, 3, 9], w: [3, 3, 2, 9] },
      attrs: { groups: 3, stride: 2, pad: [1, 1, 0, 1], inputShape: [1, 5, 6, 6] },
    },
    {
      inputs: { dy: [1, 4, 4, 2], w: [1, 2, 2, 2] },
      attrs: { pad: [2, 2, 3, 3], stride: 2, inputShape: [1, 3, 3, 2] },
    },
    {
      inputs: { dy: [1, 4, 2, 3], w: [2, 3, 1, 3] },
      attrs: { groups: 3, dilation: 2, pad: [1, 0, 2, 0], inputShape: [1, 5, 4, 3] },
    },
    { inputs: { dy: [3, 3, 3, 3], w: [1, 1, 4, 3] }, attrs: { stride: 2, inputShape: [3, 5, 6, 4] } },
  ],
})

const dwAttrs: Conv2dAttrs & { readonly kernel: Size2 } = { ...conv2dAttrs, kernel: [1, 1] }

/** The gradient of `conv2d` with respect to w [kernel, cin / groups, cout]. */
export const conv2dDw = declareOp({
  name: 'conv2d_dw',
  inputs: { x: 'NHWC', dy: 'NHWC' },
  attrs: dwAttrs,
  shape({ x, dy }, attrs) {
    const w = [...attrs.kernel, x.shape[3] / attrs.groups, dy.shape[3]]
    assertGradient('conv2d_dw', dy.shape, conv2dShape('conv2d_dw', x.shape, w, attrs), x.shape)
    return w
  },
  lower({ x, dy }, attrs): Value {
    const { groups, kernel } = attrs
    const shape = [...kernel, x.shape[3] / groups, dy.shape[3]]
    if (isDepthwise(shape, groups))
      return reshape({ x: depthwiseConv2dDw({ x, dy }, { ...windowOf(attrs), kernel }) }, { shape })
    if (groups > 1) {
      const [xs, dys] = [split(x, groups), split(dy, groups)]
      return concat(
        xs.map((part, g): Value => conv2dDw({ x: part, dy: dys[g] }, { ...ungrouped(attrs), kernel })),
        { axis: 3 },
      )
    }
    const dw = matmul({ a: patches(x, kernel, dy.shape, attrs), b: pixels(dy) }, { transA: true })
    return reshape({ x: dw }, { shape })
  },
})

export const conv2dDwContract = completeOp(conv2dDw, {
  cost: ({ dy }, _, w) => ({ macs: size(dy) * w[0] * w[1] * w[2] }),
  reference({ x, dy }, attrs, dw) {
    const [kh, kw, cin, cout] = dw.shape
    const channels = x.shape[3]
    const perGroup = cout / attrs.groups
    const sums = new Float64Array(size(dw.shape))
    let macs = 0
    eachTap(x.shape, dy.shape, [kh, kw], attrs, (from, to, tap) => {
      macs += cin * cout
      if (from < 0) return
      for (let g = 0; g < attrs.groups; g++)
        for (let i = 0; i < cin; i++) {
          const o = g * perGroup
          const value = x.data[from * channels + g * cin + i]
          addScaled(sums, (tap * cin + i) * cout + o, perGroup, value, dy.data, to * cout + o)
        }
    })
    dw.data.set(sums)
    return macs
  },
  grad: ({ x, dy }, attrs, ddw): Gradients<'x' | 'dy'> => ({
    x: conv2dDx({ dy, w: ddw }, { ...convolution(attrs), inputShape: x.shape }),
    dy: conv2d({ x, w: ddw }, convolution(attrs)),
  }),
  samples: [
    { inputs: { x: [1, 5, 7, 3], dy: [1, 5, 7, 5] } },
    { inputs: { x: [2, 5, 5, 8], dy: [2, 5, 5, 3] }, attrs: { kernel: [3, 3], pad: [1, 1, 1, 1] } },
    { inputs: { x: [1, 7, 6, 3], dy: [1, 3, 3, 8] }, attrs: { kernel: [3, 3], stride: 2, pad: [0, 1, 1, 0] } },
    { inputs: { x: [1, 9, 8, 5], dy: [1, 9, 7, 3] }, attrs: { kernel: [3, 3], dilation: 2, pad: [2, 2, 2, 1] } },
    { inputs: { x: [3, 5, 6, 4], dy: [3, 3, 3, 3] }, attrs: { stride: 2 } },
    {
      inputs: { x: [1, 5, 6, 6], dy: [1, 3, 3, 9] },
      attrs: { kernel: [3, 3], groups: 3, stride: 2, pad: [1, 1, 0, 1] },
    },
    {
      inputs: { x: [1, 5, 4, 3], dy: [1, 4, 2, 3] },
      attrs: { kernel: [2, 3], groups: 3, dilation: 2, pad: [1, 0, 2, 0] },
    },
    { inputs: { x: [1, 1, 1, 1], dy: [1, 1, 1, 1] } },
  ],
})
