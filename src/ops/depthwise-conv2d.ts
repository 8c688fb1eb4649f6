/**
 * Depthwise convolution, NHWC with weights HWC: one filter per channel (multiplier 1). Refuses other multipliers; use
 * `conv2d` with groups for them.
 */
import { assert, type Shape, size } from '../core/index.ts'
import { lastAxes } from './axes.ts'
import { completeOp } from './contract.ts'
import { declareOp, type Gradients, native } from './define.ts'
import { depthwiseConv2dDw, depthwiseConv2dDx } from './depthwise-gradients.ts'
import { eachTap } from './taps.ts'
import { slide, type WindowAttrs, windowAttrs } from './window.ts'

export function depthwiseShape(op: string, x: Shape, w: Shape, attrs: WindowAttrs): Shape {
  assert(x[3] === w[2], () => `${op}: x has ${x[3]} channels, w has ${w[2]}: w must be [kh, kw, ${x[3]}]`)
  return [x[0], ...slide(op, x, [w[0], w[1]], attrs), x[3]]
}

/** y[n,i,j,c] = sum over u,v of x[n, i*s + u*d - top, j*s + v*d - left, c] w[u,v,c]. */
export const depthwiseConv2d = declareOp({
  name: 'depthwise_conv2d',
  inputs: { x: 'NHWC', w: 'HWC' },
  attrs: windowAttrs,
  shape: ({ x, w }, attrs) => depthwiseShape('depthwise_conv2d', x.shape, w.shape, attrs),
  lower: native,
  linearIn: 'w',
  takesEpilogue: () => true,
})

export const depthwiseConv2dContract = completeOp(depthwiseConv2d, {
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
