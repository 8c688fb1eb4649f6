/**
 * Whole contracts, and the half of a contract that running does not need. `completeOp` adds this half to a declaration.
 * `defineOp` takes all slots in one record, for ops outside this package; such an op carries its contract.
 */
import { KingletError, type Shape, type Tensor } from '../core/index.ts'
import {
  type Contract,
  type ContractOf,
  type Cost,
  declareOp,
  type FoldingOp,
  type Inputs,
  naming,
  type Op,
  type OpCompletion,
  type OpDeclaration,
  type OpFunction,
  type Refusal,
  type Value,
} from './define.ts'

/** Says that an op does not support something, with the reason. */
/* @__NO_SIDE_EFFECTS__ */
export function no(reason: string): Refusal {
  return { refused: reason }
}
export const isRefusal = (x: unknown): x is Refusal => typeof x === 'object' && x !== null && 'refused' in x

/** No multiply-adds: only convolutions and matrix products count. */
export const free = (): Cost => ({ macs: 0 })

/** Completes the op that `made` declares. Takes no `reference` if the declaration has the oracle as `fold`. */
export function completeOp<I extends Inputs, A extends object, Name extends string>(
  made: OpFunction<I, A, Name, FoldingOp>,
  completion: Omit<OpCompletion<I, A>, 'reference'>,
): Contract<Name>
export function completeOp<I extends Inputs, A extends object, Name extends string>(
  made: OpFunction<I, A, Name>,
  completion: OpCompletion<I, A>,
): Contract<Name>
/* @__NO_SIDE_EFFECTS__ */
export function completeOp<I extends Inputs, A extends object, Name extends string>(
  { op }: OpFunction<I, A, Name>,
  completion: Omit<OpCompletion<I, A>, 'reference'> & Partial<OpCompletion<I, A>>,
): Contract<Name> {
  const { grad, reference, samples, training, layer } = completion
  const { named, listed } = naming(op.inputs as I)
  return {
    op,
    cost: (list, attrs, y) => completion.cost(named(list), attrs, y),
    // The types ensure that one of the two exists.
    reference: reference ? (list, attrs, y) => reference(named(list), attrs, y) : op.fold!,
    grad: isRefusal(grad) ? grad : (list, attrs, dy, y) => listed<Value | undefined>(grad(named(list), attrs, dy, y)),
    training: training && ((list, attrs, run) => training(named(list), attrs, run)),
    layer: layer && ((list, attrs) => layer(named(list), attrs)),
    axes: completion.axes,
    isProduct: completion.isProduct ?? false,
    samples: samples.map((s) => ({
      inputs: listed<Shape | Tensor>(s.inputs),
      attrs: { ...op.attrs, ...s.attrs },
      range: s.range ?? [-1, 1],
      kinks: s.kinks ?? [],
    })),
  }
}

/** All slots of an op except `fold`, for which its oracle is used. */
export interface OpDefinition<I extends Inputs, A extends object, Name extends string = string>
  extends Omit<OpDeclaration<I, A, Name>, 'fold'>,
    OpCompletion<I, A> {}

/** An op that carries its contract. */
export interface WholeOp extends FoldingOp {
  readonly contract: Contract
}

/** Turns a whole definition into the function that makes the op's nodes. */
/* @__NO_SIDE_EFFECTS__ */
export function defineOp<const I extends Inputs, A extends object, const Name extends string>(
  definition: OpDefinition<I, A, Name>,
): OpFunction<I, A, Name, WholeOp> {
  const made = declareOp<I, A, Name>({ ...definition, fold: definition.reference })
  return withContract(made, completeOp(made, definition))
}

/** Returns `made` with `contract` attached to its op. */
export const withContract = <F extends { readonly op: FoldingOp }>(
  made: F,
  contract: Contract,
): F & { readonly op: WholeOp } => Object.assign(made, { op: Object.assign(made.op, { contract }) })

/** Finds contracts among these, and those that ops carry. */
export function contractsAmong(contracts: readonly Contract[]): ContractOf {
  const byOp = new Map<Op, Contract>(contracts.map((contract) => [contract.op, contract]))
  return (op) => {
    const found = op.contract ?? byOp.get(op)
    if (found) return found
    throw new KingletError(
      `${op.name}: it is declared only, without cost, oracle and gradient: define it whole, by defineOp`,
    )
  }
}
