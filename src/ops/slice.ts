/** Slices of tensors of any dtype, and tensors padded with zeros. The gradient of each is the other. */
import { assert, type Shape, showShape, size, stridesOf } from '../core/index.ts'
import { sameAxes } from './axes.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, native, type Value } from './define.ts'
import { assertImages, assertPad, type Pad } from './window.ts'

type Integers = readonly number[]

const areIntegers = (list: Integers, rank: number): boolean =>
  list.length === rank && list.every((n) => Number.isInteger(n) && n >= 0)

/** Calls `visit` with each element of `inner` and its element of `outer`, in which `inner` starts at `from`. */
function eachInside(inner: Shape, outer: Shape, from: Integers, visit: (i: number, o: number) => void): void {
  const strides = stridesOf(outer)
  const at = new Array<number>(inner.length).fill(0)
  for (let i = 0, n = size(inner); i < n; i++) {
    visit(
      i,
      strides.reduce((sum, s, k) => sum + s * (from[k] + at[k]), 0),
    )
    for (let k = at.length - 1; k >= 0 && ++at[k] === inner[k]; k--) at[k] = 0
  }
}

/** y = the part of x that starts at `from` and has `shape`. A -1 in `shape` takes the rest of that dimension. */
export const slice = declareOp({
  name: 'slice',
  inputs: { x: 'any:*' },
  attrs: { from: [] as Integers, shape: [] as Shape },
  shape({ x }, { from, shape }) {
    const rank = x.shape.length
    const full = shape.map((d, i) => (d === -1 ? x.shape[i] - from[i] : d))
    assert(
      areIntegers(from, rank) && areIntegers(full, rank) && full.every((d, i) => d > 0 && from[i] + d <= x.shape[i]),
      () => `slice: x has shape ${showShape(x.shape)}: ${showShape(shape)} from ${showShape(from)} is not within it`,
    )
    return { shape: full, dtype: x.dtype }
  },
  fold({ x }, { from }, y) {
    eachInside(y.shape, x.shape, from, (i, o) => {
      y.data[i] = x.data[o]
    })
  },
  lower: native,
})

export const sliceContract = completeOp(slice, {
  cost: free,
  grad: ({ x }, { from }, dy): Gradients<'x'> => ({
    x: zeroPad({ x: dy }, { before: from, after: x.shape.map((d, i) => d - from[i] - dy.shape[i]) }),
  }),
  axes: ([x], { from, shape }) => sameAxes((axis) => from[axis] === 0 && shape[axis] === -1, x.length),
  samples: [
    { inputs: { x: [2, 5, 6, 3] }, attrs: { from: [0, 1, 2, 0], shape: [2, 3, 4, 3] } },
    { inputs: { x: [2, 3, 3, 17] }, attrs: { from: [0, 0, 0, 5], shape: [2, 3, 3, 7] } },
    { inputs: { x: [3, 3, 1, 9] }, attrs: { from: [0, 0, 0, 6], shape: [3, 3, 1, 3] } },
    { inputs: { x: [4, 8] }, attrs: { from: [1, 4], shape: [2, 4] } },
    { inputs: { x: [9] }, attrs: { from: [3], shape: [5] } },
    { inputs: { x: [3, 4, 5] }, attrs: { from: [1, 1, 1], shape: [1, 1, 1] } },
    { inputs: { x: [3, 4, 5] }, attrs: { from: [0, 1, 2], shape: [-1, 2, -1] } },
  ],
})

/** y = x with zeros before and after it along each axis. */
export const zeroPad = declareOp({
  name: 'zero_pad',
  inputs: { x: 'any:*' },
  attrs: { before: [] as Integers, after: [] as Integers },
  shape({ x }, { before, after }) {
    const rank = x.shape.length
    assert(
      areIntegers(before, rank) && areIntegers(after, rank),
      () =>
        `zero_pad: x has shape ${showShape(x.shape)}, before is ${showShape(before)}, after ${showShape(after)}: ` +
        `both must hold ${rank} integers from 0`,
    )
    return { shape: x.shape.map((d, i) => before[i] + d + after[i]), dtype: x.dtype }
  },
  fold({ x }, { before }, y) {
    eachInside(x.shape, y.shape, before, (i, o) => {
      y.data[o] = x.data[i]
    })
  },
  lower: native,
})

export const zeroPadContract = completeOp(zeroPad, {
  cost: free,
  grad: ({ x }, { before }, dy): Gradients<'x'> => ({ x: slice({ x: dy }, { from: before, shape: x.shape }) }),
  axes: ([x], { before, after }) => sameAxes((axis) => before[axis] + after[axis] === 0, x.length),
  samples: [
    { inputs: { x: [2, 3, 4, 3] }, attrs: { before: [0, 1, 0, 0], after: [0, 0, 2, 0] } },
    { inputs: { x: [2, 3, 3, 7] }, attrs: { before: [0, 0, 0, 5], after: [0, 0, 0, 5] } },
    { inputs: { x: [1, 2, 2, 16] }, attrs: { before: [0, 2, 1, 0], after: [0, 1, 2, 0] } },
    { inputs: { x: [2, 3] }, attrs: { before: [1, 0], after: [2, 0] } },
    { inputs: { x: [5] }, attrs: { before: [2], after: [1] } },
  ],
})

/** y = `count` rows of x, starting at `from`, along the first axis: a view of x's memory. */
export const sliceFirst = declareOp({
  name: 'slice_first',
  inputs: { x: 'any:*' },
  attrs: { from: 0, count: 1 },
  shape({ x }, { from, count }) {
    assert(
      x.shape.length > 0 && areIntegers([from, count], 2) && count > 0 && from + count <= x.shape[0],
      () => `slice_first: x has shape ${showShape(x.shape)}: [${from}, ${from + count}) is not within its first axis`,
    )
    return { shape: [count, ...x.shape.slice(1)], dtype: x.dtype }
  },
  fold({ x }, { from }, y) {
    const row = size(x.shape.slice(1))
    y.data.set(x.data.subarray(from * row, from * row + size(y.shape)))
  },
  lower: native,
  viewOffset: ({ x }, { from }) => from * size(x.shape.slice(1)),
})

export const sliceFirstContract = completeOp(sliceFirst, {
  cost: free,
  grad: ({ x }, { from, count }, dy): Gradients<'x'> => ({
    x: zeroPad({ x: dy }, { before: along(x, 0, from), after: along(x, 0, x.shape[0] - from - count) }),
  }),
  samples: [{ inputs: { x: [5, 3, 2] }, attrs: { from: 2, count: 2 } }],
})

/** `n` at one axis of x, 0 at the others. */
const along = (x: { readonly shape: Shape }, axis: number, n: number): Integers =>
  x.shape.map((_, i) => (i === axis ? n : 0))

/** `count` entries of x along `axis`, starting at `from`. Works for any length of the other axes. */
export const sliceAxis = (x: Value, axis: number, from: number, count: number): Value =>
  slice({ x }, { from: along(x, axis, from), shape: x.shape.map((_, i) => (i === axis ? count : -1)) })

/** `count` channels (last axis) of x, starting at `from`. */
export const sliceLast = ({ x }: { x: Value }, { from, count }: { from: number; count: number }): Value =>
  sliceAxis(x, x.shape.length - 1, from, count)

/** x [N, H, W, C] with rows and columns of zeros around it; x itself if `pad` is zero. */
export function pad({ x }: { x: Value }, { pad }: { pad: Pad }): Value {
  assertImages('pad', 'x has shape', x.shape)
  assertPad('pad', pad)
  const [top, bottom, left, right] = pad
  return pad.some(Boolean) ? zeroPad({ x }, { before: [0, top, left, 0], after: [0, bottom, right, 0] }) : x
}

/** x [N, H, W, C] without its outer rows and columns: the inverse of `pad`. */
export function crop({ x }: { x: Value }, { pad }: { pad: Pad }): Value {
  assertImages('crop', 'x has shape', x.shape)
  assertPad('crop', pad)
  const [, height, width] = x.shape
  const [top, bottom, left, right] = pad
  const shape = [-1, height - top - bottom, width - left - right, -1]
  assert(
    shape[1] > 0 && shape[2] > 0,
    () => `crop: x is ${height} x ${width}, pad is ${showShape(pad)}: nothing of x would be left, crop less`,
  )
  return pad.some(Boolean) ? slice({ x }, { from: [0, top, left, 0], shape }) : x
}
