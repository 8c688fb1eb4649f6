/**
 * Elementwise ops: y[i] depends only on the inputs at i, and shapes broadcast as in NumPy. Every engine has SIMD lanes for
 * the primitives here, and fuses them with the nodes before and after them. All other elementwise ops (activations.ts) are
 * expressions of these. Arguments are positional, and a number stands for a scalar constant: `mul(x, 0.5)`.
 */
import { native, type Value } from './define.ts'
import { completeElementwise, type Flow } from './elementwise-contract.ts'
import { declareElementwise, type Operand } from './elementwise-op.ts'
import { away, binarySamples, unaryIn, unarySamples } from './elementwise-samples.ts'
import { scalarOf } from './leaf.ts'
import { greater } from './masks.ts'

/** a + b */
export const addOp = declareElementwise({
  name: 'add',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => a + b,
  lower: native,
})

export const addOpContract = completeElementwise(addOp, {
  grad: (_, dy): Flow => [dy, dy],
  samples: binarySamples,
})

/** a - b */
export const subOp = declareElementwise({
  name: 'sub',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => a - b,
  lower: native,
})

export const subOpContract = completeElementwise(subOp, {
  grad: (_, dy): Flow => [dy, neg(dy)],
  samples: binarySamples,
})

/** a * b */
export const mulOp = declareElementwise({
  name: 'mul',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => a * b,
  lower: native,
  /** Multiplies weights by one value per channel. */
  loop([{ shape, data: x }, { shape: perChannel, data: scale }], y) {
    const channels = scale.length
    if (x.length !== y.length || perChannel.length !== 1 || shape[shape.length - 1] !== channels) return false
    for (let i = 0; i < x.length; i += channels) for (let c = 0; c < channels; c++) y[i + c] = x[i + c] * scale[c]
    return true
  },
})

export const mulOpContract = completeElementwise(mulOp, {
  grad: (_, dy, _y, a, b): Flow => [
    scalarOf(a) === undefined ? mul(dy, b) : undefined,
    scalarOf(b) === undefined ? mul(dy, a) : undefined,
  ],
  isProduct: true,
  samples: binarySamples,
})

/** a / b */
export const divOp = declareElementwise({
  name: 'div',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => a / b,
  lower: native,
  work: 4,
})

export const divOpContract = completeElementwise(divOp, {
  grad: (_, dy, y, _a, b): Flow => [div(dy, b), neg(mul(dy, div(y, b)))],
  samples: away([0.5, 2]),
})

/** The larger of a and b; a if they are equal or either is NaN. */
export const maximum = declareElementwise({
  name: 'maximum',
  inputs: 'ab',
  attrs: {},
  // biome-ignore lint/complexity/useMathMinMax: returns a if either is NaN, as f32x4.pmax and pmin do
  apply: (_, a, b) => (a < b ? b : a),
  lower: native,
})

export const maximumContract = completeElementwise(maximum, {
  grad: (_, dy, _y, a, b): Flow => [mul(dy, sub(1, greater(b, a))), mul(dy, greater(b, a))],
  samples: binarySamples,
})

/** The smaller of a and b; a if they are equal or either is NaN. */
export const minimum = declareElementwise({
  name: 'minimum',
  inputs: 'ab',
  attrs: {},
  // biome-ignore lint/complexity/useMathMinMax: returns a if either is NaN, as f32x4.pmax and pmin do
  apply: (_, a, b) => (b < a ? b : a),
  lower: native,
})

export const minimumContract = completeElementwise(minimum, {
  grad: (_, dy, _y, a, b): Flow => [mul(dy, sub(1, greater(a, b))), mul(dy, greater(a, b))],
  samples: binarySamples,
})

/** -x */
export const neg = declareElementwise({
  name: 'neg',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => -x,
  lower: native,
})

export const negContract = completeElementwise(neg, {
  grad: (_, dy): Flow => [neg(dy)],
  samples: unarySamples,
})

/** |x|, with gradient 0 at 0. */
export const abs = declareElementwise({
  name: 'abs',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => Math.abs(x),
  lower: native,
})

export const absContract = completeElementwise(abs, {
  grad: (_, dy, _y, x): Flow => [mul(dy, sub(greater(x, 0), greater(0, x)))],
  samples: unaryIn([-1, 1], [0]),
})

/** The square root of x >= 0. */
export const sqrt = declareElementwise({
  name: 'sqrt',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => Math.sqrt(x),
  lower: native,
  work: 4,
})

export const sqrtContract = completeElementwise(sqrt, {
  grad: (_, dy, y): Flow => [mul(dy, div(0.5, y))],
  samples: unaryIn([0.25, 4]),
})

/** e^x. float32 engines give 0 below -87.3, and the largest finite power above 88.3. */
export const exp = declareElementwise({
  name: 'exp',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => Math.exp(x),
  lower: native,
  work: 20,
})

export const expContract = completeElementwise(exp, {
  grad: (_, dy, y): Flow => [mul(dy, y)],
  samples: unaryIn([-8, 8]),
})

/** The natural logarithm of x > 0. */
export const log = declareElementwise({
  name: 'log',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => Math.log(x),
  lower: native,
  work: 24,
})

export const logContract = completeElementwise(log, {
  grad: (_, dy, _y, x): Flow => [div(dy, x)],
  samples: unaryIn([0.1, 10]),
})

const isNumber = (x: Operand, n: number): boolean => x === n || (typeof x !== 'number' && scalarOf(x) === n)

/** a + b; `a` itself when b is the number 0. */
export const add = (a: Operand, b: Operand): Value => (typeof a !== 'number' && isNumber(b, 0) ? a : addOp(a, b))
/** a - b; `a` itself when b is the number 0. */
export const sub = (a: Operand, b: Operand): Value => (typeof a !== 'number' && isNumber(b, 0) ? a : subOp(a, b))
/** a * b; `a` itself when b is the number 1. */
export const mul = (a: Operand, b: Operand): Value => (typeof a !== 'number' && isNumber(b, 1) ? a : mulOp(a, b))
/** a / b; `a` itself when b is the number 1. */
export const div = (a: Operand, b: Operand): Value => (typeof a !== 'number' && isNumber(b, 1) ? a : divOp(a, b))

/** x + b over the last axis: the bias of a convolution or linear layer. `x` [..., C], `b` [C]. */
export const bias = (x: Value, b: Value): Value => add(x, b)
