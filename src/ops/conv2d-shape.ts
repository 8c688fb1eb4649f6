/** What convolution and its gradients share: attributes, shapes, and the layouts of pixels for matrix products. */
import { assert, type Shape, size } from '../core/index.ts'
import type { Value } from './define.ts'
import { im2col } from './im2col.ts'
import { reshape } from './reduce.ts'
import { sliceLast } from './slice.ts'
import { type Size2, slide, type WindowAttrs, windowAttrs } from './window.ts'

export interface Conv2dAttrs extends WindowAttrs {
  readonly groups: number
}
export const conv2dAttrs: Conv2dAttrs = { ...windowAttrs, groups: 1 }

export function conv2dShape(op: string, x: Shape, w: Shape, attrs: Conv2dAttrs): Shape {
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

/** Whether there is one filter per channel: then `depthwise_conv2d` is used, with w [kh, kw, 1, C]. */
export const isDepthwise = ([, , cin, cout]: Shape, groups: number): boolean => cin === 1 && cout === groups

export const isPointwise = ([kh, kw]: Shape, { stride, pad }: WindowAttrs): boolean =>
  kh === 1 && kw === 1 && stride === 1 && pad.every((p) => p === 0)

/** [..., C] as [pixels, C]. */
export const pixels = (x: Value): Value => {
  const channels = x.shape[x.shape.length - 1]
  return reshape({ x }, { shape: [size(x.shape) / channels, channels] })
}

/** The window of each pixel of a grid, as a row. */
export const patches = (x: Value, kernel: Size2, grid: Shape, attrs: WindowAttrs): Value => {
  const { stride, dilation, pad } = attrs
  if (isPointwise(kernel, attrs)) return pixels(x)
  return im2col({ x }, { kernel, stride, dilation, top: pad[0], left: pad[2], size: [grid[1], grid[2]] })
}

/** w [kh, kw, 1, C] as [kh, kw, C]. */
export const perChannel = (w: Value): Value => reshape({ x: w }, { shape: [w.shape[0], w.shape[1], w.shape[3]] })

/** The attributes of the convolution, without those that its gradients add. */
export const convolution = ({ stride, pad, dilation, groups }: Conv2dAttrs): Conv2dAttrs => ({
  stride,
  pad,
  dilation,
  groups,
})
export const ungrouped = (attrs: Conv2dAttrs): Conv2dAttrs => ({ ...convolution(attrs), groups: 1 })

/** Slices the last axis of a value into equal groups. */
export const split = (x: Value, groups: number): Value[] => {
  const count = x.shape[x.shape.length - 1] / groups
  return Array.from({ length: groups }, (_, g) => sliceLast({ x }, { from: g * count, count }))
}
