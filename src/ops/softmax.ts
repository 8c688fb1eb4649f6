/** Class probabilities, and the loss of classification. */
import { assert, sameShape, showShape } from '../core/index.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, native, type Value } from './define.ts'
import { add, div, exp, mul, neg, sub } from './elementwise.ts'
import { reduceSum, reshape } from './reduce.ts'

const samples = [
  { inputs: { x: [3, 10] }, range: [-5, 5] },
  { inputs: { x: [1, 17] }, range: [-30, 30] },
  { inputs: { x: [4, 1] } },
  { inputs: { x: [5, 8] }, range: [900, 910] },
  { inputs: { x: [2, 3] } },
] as const

/** The largest of `count` numbers starting at `at`, and the sum of e^(x - largest). */
function normaliser(x: ArrayLike<number>, at: number, count: number): { largest: number; sum: number } {
  let largest = Number.NEGATIVE_INFINITY
  for (let k = 0; k < count; k++) largest = Math.max(largest, x[at + k])
  let sum = 0
  for (let k = 0; k < count; k++) sum += Math.exp(x[at + k] - largest)
  return { largest, sum }
}

/** y = e^x / sum of e^x over each row of x [N, K]. The row's largest element is subtracted first, to avoid overflow. */
export const softmax = declareOp({
  name: 'softmax',
  inputs: { x: 'NK' },
  attrs: {},
  shape: ({ x }) => x.shape,
  lower: native,
})

export const softmaxContract = completeOp(softmax, {
  cost: free,
  reference({ x }, _, y) {
    const [n, classes] = x.shape
    for (let at = 0; at < n * classes; at += classes) {
      const { largest, sum } = normaliser(x.data, at, classes)
      for (let k = 0; k < classes; k++) y.data[at + k] = Math.exp(x.data[at + k] - largest) / sum
    }
  },
  grad: (_x, _, dy, y): Gradients<'x'> => ({ x: mul(y, sub(dy, reduceSum({ x: mul(dy, y) }, { axes: [1] }))) }),
  samples,
})

/** y = x - log(sum of e^x) over each row of x [N, K]. */
export const logSoftmax = declareOp({
  name: 'log_softmax',
  inputs: { x: 'NK' },
  attrs: {},
  shape: ({ x }) => x.shape,
  lower: native,
})

export const logSoftmaxContract = completeOp(logSoftmax, {
  cost: free,
  reference({ x }, _, y) {
    const [n, classes] = x.shape
    for (let at = 0; at < n * classes; at += classes) {
      const { largest, sum } = normaliser(x.data, at, classes)
      for (let k = 0; k < classes; k++) y.data[at + k] = x.data[at + k] - largest - Math.log(sum)
    }
  },
  grad: (_x, _, dy, y): Gradients<'x'> => ({ x: sub(dy, mul(exp(y), reduceSum({ x: dy }, { axes: [1] }))) }),
  samples,
})

/**
 * The mean over a batch of -sum(t log softmax(logits)), a scalar. Each row of `targets` [N, K] is a distribution over the
 * classes: one-hot, or soft (mixup, distillation). With `smoothing` s, t becomes t (1 - s) + s / K.
 */
export function crossEntropy(logits: Value, targets: Value, { smoothing = 0 }: { smoothing?: number } = {}): Value {
  assert(
    logits.shape.length === 2 && sameShape(logits.shape, targets.shape),
    () =>
      `cross_entropy: logits have shape ${showShape(logits.shape)}, targets ${showShape(targets.shape)}: ` +
      'both must be [N, K]',
  )
  assert(
    smoothing >= 0 && smoothing < 1,
    () => `cross_entropy: smoothing is ${smoothing}: it must be at least 0 and below 1`,
  )
  const [n, classes] = logits.shape
  const t = smoothing ? add(mul(targets, 1 - smoothing), smoothing / classes) : targets
  const sum = reduceSum({ x: mul(t, logSoftmax({ x: logits })) }, { axes: [0, 1] })
  return reshape({ x: neg(div(sum, n)) }, { shape: [] })
}
