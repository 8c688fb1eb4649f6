/**
 * Declares elementwise ops of one to three inputs, by their function of one element. Arguments are positional, and a
 * number stands for a scalar constant.
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

/** The slots that running an elementwise op needs. */
export interface ElementwiseDeclaration<N extends Arity, A extends object, Name extends string = string> {
  readonly name: Name
  /** The letters of the inputs: one, two or three. */
  readonly inputs: N
  readonly attrs: A
  readonly lower: ((attrs: A, ...x: Arguments<N, Value>) => Value) | typeof native
  /** Cost of one element, in additions; default 1. */
  readonly work?: number
  /**
   * Computes the same results without a function call per element, since each call allocates a boxed number. For ops that
   * all weights pass through when a network is loaded. Returns false for operands of other shapes, which `apply` computes.
   */
  loop?(operands: readonly Tensor[], y: TypedArrayOf): boolean
  /** The function, if engines compute constants with it (primitives); the completion then has none. */
  readonly apply?: Apply<N, A> | undefined
}

export interface ElementwiseFunction<N extends Arity, A, Name extends string = string, O extends Op = Op> {
  (...x: [...Arguments<N, Operand>, attrs?: Partial<A>]): Value
  readonly op: O & { readonly name: Name }
}

type AnyApply = (attrs: object, ...x: number[]) => number

/** y[i] = apply(x[i], ...), row by row of y's last axis. Operands advance by their strides, which are 0 if broadcast. */
function applyToRows(
  apply: AnyApply,
  attrs: object,
  operands: readonly { readonly data: TypedArrayOf; readonly strides: readonly number[] }[],
  y: Tensor,
): void {
  // Missing operands are replaced by the first, which `apply` ignores.
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

/** The loop over all elements, for inputs by letter. */
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
