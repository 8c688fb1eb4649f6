/** Helpers for pools and the gradient of max pooling. */
import { assert, type Shape, showShape, size } from '../core/index.ts'
import { eachTap } from './taps.ts'
import { type Pad, type Size2, slide, type WindowAttrs } from './window.ts'

export interface PoolAttrs {
  readonly kernel: Size2
  readonly stride: number
  readonly pad: Pad
}
export const poolAttrs: PoolAttrs = { kernel: [1, 1], stride: 1, pad: [0, 0, 0, 0] }

export const windowOfPool = ({ stride, pad }: PoolAttrs): WindowAttrs => ({ stride, pad, dilation: 1 })

export function poolShape(op: string, x: Shape, attrs: PoolAttrs): Shape {
  const { kernel, pad } = attrs
  const grid = slide(op, x, kernel, windowOfPool(attrs))
  assert(
    pad.every((p, side) => p < kernel[side < 2 ? 0 : 1]),
    () => `${op}: pad is ${showShape(pad)}, kernel ${showShape(kernel)}: a window would see no pixel, pad less`,
  )
  return [x[0], ...grid, x[3]]
}

/** The largest pixel of x in each window: the first of equal ones, or the first NaN. */
export function largest(x: { readonly shape: Shape; readonly data: ArrayLike<number> }, y: Shape, attrs: PoolAttrs) {
  const channels = y[3]
  const at = new Int32Array(size(y)).fill(-1)
  eachTap(x.shape, y, attrs.kernel, windowOfPool(attrs), (from, to) => {
    if (from < 0) return
    for (let c = 0; c < channels; c++) {
      const best = at[to * channels + c]
      const [value, before] = [x.data[from * channels + c], x.data[best * channels + c]]
      if (best < 0 || value > before || (Number.isNaN(value) && !Number.isNaN(before))) at[to * channels + c] = from
    }
  })
  return at
}

export const poolSamples = [
  { x: [2, 6, 6, 5], dy: [2, 3, 3, 5], attrs: { kernel: [2, 2], stride: 2 } },
  { x: [1, 7, 6, 3], dy: [1, 4, 3, 3], attrs: { kernel: [3, 3], stride: 2, pad: [1, 1, 0, 1] } },
  { x: [3, 4, 4, 17], dy: [3, 3, 2, 17], attrs: { kernel: [2, 3] } },
  { x: [1, 5, 5, 8], dy: [1, 2, 2, 8], attrs: { kernel: [2, 2], stride: 3 } },
  { x: [1, 3, 3, 1], dy: [1, 3, 3, 1], attrs: { kernel: [3, 3], pad: [1, 1, 1, 1] } },
] as const
