/** Sums over axes, and views that change a shape without moving data. */
import { assert, type Shape, showShape, size } from '../core/index.ts'
import { reshapeAxes, sameAxes } from './axes.ts'
import { broadcastTo } from './broadcast.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, native, type Value } from './define.ts'
import { add, div } from './elementwise.ts'

const keptShape = (shape: Shape, axes: readonly number[]): Shape => shape.map((d, i) => (axes.includes(i) ? 1 : d))

/** y = the sum of x over `axes`, which become dimensions of 1. */
export const reduceSum = declareOp({
  name: 'reduce_sum',
  inputs: { x: '*' },
  attrs: { axes: [] as readonly number[] },
  shape({ x }, { axes }) {
    assert(
      axes.length > 0 &&
        axes.every((a, i) => Number.isInteger(a) && a >= 0 && a < x.shape.length && axes.indexOf(a) === i),
      () => `reduce_sum: axes ${showShape(axes)} must be distinct axes of x, which has shape ${showShape(x.shape)}`,
    )
    return keptShape(x.shape, axes)
  },
  fold({ x }, { axes }, y) {
    const sums = new Float64Array(size(y.shape))
    const at = new Array<number>(x.shape.length).fill(0)
    for (let i = 0, n = size(x.shape); i < n; i++) {
      let j = 0
      for (let k = 0; k < at.length; k++) j = j * y.shape[k] + (axes.includes(k) ? 0 : at[k])
      sums[j] += x.data[i]
      for (let k = at.length - 1; k >= 0 && ++at[k] === x.shape[k]; k--) at[k] = 0
    }
    y.data.set(sums)
  },
  lower: native,
})

export const reduceSumContract = completeOp(reduceSum, {
  cost: free,
  grad: ({ x }, _, dy): Gradients<'x'> => ({ x: broadcastTo({ x: dy }, { shape: x.shape }) }),
  axes: ([x], { axes }) => sameAxes((axis) => !axes.includes(axis), x.length),
  samples: [
    { inputs: { x: [2, 5, 3, 7] }, attrs: { axes: [0, 1, 2] } },
    { inputs: { x: [3, 5, 4, 8] }, attrs: { axes: [1, 2] } },
    { inputs: { x: [3, 17] }, attrs: { axes: [1] } },
    { inputs: { x: [3, 5] }, attrs: { axes: [0, 1] } },
    { inputs: { x: [2, 3, 2, 5] }, attrs: { axes: [0, 2] } },
    { inputs: { x: [700, 6] }, attrs: { axes: [0] } },
  ],
})

/** The mean over `axes`, which become dimensions of 1. */
export const reduceMean = (x: Value, axes: readonly number[]): Value =>
  div(reduceSum({ x }, { axes }), size(axes.map((a) => x.shape[a])))

/** Resolves `shape` for x by the rule of {@link reshape}. */
function reshaped(x: Shape, shape: readonly number[]): Shape {
  const copied = shape.map((d, i) => (d === 0 ? x[i] : d))
  assert(
    copied.every((d) => d !== undefined),
    () => `reshape: x has shape ${showShape(x)}: ${showShape(shape)} copies a dimension that it does not have`,
  )
  const known = size(copied.filter((d) => d !== -1))
  const left = shape.filter((d) => d === -1).length
  assert(left < 2, () => `reshape: shape is ${showShape(shape)}: one dimension at most can be -1`)
  const full = copied.map((d) => (d === -1 ? size(x) / known : d))
  assert(
    left ? Number.isInteger(size(x) / known) : size(x) === known,
    () =>
      `reshape: x has shape ${showShape(x)}, ${size(x)} values: ` +
      (left
        ? `${showShape(shape)} without its -1 holds ${known}, which must be a divisor`
        : `${showShape(shape)} holds ${known} values, the numbers must be equal`),
  )
  return full
}

/**
 * The same data with another shape. As in ONNX, a 0 in `shape` copies that dimension of x, and one -1 takes the remaining
 * size: `[0, -1]` works for any batch.
 */
export const reshape = declareOp({
  name: 'reshape',
  inputs: { x: 'any:*' },
  attrs: { shape: [] as Shape },
  shape: ({ x }, { shape }) => ({ shape: reshaped(x.shape, shape), dtype: x.dtype }),
  fold({ x }, _, y) {
    y.data.set(x.data)
  },
  lower: native,
  viewOffset: () => 0,
})

export const reshapeContract = completeOp(reshape, {
  cost: free,
  grad: ({ x }, _, dy): Gradients<'x'> => ({ x: reshape({ x: dy }, { shape: x.shape }) }),
  // Fixed numbers of the shape cannot change: entries can be removed only where the shape has 0 or -1.
  axes: ([x], { shape }, y) =>
    reshapeAxes(x, y).filter((link) => link.every(({ input, axis }) => input === 0 || shape[axis] <= 0)),
  samples: [
    { inputs: { x: [2, 3, 5] }, attrs: { shape: [5, 6] } },
    { inputs: { x: [1] }, attrs: { shape: [] } },
    { inputs: { x: [3, 2, 5] }, attrs: { shape: [0, -1] } },
    { inputs: { x: [2, 7] }, attrs: { shape: [0, 1, 1, -1] } },
  ],
})

/** [N, ...] as [N, the rest], for any N. */
export const flatten = (x: Value): Value => reshape({ x }, { shape: [0, -1] })

/** The sum of values of one shape; a single value is returned as it is. */
export const addAll = (values: readonly Value[]): Value => values.reduce((a, b) => add(a, b))
