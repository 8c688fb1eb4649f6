/** Repeats tensors along dimensions of 1: the gradient of a sum. */
import { assert, type Shape, showShape, size } from '../core/index.ts'
import { sameAxes } from './axes.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, native } from './define.ts'
import { reduceSum } from './reduce.ts'

/** y = x repeated along its dimensions of 1 to `shape`. A -1 in `shape` keeps that dimension of x. */
export const broadcastTo = declareOp({
  name: 'broadcast_to',
  inputs: { x: '*' },
  attrs: { shape: [] as Shape },
  shape({ x }, { shape }) {
    const full = shape.map((d, i) => (d === -1 ? x.shape[i] : d))
    assert(
      x.shape.length === full.length && x.shape.every((d, i) => d === 1 || d === full[i]),
      () => `broadcast_to: x has shape ${showShape(x.shape)}: each dimension must be 1 or that of ${showShape(shape)}`,
    )
    return full
  },
  fold({ x }, _, y) {
    const { shape } = y
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
  grad: ({ x }, _, dy): Gradients<'x'> => {
    const axes = dy.shape.flatMap((d, i) => (x.shape[i] === 1 && d !== 1 ? [i] : []))
    return { x: axes.length ? reduceSum({ x: dy }, { axes }) : dy }
  },
  axes: ([x], { shape }) => sameAxes((axis) => shape[axis] === -1, x.length),
  samples: [
    { inputs: { x: [2, 1, 1, 5] }, attrs: { shape: [2, 3, 4, 5] } },
    { inputs: { x: [1, 1] }, attrs: { shape: [3, 4] } },
    { inputs: { x: [2, 1, 3] }, attrs: { shape: [-1, 5, -1] } },
  ],
})
