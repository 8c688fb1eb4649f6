/**
 * Elementwise ops: y[i] depends on the inputs at i only, shapes broadcast as in NumPy. The primitives here have SIMD
 * lanes in every engine and fuse into whatever produces or consumes them; all others (activations.ts) are
 * expressions of these. Arguments are positional, and a number stands for a scalar constant: `mul(x, 0.5)`.
 */
import {
  broadcastShapes,
  broadcastStrides,
  type Shape,
  sameShape,
  size,
  type Tensor,
  type TypedArrayOf,
} from '../core/index.ts'
import { broadcastAxes } from './axes.ts'
import { defineOp, free, makeValue, native, type Op, type Refusal, type Sample, type Value } from './define.ts'
import { constant, scalarOf } from './leaf.ts'
import { reduceSum, reshape } from './reduce.ts'

export type Operand = Value | number
type Arity = 'x' | 'ab' | 'cab'
type Arguments<N extends Arity, T> = N extends 'x' ? [x: T] : N extends 'ab' ? [a: T, b: T] : [c: T, a: T, b: T]
type Letters<N extends Arity> = N extends 'x'
  ? { x: '*' }
  : N extends 'ab'
    ? { a: '*'; b: '*' }
    : { c: '*'; a: '*'; b: '*' }

type Flow = (Value | undefined)[]

export interface ElementwiseDefinition<N extends Arity, A extends object> {
  readonly name: string
  /** The letters of the inputs: one, two or three. */
  readonly inputs: N
  readonly attrs: A
  /** One element, in double precision. */
  apply(attrs: A, ...x: Arguments<N, number>): number
  /** Gradients of the inputs, before the sum over broadcast dimensions. Undefined where none flows. */
  readonly grad: ((attrs: A, dy: Value, y: Value, ...x: Arguments<N, Value>) => Flow) | Refusal
  readonly lower: ((attrs: A, ...x: Arguments<N, Value>) => Value) | typeof native
  /** How long one element takes, in additions; 1 when it is left out. */
  readonly work?: number
  /**
   * The same results without a call for each element, which leaves a boxed number: for what all weights pass through when
   * a network is loaded. False for operands of other shapes, which are left to `apply`.
   */
  loop?(operands: readonly Tensor[], y: TypedArrayOf): boolean
  readonly isProduct?: boolean
  readonly samples: readonly Sample<Letters<N>, A>[]
}

export type ElementwiseFunction<N extends Arity, A> = ((
  ...x: [...Arguments<N, Operand>, attrs?: Partial<A>]
) => Value) & {
  readonly op: Op
}

type Apply = (attrs: object, ...x: number[]) => number

/** y[i] = apply(x[i], ...), row by row of y's last axis; operands step by their strides, which are 0 where stretched. */
function applyToRows(
  apply: Apply,
  attrs: object,
  operands: readonly { readonly data: TypedArrayOf; readonly strides: readonly number[] }[],
  y: Tensor,
): void {
  // The first stands for those that are missing, at which `apply` does not look.
  const [a, b = a, c = a] = operands
  const last = y.shape.length - 1
  const [da, db, dc] = [a, b, c].map(({ strides }) => strides[last] ?? 0)
  const width = y.shape[last] ?? 1
  const at = new Array<number>(y.shape.length).fill(0)
  let [ia, ib, ic] = [0, 0, 0]
  for (let i = 0, n = size(y.shape); i < n; i += width) {
    for (let j = 0; j < width; j++)
      y.data[i + j] = apply(attrs, a.data[ia + j * da], b.data[ib + j * db], c.data[ic + j * dc])
    for (let k = last - 1; k >= 0; k--) {
      const back = ++at[k] === y.shape[k] ? at[k] : 0
      ia += (1 - back) * a.strides[k]
      ib += (1 - back) * b.strides[k]
      ic += (1 - back) * c.strides[k]
      if (!back) break
      at[k] = 0
    }
  }
}

/** Defines an op of one to three inputs by what it does to one element. */
export function defineElementwise<N extends Arity, A extends object>(
  d: ElementwiseDefinition<N, A>,
): ElementwiseFunction<N, A> {
  const letters = [...d.inputs]
  const inputs = Object.fromEntries(letters.map((l) => [l, '*']))
  type Values = Arguments<N, Value>
  const list = <T>(x: Readonly<Record<string, T>>): T[] => letters.map((l) => x[l])
  const { grad, lower } = d
  const { op } = defineOp<Record<string, string>, A>({
    name: d.name,
    inputs,
    attrs: d.attrs,
    isElementwise: true,
    ...(d.work && { work: d.work }),
    axes: broadcastAxes,
    isProduct: d.isProduct ?? false,
    shape: (x) =>
      list(x)
        .map((s) => s.shape)
        .reduce((a, b) => broadcastShapes(a, b, d.name)),
    cost: free,
    reference(x, attrs, y) {
      if (d.loop?.(list<Tensor>(x), y.data)) return
      const operands = list<Tensor>(x).map((t) => ({ data: t.data, strides: broadcastStrides(t.shape, y.shape) }))
      applyToRows(d.apply as Apply, attrs, operands, y)
    },
    grad:
      typeof grad === 'function'
        ? (x, attrs, dy, y) => {
            const values = list<Value>(x)
            const flowing = grad(attrs, dy, y, ...(values as Values))
            return Object.fromEntries(
              flowing.flatMap((g, i) => (g ? [[letters[i], sumTo(g, values[i].shape)]] : [])),
            ) as Record<string, Value>
          }
        : grad,
    lower: lower === native ? native : (x, attrs) => lower(attrs, ...(list<Value>(x) as Values)),
    samples: d.samples as readonly Sample<Record<string, string>, A>[],
  })
  const make = (...args: unknown[]): Value => {
    const values = args.slice(0, letters.length).map((x) => (typeof x === 'number' ? constant(x) : (x as Value)))
    return makeValue(op, values, { ...d.attrs, ...(args[letters.length] as Partial<A> | undefined) })
  }
  return Object.assign(make, { op }) as ElementwiseFunction<N, A>
}

/** Sums `x` over the dimensions in which an operand of `shape` was stretched: the gradient of broadcasting. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x
  const lead = x.shape.length - shape.length
  const axes = x.shape.flatMap((d, i) => (i < lead || (shape[i - lead] === 1 && d !== 1) ? [i] : []))
  return reshape({ x: axes.length ? reduceSum({ x }, { axes }) : x }, { shape })
}

const binarySamples = [
  { inputs: { a: [2, 3, 5, 7], b: [2, 3, 5, 7] } },
  { inputs: { a: [2, 3, 3, 5], b: [5] } },
  { inputs: { a: [1], b: [4, 6] } },
  { inputs: { a: [3, 4, 1, 8], b: [3, 1, 1, 8] } },
  { inputs: { a: [3, 2, 2, 5], b: [3, 1, 1, 5] } },
  { inputs: { a: [3, 1], b: [2, 3, 4] } },
] as const
const away = (range: readonly [number, number]) => binarySamples.map((s) => ({ ...s, range }))

/** a + b */
export const addOp = defineElementwise({
  name: 'add',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => a + b,
  grad: (_, dy): Flow => [dy, dy],
  lower: native,
  samples: binarySamples,
})

/** a - b */
export const subOp = defineElementwise({
  name: 'sub',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => a - b,
  grad: (_, dy): Flow => [dy, neg(dy)],
  lower: native,
  samples: binarySamples,
})

/** a * b */
export const mulOp = defineElementwise({
  name: 'mul',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => a * b,
  grad: (_, dy, _y, a, b): Flow => [
    scalarOf(a) === undefined ? mul(dy, b) : undefined,
    scalarOf(b) === undefined ? mul(dy, a) : undefined,
  ],
  lower: native,
  /** Weights times one value a channel. */
  loop([{ shape, data: x }, { shape: perChannel, data: scale }], y) {
    const channels = scale.length
    if (x.length !== y.length || perChannel.length !== 1 || shape[shape.length - 1] !== channels) return false
    for (let i = 0; i < x.length; i += channels) for (let c = 0; c < channels; c++) y[i + c] = x[i + c] * scale[c]
    return true
  },
  isProduct: true,
  samples: binarySamples,
})

/** a / b */
export const divOp = defineElementwise({
  name: 'div',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => a / b,
  grad: (_, dy, y, _a, b): Flow => [div(dy, b), neg(mul(dy, div(y, b)))],
  lower: native,
  work: 4,
  samples: away([0.5, 2]),
})

/** The larger of a and b; a where they are equal or either is NaN. */
export const maximum = defineElementwise({
  name: 'maximum',
  inputs: 'ab',
  attrs: {},
  // biome-ignore lint/complexity/useMathMinMax: gives a where either is NaN, as f32x4.pmax and pmin do
  apply: (_, a, b) => (a < b ? b : a),
  grad: (_, dy, _y, a, b): Flow => [mul(dy, sub(1, greater(b, a))), mul(dy, greater(b, a))],
  lower: native,
  samples: binarySamples,
})

/** The smaller of a and b; a where they are equal or either is NaN. */
export const minimum = defineElementwise({
  name: 'minimum',
  inputs: 'ab',
  attrs: {},
  // biome-ignore lint/complexity/useMathMinMax: gives a where either is NaN, as f32x4.pmax and pmin do
  apply: (_, a, b) => (b < a ? b : a),
  grad: (_, dy, _y, a, b): Flow => [mul(dy, sub(1, greater(a, b))), mul(dy, greater(a, b))],
  lower: native,
  samples: binarySamples,
})

/** 1 where a > b, else 0: a mask, through which no gradient flows. */
export const greater = defineElementwise({
  name: 'greater',
  inputs: 'ab',
  attrs: {},
  apply: (_, a, b) => (a > b ? 1 : 0),
  grad: () => [undefined, undefined],
  lower: native,
  samples: binarySamples,
})

/** a where c is not 0, else b. */
export const where = defineElementwise({
  name: 'where',
  inputs: 'cab',
  attrs: {},
  apply: (_, c, a, b) => (c !== 0 ? a : b),
  grad: (_, dy, _y, c): Flow => [undefined, where(c, dy, 0), where(c, 0, dy)],
  lower: native,
  samples: [{ inputs: { c: [2, 3, 5], a: [2, 3, 5], b: [5] }, kinks: [0] }],
})

const unarySamples = [{ inputs: { x: [2, 3, 5, 7] } }, { inputs: { x: [1] } }, { inputs: { x: [4, 16] } }] as const
const unaryIn = (range: readonly [number, number], kinks: readonly number[] = []) =>
  unarySamples.map((s) => ({ ...s, range, kinks }))

/** -x */
export const neg = defineElementwise({
  name: 'neg',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => -x,
  grad: (_, dy): Flow => [neg(dy)],
  lower: native,
  samples: unarySamples,
})

/** |x|, with gradient 0 at 0. */
export const abs = defineElementwise({
  name: 'abs',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => Math.abs(x),
  grad: (_, dy, _y, x): Flow => [mul(dy, sub(greater(x, 0), greater(0, x)))],
  lower: native,
  samples: unaryIn([-1, 1], [0]),
})

/** The square root of x >= 0. */
export const sqrt = defineElementwise({
  name: 'sqrt',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => Math.sqrt(x),
  grad: (_, dy, y): Flow => [mul(dy, div(0.5, y))],
  lower: native,
  work: 4,
  samples: unaryIn([0.25, 4]),
})

/** e^x; 0 below -87.3 and the largest finite power above 88.3 in float32 engines. */
export const exp = defineElementwise({
  name: 'exp',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => Math.exp(x),
  grad: (_, dy, y): Flow => [mul(dy, y)],
  lower: native,
  work: 20,
  samples: unaryIn([-8, 8]),
})

/** The natural logarithm of x > 0. */
export const log = defineElementwise({
  name: 'log',
  inputs: 'x',
  attrs: {},
  apply: (_, x) => Math.log(x),
  grad: (_, dy, _y, x): Flow => [div(dy, x)],
  lower: native,
  work: 24,
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
