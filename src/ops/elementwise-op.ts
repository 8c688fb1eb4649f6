/**
 * How elementwise ops are declared: of one to three inputs, by what is done to one element. Arguments are positional, and
 * a number stands for a scalar constant.
 */
import { broadcastShapes, broadcastStrides, size, type Tensor, type TypedArrayOf } from '../core/index.ts'
import {
  declareOp,
  type FoldingOp,
  makeValue,
  type native,
  type Op,
  type OpDeclaration,
  type Oracle,
  type Value,
} from './define.ts'
import { constant } from './leaf.ts'

export type Operand = Value | number
export type Arity = 'x' | 'ab' | 'cab'
export type Arguments<N extends Arity, T> = N extends 'x' ? [x: T] : N extends 'ab' ? [a: T, b: T] : [c: T, a: T, b: T]
export type Letters<N extends Arity> = N extends 'x'
  ? { x: '*' }
  : N extends 'ab'
    ? { a: '*'; b: '*' }
    : { c: '*'; a: '*'; b: '*' }

/** One element, in double precision. */
export type Apply<N extends Arity, A> = (attrs: A, ...x: Arguments<N, number>) => number

/** What running an elementwise op needs. */
export interface ElementwiseDeclaration<N extends Arity, A extends object, Name extends string = string> {
  readonly name: Name
  /** The letters of the inputs: one, two or three. */
  readonly inputs: N
  readonly attrs: A
  readonly lower: ((attrs: A, ...x: Arguments<N, Value>) => Value) | typeof native
  /** How long one element takes, in additions; 1 when it is left out. */
  readonly work?: number
  /**
   * The same results without a call for each element, which leaves a boxed number: for what all weights pass through when
   * a network is loaded. False for operands of other shapes, which are left to `apply`.
   */
  loop?(operands: readonly Tensor[], y: TypedArrayOf): boolean
  /** Where engines compute constants with it (of primitives); the completion has none then. */
  readonly apply?: Apply<N, A> | undefined
}

export interface ElementwiseFunction<N extends Arity, A, Name extends string = string, O extends Op = Op> {
  (...x: [...Arguments<N, Operand>, attrs?: Partial<A>]): Value
  readonly op: O & { readonly name: Name }
}

type AnyApply = (attrs: object, ...x: number[]) => number

/** y[i] = apply(x[i], ...), row by row of y's last axis; operands step by their strides, which are 0 where stretched. */
function applyToRows(
  apply: AnyApply,
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

/** The loop over all elements, with inputs by their letters. */
export const oracleOf =
  <N extends Arity, A extends object>(
    apply: Apply<N, A>,
    loop?: (operands: readonly Tensor[], y: TypedArrayOf) => boolean,
  ): Oracle<Readonly<Record<string, Tensor>>, A> =>
  (x, attrs, y) => {
    if (loop?.(Object.values(x), y.data)) return
    const operands = Object.values(x).map((t) => ({ data: t.data, strides: broadcastStrides(t.shape, y.shape) }))
    applyToRows(apply as AnyApply, attrs, operands, y)
  }

/** Declares an op of one to three inputs. */
export function declareElementwise<const N extends Arity, A extends object, const Name extends string>(
  declaration: ElementwiseDeclaration<N, A, Name> & { readonly apply: Apply<N, A> },
): ElementwiseFunction<N, A, Name, FoldingOp>
export function declareElementwise<const N extends Arity, A extends object, const Name extends string>(
  declaration: ElementwiseDeclaration<N, A, Name> & { readonly apply?: undefined },
): ElementwiseFunction<N, A, Name>
/* @__NO_SIDE_EFFECTS__ */
export function declareElementwise<N extends Arity, A extends object, Name extends string>(
  d: ElementwiseDeclaration<N, A, Name>,
): ElementwiseFunction<N, A, Name> {
  const { lower, apply } = d
  const letters = [...d.inputs]
  const list = <T>(x: Readonly<Record<string, T>>): T[] => letters.map((l) => x[l])
  const declaration: OpDeclaration<Record<string, string>, A, Name> = {
    name: d.name,
    inputs: Object.fromEntries(letters.map((l) => [l, '*'])),
    attrs: d.attrs,
    isElementwise: true,
    ...(d.work && { work: d.work }),
    shape: (x) =>
      list(x)
        .map((s) => s.shape)
        .reduce((a, b) => broadcastShapes(a, b, d.name)),
    lower: typeof lower === 'function' ? (x, attrs) => lower(attrs, ...(list<Value>(x) as Arguments<N, Value>)) : lower,
    fold: apply && oracleOf(apply, d.loop),
  }
  const { op } = declareOp(declaration as typeof declaration & { fold?: undefined })
  const make = (...args: unknown[]): Value => {
    const values = args.slice(0, letters.length).map((x) => (typeof x === 'number' ? constant(x) : (x as Value)))
    return makeValue(op, values, { ...d.attrs, ...(args[letters.length] as Partial<A> | undefined) })
  }
  return Object.assign(make, { op }) as ElementwiseFunction<N, A, Name>
}
