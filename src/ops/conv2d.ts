/**
 * Convolution, NHWC with weights HWIO, in any number of groups. It is a matrix product: of the pixels for a 1x1
 * convolution of stride 1 (pointwise), of patches otherwise. Each group is computed separately, except with one filter per
 * channel: that is `depthwise_conv2d`, which has its own kernel.
 */
import { size } from '../core/index.ts'
import { letterAxes } from './axes.ts'
import { concat } from './concat.ts'
import { completeOp } from './contract.ts'
import { conv2dDw, conv2dDx } from './conv2d-gradients.ts'
import { conv2dAttrs, conv2dShape, isDepthwise, patches, perChannel, split, ungrouped } from './conv2d-shape.ts'
import { declareOp, type Gradients, type Value } from './define.ts'
import { depthwiseConv2d } from './depthwise-conv2d.ts'
import { matmul } from './matmul.ts'
import { reshape } from './reduce.ts'
import { addScaled, eachTap } from './taps.ts'
import { windowOf } from './window.ts'

/** y[n,i,j,o] = sum over u,v,k of x[n, i*s + u*d - top, j*s + v*d - left, k] w[u,v,k,o]; k runs over o's group. */
export const conv2d = declareOp({
  name: 'conv2d',
  inputs: { x: 'NHWC', w: 'HWIO' },
  attrs: conv2dAttrs,
  shape: ({ x, w }, attrs) => conv2dShape('conv2d', x.shape, w.shape, attrs),
  lower({ x, w }, attrs): Value {
    const [kh, kw, cin, cout] = w.shape
    const shape = conv2dShape('conv2d', x.shape, w.shape, attrs)
    if (isDepthwise(w.shape, attrs.groups)) return depthwiseConv2d({ x, w: perChannel(w) }, windowOf(attrs))
    if (attrs.groups > 1) {
      const [xs, ws] = [split(x, attrs.groups), split(w, attrs.groups)]
      return concat(
        xs.map((part, g): Value => conv2d({ x: part, w: ws[g] }, ungrouped(attrs))),
        { axis: 3 },
      )
    }
    const a = patches(x, [kh, kw], shape, attrs)
    return reshape({ x: matmul({ a, b: reshape({ x: w }, { shape: [kh * kw * cin, cout] }) }) }, { shape })
  },
  linearIn: 'w',
  takesEpilogue: () => true,
})

export const conv2dContract = completeOp(conv2d, {
  cost: ({ w }, _, y) => ({ macs: size(y) * w[0] * w[1] * w[2] }),
  reference({ x, w }, attrs, y) {
    const [kh, kw, cin, cout] = w.shape
    const channels = x.shape[3]
    const perGroup = cout / attrs.groups
    const sums = new Float64Array(size(y.shape))
    let macs = 0
    eachTap(x.shape, y.shape, [kh, kw], attrs, (from, to, tap) => {
      macs += cin * cout
      if (from < 0) return
      for (let g = 0; g < attrs.groups; g++)
        for (let i = 0; i < cin; i++) {
          const o = g * perGroup
          const value = x.data[from * channels + g * cin + i]
          addScaled(sums, to * cout + o, perGroup, value, w.data, (tap * cin + i) * cout + o)
        }
    })
    y.data.set(sums)
    return macs
  },
  grad: ({ x, w }, attrs, dy): Gradients<'x' | 'w'> => ({
    x: conv2dDx({ dy, w }, { ...attrs, inputShape: x.shape }),
    w: conv2dDw({ x, dy }, { ...attrs, kernel: [w.shape[0], w.shape[1]] }),
  }),
  layer({ x, w }, { stride, groups }) {
    const [kh, kw] = w.shape
    const dense = kh * kw === 1 ? 'pointwise' : 'conv'
    const kind = isDepthwise(w.shape, groups) && groups === x.shape[3] && groups > 1 ? 'depthwise' : dense
    return { kind, kernel: [kh, kw], stride, groups }
  },
  axes: (_, { groups }) => (groups === 1 ? letterAxes(['...i', '..io'], '...o') : []),
  samples: [
    { inputs: { x: [1, 5, 7, 3], w: [1, 1, 3, 5] } },
    { inputs: { x: [3, 4, 3, 17], w: [1, 1, 17, 8] } },
    { inputs: { x: [2, 7, 6, 3], w: [3, 3, 3, 8] }, attrs: { stride: 2, pad: [0, 1, 1, 0] } },
    { inputs: { x: [1, 6, 6, 1], w: [3, 3, 1, 1] }, attrs: { pad: [1, 1, 1, 1] } },
    { inputs: { x: [1, 9, 8, 5], w: [3, 3, 5, 3] }, attrs: { dilation: 2, pad: [2, 2, 2, 1] } },
    { inputs: { x: [1, 8, 8, 4], w: [3, 3, 4, 5] }, attrs: { stride: 3 } },
    { inputs: { x: [3, 5, 5, 4], w: [1, 1, 4, 3] }, attrs: { stride: 2 } },
    { inputs: { x: [1, 4, 4, 2], w: [1, 1, 2, 3] }, attrs: { pad: [1, 0, 2, 1] } },
    { inputs: { x: [1, 5, 6, 6], w: [3, 3, 2, 9] }, attrs: { groups: 3, stride: 2, pad: [1, 1, 0, 1] } },
    { inputs: { x: [2, 4, 4, 8], w: [1, 1, 4, 6] }, attrs: { groups: 2 } },
    { inputs: { x: [1, 5, 4, 3], w: [2, 3, 1, 3] }, attrs: { groups: 3, dilation: 2, pad: [1, 0, 2, 0] } },
    { inputs: { x: [1, 3, 3, 2], w: [1, 2, 2, 2] }, attrs: { pad: [2, 2, 3, 3], stride: 2 } },
  ],
})
