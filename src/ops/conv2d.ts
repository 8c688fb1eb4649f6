/**
 * Convolution, NHWC with weights HWIO, in any number of groups, and its two gradients. All three are matrix products:
 * a 1x1 convolution of stride 1 (pointwise) of the pixels as they are, others of patches. Groups are taken one by one;
 * a convolution with one channel per group is `depthwise_conv2d`, which has a kernel of its own.
 */
import { assert, type Shape, size } from '../core/index.ts'
import { concat } from './concat.ts'
import { defineOp, type Gradients, type Value } from './define.ts'
import { flipTranspose, im2col } from './im2col.ts'
import { matmul } from './matmul.ts'
import { reshape } from './reduce.ts'
import { sliceLast } from './slice.ts'
import { assertGradient, assertImages, eachTap, type Size2, slide, type WindowAttrs, windowAttrs } from './window.ts'

export interface Conv2dAttrs extends WindowAttrs {
  readonly groups: number
}
const conv2dAttrs: Conv2dAttrs = { ...windowAttrs, groups: 1 }

function shapeOf(op: string, x: Shape, w: Shape, attrs: Conv2dAttrs): Shape {
  const { groups } = attrs
  assert(
    Number.isInteger(groups) && groups > 0 && x[3] % groups === 0 && w[3] % groups === 0,
    () => `${op}: groups is ${groups}: it must divide the channels of x, ${x[3]}, and the outputs of w, ${w[3]}`,
  )
  assert(
    w[2] === x[3] / groups,
    () =>
      `${op}: x has ${x[3]} channels in ${groups} group${groups > 1 ? 's' : ''}, w has ${w[2]}: ` +
      `w must be [kh, kw, ${x[3] / groups}, cout]`,
  )
  return [x[0], ...slide(op, x, [w[0], w[1]], attrs), w[3]]
}

const isPointwise = ([kh, kw]: Shape, { stride, pad }: WindowAttrs): boolean =>
  kh === 1 && kw === 1 && stride === 1 && pad.every((p) => p === 0)

/** [..., C] as [pixels, C]. */
const pixels = (x: Value): Value => {
  const channels = x.shape[x.shape.length - 1]
  return reshape({ x }, { shape: [size(x.shape) / channels, channels] })
}

/** The window of each pixel of a grid as a row. */
const patches = (x: Value, kernel: Size2, grid: Shape, attrs: WindowAttrs): Value => {
  const { stride, dilation, pad } = attrs
  if (isPointwise(kernel, attrs)) return pixels(x)
  return im2col({ x }, { kernel, stride, dilation, top: pad[0], left: pad[2], size: [grid[1], grid[2]] })
}

/** The attributes of the convolution itself, without those that its gradients add. */
const convolution = ({ stride, pad, dilation, groups }: Conv2dAttrs): Conv2dAttrs => ({ stride, pad, dilation, groups })
const ungrouped = (attrs: Conv2dAttrs): Conv2dAttrs => ({ ...convolution(attrs), groups: 1 })

/** Slices the last axis of a value into equal groups. */
const split = (x: Value, groups: number): Value[] => {
  const count = x.shape[x.shape.length - 1] / groups
  return Array.from({ length: groups }, (_, g) => sliceLast({ x }, { from: g * count, count }))
}

/** y[n,i,j,o] = sum over u,v,k of x[n, i*s + u*d - top, j*s + v*d - left, k] w[u,v,k,o]; k runs over o's group. */
export const conv2d = defineOp({
  name: 'conv2d',
  inputs: { x: 'NHWC', w: 'HWIO' },
  attrs: conv2dAttrs,
  shape: ({ x, w }, attrs) => shapeOf('conv2d', x.shape, w.shape, attrs),
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
          const value = x.data[from * channels + g * cin + i]
          for (let o = g * perGroup; o < (g + 1) * perGroup; o++)
            sums[to * cout + o] += value * w.data[(tap * cin + i) * cout + o]
        }
    })
    y.data.set(sums)
    return macs
  },
  grad: ({ x, w }, attrs, dy): Gradients<'x' | 'w'> => ({
    x: conv2dDx({ dy, w }, { ...attrs, inputShape: x.shape }),
    w: conv2dDw({ x, dy }, { ...attrs, kernel: [w.shape[0], w.shape[1]] }),
  }),
  lower({ x, w }, attrs): Value {
    const [kh, kw, cin, cout] = w.shape
    const shape = shapeOf('conv2d', x.shape, w.shape, attrs)
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

const dxAttrs: Conv2dAttrs & { readonly inputShape: Shape } = { ...conv2dAttrs, inputShape: [1, 1, 1, 1] }

/** The gradient of `conv2d` with respect to x, which has `inputShape`. Rows that no window saw get zeros. */
export const conv2dDx = defineOp({
  name: 'conv2d_dx',
  inputs: { dy: 'NHWC', w: 'HWIO' },
  attrs: dxAttrs,
  shape({ dy, w }, attrs) {
    const { inputShape } = attrs
    assertImages('conv2d_dx', 'inputShape is', inputShape)
    assertGradient('conv2d_dx', dy.shape, shapeOf('conv2d_dx', inputShape, w.shape, attrs), inputShape)
    return inputShape
  },
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
          let sum = 0
          for (let o = g * perGroup; o < (g + 1) * perGroup; o++)
            sum += dy.data[to * cout + o] * w.data[(tap * cin + i) * cout + o]
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
  lower({ dy, w }, attrs): Value {
    const { groups, inputShape, stride, dilation, pad } = attrs
    const [kh, kw, cin, cout] = w.shape
    const [n, height, width] = inputShape
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
    { inputs: { dy: [3, 3, 3, 3], w: [1, 1, 4, 3] }, attrs: { stride: 2, inputShape: [3, 5, 6, 4] } },
  ],
})

const dwAttrs: Conv2dAttrs & { readonly kernel: Size2 } = { ...conv2dAttrs, kernel: [1, 1] }

/** The gradient of `conv2d` with respect to w [kernel, cin / groups, cout]. */
export const conv2dDw = defineOp({
  name: 'conv2d_dw',
  inputs: { x: 'NHWC', dy: 'NHWC' },
  attrs: dwAttrs,
  shape({ x, dy }, attrs) {
    const w = [...attrs.kernel, x.shape[3] / attrs.groups, dy.shape[3]]
    assertGradient('conv2d_dw', dy.shape, shapeOf('conv2d_dw', x.shape, w, attrs), x.shape)
    return w
  },
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
          const value = x.data[from * channels + g * cin + i]
          for (let o = g * perGroup; o < (g + 1) * perGroup; o++)
            sums[(tap * cin + i) * cout + o] += value * dy.data[to * cout + o]
        }
    })
    dw.data.set(sums)
    return macs
  },
  grad: ({ x, dy }, attrs, ddw): Gradients<'x' | 'dy'> => ({
    x: conv2dDx({ dy, w: ddw }, { ...convolution(attrs), inputShape: x.shape }),
    dy: conv2d({ x, w: ddw }, convolution(attrs)),
  }),
  lower({ x, dy }, attrs): Value {
    const { groups, kernel } = attrs
    if (groups > 1) {
      const [xs, dys] = [split(x, groups), split(dy, groups)]
      return concat(
        xs.map((part, g): Value => conv2dDw({ x: part, dy: dys[g] }, { ...ungrouped(attrs), kernel })),
        { axis: 3 },
      )
    }
    const dw = matmul({ a: patches(x, kernel, dy.shape, attrs), b: pixels(dy) }, { transA: true })
    return reshape({ x: dw }, { shape: [...kernel, x.shape[3], dy.shape[3]] })
  },
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
    { inputs: { x: [1, 1, 1, 1], dy: [1, 1, 1, 1] } },
  ],
})
