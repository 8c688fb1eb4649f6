/**
 * Activation functions. Each entry has the function of a number, its gradient, and its expression in primitives, which
 * every engine runs fused. A row in `activations` makes it available to networks. Papers: ReLU6 Krizhevsky 2010; hard
 * sigmoid and hard swish Howard et al. 2019 (MobileNetV3, section 5.2); swish Ramachandran et al. 2017. All of them keep
 * NaN.
 */
import type { Value } from './define.ts'
import { add, div, exp, maximum, minimum, mul, neg, sub } from './elementwise.ts'
import { completeElementwise } from './elementwise-contract.ts'
import { declareElementwise } from './elementwise-op.ts'
import { greater } from './masks.ts'

/** Sizes that leave SIMD tails, in a range that covers each piece of the function; `kinks` are where pieces join. */
/* @__NO_SIDE_EFFECTS__ */
function samples(range: readonly [number, number], kinks: readonly number[] = []) {
  return ([[2, 3, 5, 7], [1], [4, 16]] as const).map((x) => ({ inputs: { x }, range, kinks }))
}

/** x clamped to [low, high], for numbers and for values. */
export const cut = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high)
export const cutValue = (x: Value, low: number, high: number): Value => minimum(maximum(x, low), high)
/** 1 where low < x < high, else 0. */
export const within = (x: Value, low: number, high: number): Value => mul(greater(x, low), greater(high, x))

/** max(x, 0), with gradient 0 at 0. */
export const relu = declareElementwise({
  name: 'relu',
  inputs: 'x',
  attrs: {},
  lower: (_, x) => maximum(x, 0),
})

export const reluContract = completeElementwise(relu, {
  apply: (_, x) => cut(x, 0, Number.POSITIVE_INFINITY),
  grad: (_, dy, _y, x) => [mul(dy, greater(x, 0))],
  samples: samples([-2, 2], [0]),
})

/** min(max(x, 0), 6) */
export const relu6 = declareElementwise({
  name: 'relu6',
  inputs: 'x',
  attrs: {},
  lower: (_, x) => cutValue(x, 0, 6),
})

export const relu6Contract = completeElementwise(relu6, {
  apply: (_, x) => cut(x, 0, 6),
  grad: (_, dy, _y, x) => [mul(dy, within(x, 0, 6))],
  samples: samples([-3, 9], [0, 6]),
})

/** relu6(x + 3) / 6 */
export const hardSigmoid = declareElementwise({
  name: 'hard_sigmoid',
  inputs: 'x',
  attrs: {},
  lower: (_, x) => mul(cutValue(add(x, 3), 0, 6), 1 / 6),
})

export const hardSigmoidContract = completeElementwise(hardSigmoid, {
  apply: (_, x) => cut(x + 3, 0, 6) / 6,
  grad: (_, dy, _y, x) => [mul(dy, mul(within(x, -3, 3), 1 / 6))],
  samples: samples([-5, 5], [-3, 3]),
})

/** x relu6(x + 3) / 6 */
export const hardSwish = declareElementwise({
  name: 'hard_swish',
  inputs: 'x',
  attrs: {},
  lower: (_, x) => mul(x, mul(cutValue(add(x, 3), 0, 6), 1 / 6)),
})

export const hardSwishContract = completeElementwise(hardSwish, {
  apply: (_, x) => (x * cut(x + 3, 0, 6)) / 6,
  grad: (_, dy, _y, x) => [mul(dy, add(hardSigmoid(x), mul(mul(x, 1 / 6), within(x, -3, 3))))],
  samples: samples([-5, 5], [-3, 3]),
})

/** 1 / (1 + e^-x) */
export const sigmoid = declareElementwise({
  name: 'sigmoid',
  inputs: 'x',
  attrs: {},
  lower: (_, x) => div(1, add(exp(neg(x)), 1)),
})

export const sigmoidContract = completeElementwise(sigmoid, {
  apply: (_, x) => 1 / (1 + Math.exp(-x)),
  grad: (_, dy, y) => [mul(dy, mul(y, sub(1, y)))],
  samples: samples([-8, 8]),
})

/** x / (1 + e^-x), also called SiLU. */
export const swish = declareElementwise({
  name: 'swish',
  inputs: 'x',
  attrs: {},
  lower: (_, x) => div(x, add(exp(neg(x)), 1)),
})

export const swishContract = completeElementwise(swish, {
  apply: (_, x) => x / (1 + Math.exp(-x)),
  grad: (_, dy, y, x) => [mul(dy, add(y, mul(sigmoid(x), sub(1, y))))],
  samples: samples([-8, 8]),
})

/** The hyperbolic tangent, as 2 / (1 + e^-2x) - 1. The absolute error is 1e-6, so near 0 the relative error is larger. */
export const tanh = declareElementwise({
  name: 'tanh',
  inputs: 'x',
  attrs: {},
  lower: (_, x) => sub(div(2, add(exp(mul(x, -2)), 1)), 1),
})

export const tanhContract = completeElementwise(tanh, {
  apply: (_, x) => Math.tanh(x),
  grad: (_, dy, y) => [mul(dy, sub(1, mul(y, y)))],
  samples: samples([-4, 4]),
})

/** The activations of networks, by the names that tables, options and model files use: the names of the ops. */
export const activations = {
  relu,
  relu6,
  hard_swish: hardSwish,
  swish,
  sigmoid,
  hard_sigmoid: hardSigmoid,
  tanh,
} as const
