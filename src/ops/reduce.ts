/** Sums over axes, and the views that change a shape without touching the data. */
import { assert, type Shape, showShape, size } from '../core/index.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, native, type Value } from './define.ts'
import { add, div } from './elementwise.ts'

const keptShape = (shape: Shape, axes: readonly number[]): Shape => shape.map((d, i) => (axes.includes(i) ? 1 : d))

/** y = the sum of x over `axes`, which stay in the shape as 1. */
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
  samples: [
    { inputs: { x: [2, 5, 3, 7] }, attrs: { axes: [0, 1, 2] } },
    { inputs: { x: [3, 5, 4, 8] }, attrs: { axes: [1, 2] } },
    { inputs: { x: [3, 17] }, attrs: { axes: [1] } },
    { inputs: { x: [3, 5] }, attrs: { axes: [0, 1] } },
    { inputs: { x: [2, 3, 2, 5] }, attrs: { axes: [0, 2] } },
    { inputs: { x: [700, 6] }, attrs: { axes: [0] } },
  ],
})

/** y = x repeated along its dimensions of 1 until it has `shape`. */
export const broadcastTo = declareOp({
  name: 'broadcast_to',
  inputs: { x: '*' },
  attrs: { shape: [] as Shape },
  shape({ x }, { shape }) {
    assert(
      x.shape.length === shape.length && x.shape.every((d, i) => d === 1 || d === shape[i]),
      () => `broadcast_to: x has shape ${showShape(x.shape)}: each dimension must be 1 or that of ${showShape(shape)}`,
    )
    return shape
  },
  fold({ x }, { shape }, y) {
    const at = new Array<number>(shape.length).fill(0)
    for (let i = 0, n = size(shape); i < n; i++) {
      y.data[i] = x.data[at.reduce((j, a, k) => j * x.shape[k] + (x.shape[k] === 1 ? 0 : a), 0)]
      for (let k = at.length - 1; k >= 0 && ++at[k] === shape[k]; k--) at[k] = 0
    }
  },
  lower: native,
  isElementwise: true,
})

export const broadcastToContract = completeOp(broadcastTo, {
  cost: free,
  grad: ({ x }, { shape }, dy): Gradients<'x'> => {
    const axes = shape.flatMap((d, i) => (x.shape[i] === 1 && d !== 1 ? [i] : []))
    return { x: axes.length ? reduceSum({ x: dy }, { axes }) : dy }
  },
  samples: [
    { inputs: { x: [2, 1, 1, 5] }, attrs: { shape: [2, 3, 4, 5] } },
    { inputs: { x: [1, 1] }, attrs: { shape: [3, 4] } },
  ],
})

/** The mean over `axes`, which stay in the shape as 1. */
export const reduceMean = (x: Value, axes: readonly number[]): Value =>
  div(reduceSum({ x }, { axes }), size(axes.map((a) => x.shape[a])))

/** The same data under another shape. */
export const reshape = declareOp({
  name: 'reshape',
  inputs: { x: 'any:*' },
  attrs: { shape: [] as Shape },
  shape({ x }, { shape }) {
    assert(
      size(x.shape) === size(shape),
      () =>
        `reshape: x has shape ${showShape(x.shape)}, ${size(x.shape)} values: ` +
        `${showShape(shape)} holds ${size(shape)}, it must hold as many`,
    )
    return { shape, dtype: x.dtype }
  },
  fold({ x }, _, y) {
    y.data.set(x.data)
  },
  lower: native,
  viewOffset: () => 0,
})

export const reshapeContract = completeOp(reshape, {
  cost: free,
  grad: ({ x }, _, dy): Gradients<'x'> => ({ x: reshape({ x: dy }, { shape: x.shape }) }),
  samples: [
    { inputs: { x: [2, 3, 5] }, attrs: { shape: [5, 6] } },
    { inputs: { x: [1] }, attrs: { shape: [] } },
  ],
})

/** [N, ...] as [N, the rest]. */
export const flatten = (x: Value): Value => reshape({ x }, { shape: [x.shape[0], size(x.shape.slice(1))] })

/** Sum of values of one shape; the first itself when it is alone. */
export const addAll = (values: readonly Value[]): Value => values.reduce((a, b) => add(a, b))
