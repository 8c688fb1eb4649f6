/** Average pooling, NHWC. */
import { type Shape, size, tensor } from '../core/index.ts'
import { lastAxes } from './axes.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, type Value } from './define.ts'
import { depthwiseConv2d } from './depthwise-conv2d.ts'
import { depthwiseConv2dDx } from './depthwise-gradients.ts'
import { mul } from './elementwise.ts'
import { constant } from './leaf.ts'
import { type PoolAttrs, poolAttrs, poolShape, windowOfPool } from './pool-window.ts'
import { eachTap } from './taps.ts'

export interface AvgPoolAttrs extends PoolAttrs {
  /** Whether zeros of the padding count as pixels (PyTorch's default), or only pixels of x do (TensorFlow's). */
  readonly countPad: boolean
}
const avgPoolAttrs: AvgPoolAttrs = { ...poolAttrs, countPad: false }

/** How many pixels each window averages: one number per pixel of the grid. */
function counts(x: Shape, y: Shape, attrs: AvgPoolAttrs): Float64Array {
  const [kh, kw] = attrs.kernel
  const found = new Float64Array(y[1] * y[2])
  eachTap([1, ...x.slice(1)], [1, ...y.slice(1)], [kh, kw], windowOfPool(attrs), (from, to) => {
    if (from >= 0 || attrs.countPad) found[to]++
  })
  return found
}

/** A depthwise convolution with ones sums each window. This turns sums into averages. */
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
  shape: ({ x }, attrs) => poolShape('avg_pool', x.shape, attrs),
  lower({ x }, attrs) {
    const { w, share } = averaging(x.shape, poolShape('avg_pool', x.shape, attrs), attrs)
    return mul(depthwiseConv2d({ x, w }, windowOfPool(attrs)), share)
  },
})

export const avgPoolContract = completeOp(avgPool, {
  cost: free,
  reference({ x }, attrs, y) {
    const channels = x.shape[3]
    const sums = new Float64Array(size(y.shape))
    eachTap(x.shape, y.shape, attrs.kernel, windowOfPool(attrs), (from, to) => {
      if (from >= 0) for (let c = 0; c < channels; c++) sums[to * channels + c] += x.data[from * channels + c]
    })
    const n = counts(x.shape, y.shape, attrs)
    for (let i = 0; i < sums.length; i++) y.data[i] = sums[i] / n[Math.floor(i / channels) % n.length]
  },
  grad({ x }, attrs, dy): Gradients<'x'> {
    const { w, share } = averaging(x.shape, dy.shape, attrs)
    return { x: depthwiseConv2dDx({ dy: mul(dy, share), w }, { ...windowOfPool(attrs), inputShape: x.shape }) }
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
