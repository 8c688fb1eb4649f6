/** Matrix products. Pointwise convolutions and linear layers are lowered to them. */
import { assert, showShape } from '../core/index.ts'
import { letterAxes } from './axes.ts'
import { completeOp } from './contract.ts'
import { declareOp, type Gradients, native, type Value } from './define.ts'
import { bias } from './elementwise.ts'

/** y [M, N] = a [M, K] b [K, N]; with `transA`, a is [K, M]; with `transB`, b is [N, K]. */
export const matmul = declareOp({
  name: 'matmul',
  inputs: { a: 'MK', b: 'KN' },
  attrs: { transA: false, transB: false },
  shape({ a, b }, { transA, transB }) {
    const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape
    const [inner, n] = transB ? [b.shape[1], b.shape[0]] : b.shape
    assert(
      k === inner,
      () =>
        `matmul: a is ${showShape(a.shape)}${transA ? ' transposed' : ''}, b is ${showShape(b.shape)}` +
        `${transB ? ' transposed' : ''}: the inner dimensions are ${k} and ${inner}, they must be equal`,
    )
    return [m, n]
  },
  lower: native,
  // A product over the rows of both operands is computed as partial sums, which a second phase adds.
  takesEpilogue: ({ transA }) => !transA,
})

export const matmulContract = completeOp(matmul, {
  cost: ({ a }, _, y) => ({ macs: a[0] * a[1] * y[1] }),
  reference({ a, b }, { transA, transB }, y) {
    const [m, n] = y.shape
    const k = transA ? a.shape[0] : a.shape[1]
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let t = 0; t < k; t++)
          sum += a.data[transA ? t * m + i : i * k + t] * b.data[transB ? j * k + t : t * n + j]
        y.data[i * n + j] = sum
      }
    return m * n * k
  },
  grad: ({ a, b }, { transA, transB }, dy): Gradients<'a' | 'b'> => ({
    a: transA ? matmul({ a: b, b: dy }, { transA: transB, transB: true }) : matmul({ a: dy, b }, { transB: !transB }),
    b: transB ? matmul({ a: dy, b: a }, { transA: true, transB: transA }) : matmul({ a, b: dy }, { transA: !transA }),
  }),
  layer: () => ({ kind: 'linear' }),
  axes: (_, { transA, transB }) => letterAxes([transA ? 'km' : 'mk', transB ? 'nk' : 'kn'], 'mn'),
  samples: [
    { inputs: { a: [7, 5], b: [5, 19] } },
    { inputs: { a: [16, 24], b: [24, 16] } },
    { inputs: { a: [1, 33], b: [33, 10] } },
    { inputs: { a: [300, 6], b: [6, 4] } },
    { inputs: { a: [50, 6], b: [50, 13] }, attrs: { transA: true } },
    { inputs: { a: [7, 5], b: [19, 5] }, attrs: { transB: true } },
    { inputs: { a: [9, 7], b: [11, 9] }, attrs: { transA: true, transB: true } },
  ],
})

/** x [N, K] times w [K, M], plus b [M] if given. */
export const linear = (x: Value, w: Value, b?: Value): Value => {
  const y = matmul({ a: x, b: w })
  return b ? bias(y, b) : y
}
