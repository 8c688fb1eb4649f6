/** Completes the contracts of elementwise ops, and defines whole ones in one record. */
import { type Shape, sameShape } from '../core/index.ts'
import { broadcastAxes } from './axes.ts'
import { completeOp, free, isRefusal, type WholeOp, withContract } from './contract.ts'
import type { Contract, FoldingOp, OpFunction, Refusal, Sample, Value } from './define.ts'
import {
  type Arguments,
  type Arity,
  declareElementwise,
  type ElementwiseDeclaration,
  type ElementwiseFunction,
  type Letters,
  oracleOf,
} from './elementwise-op.ts'
import { reduceSum, reshape } from './reduce.ts'

export type Flow = (Value | undefined)[]

/** The slots of an elementwise op that training, the reference engine and tests also need. */
export interface ElementwiseCompletion<N extends Arity, A extends object> {
  /** One element, in double precision. */
  apply(attrs: A, ...x: Arguments<N, number>): number
  /** Gradients of the inputs, before the sum over broadcast dimensions; undefined for an input without a gradient. */
  readonly grad: ((attrs: A, dy: Value, y: Value, ...x: Arguments<N, Value>) => Flow) | Refusal
  readonly isProduct?: boolean
  readonly samples: readonly Sample<Letters<N>, A>[]
}

/** Completes the op that `made` declares. Takes no `apply` if the declaration has it. */
export function completeElementwise<N extends Arity, A extends object, Name extends string>(
  made: ElementwiseFunction<N, A, Name, FoldingOp>,
  completion: Omit<ElementwiseCompletion<N, A>, 'apply'>,
): Contract<Name>
export function completeElementwise<N extends Arity, A extends object, Name extends string>(
  made: ElementwiseFunction<N, A, Name>,
  completion: ElementwiseCompletion<N, A>,
): Contract<Name>
/* @__NO_SIDE_EFFECTS__ */
export function completeElementwise<N extends Arity, A extends object, Name extends string>(
  { op }: ElementwiseFunction<N, A, Name>,
  completion: Omit<ElementwiseCompletion<N, A>, 'apply'> & Partial<ElementwiseCompletion<N, A>>,
): Contract<Name> {
  const { apply, grad } = completion
  const letters = Object.keys(op.inputs)
  const rest = {
    cost: free,
    grad: isRefusal(grad)
      ? grad
      : (x: Readonly<Record<string, Value>>, attrs: A, dy: Value, y: Value) => {
          const values = letters.map((l) => x[l])
          const flowing = grad(attrs, dy, y, ...(values as Arguments<N, Value>))
          return Object.fromEntries(flowing.flatMap((g, i) => (g ? [[letters[i], sumTo(g, values[i].shape)]] : [])))
        },
    axes: broadcastAxes,
    isProduct: completion.isProduct ?? false,
    samples: completion.samples as readonly Sample<Record<string, string>, A>[],
  }
  const made = { op } as unknown as OpFunction<Record<string, string>, A, Name, FoldingOp>
  return apply
    ? completeOp<Record<string, string>, A, Name>(made, { ...rest, reference: oracleOf(apply) })
    : completeOp(made, rest)
}

/** All slots of an elementwise op. */
export interface ElementwiseDefinition<N extends Arity, A extends object, Name extends string = string>
  extends Omit<ElementwiseDeclaration<N, A, Name>, 'apply'>,
    ElementwiseCompletion<N, A> {}

/** Defines an op of one to three inputs in one record, by its function of one element. */
/* @__NO_SIDE_EFFECTS__ */
export function defineElementwise<const N extends Arity, A extends object, const Name extends string>(
  definition: ElementwiseDefinition<N, A, Name>,
): ElementwiseFunction<N, A, Name, WholeOp> {
  const made = declareElementwise<N, A, Name>(definition)
  return withContract(made, completeElementwise(made, definition))
}

/** Sums `x` over the dimensions along which an operand of `shape` was broadcast: the gradient of broadcasting. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x
  const lead = x.shape.length - shape.length
  const axes = x.shape.flatMap((d, i) => (i < lead || (shape[i - lead] === 1 && d !== 1) ? [i] : []))
  return reshape({ x: axes.length ? reduceSum({ x }, { axes }) : x }, { shape })
}
