/** The table of all ops and their contracts, for autodiff, counting, the reference engine, suites and documents. */
import type { AxisLink } from './axes.ts'
import { contractsAmong, type WholeOp } from './contract.ts'
import type { Contract, ContractOf, Op, Value } from './define.ts'
import { isLeaf } from './leaf.ts'
import * as list from './list.ts'

/** The op's name, from the type of the function that makes its nodes; `never` for an op that carries its contract. */
type NameOf<F> = F extends { (...args: never[]): unknown; readonly op: { readonly name: infer Name } }
  ? F extends { readonly op: WholeOp }
    ? never
    : Name
  : never
/** Names of the ops that a module exports. */
type Declared<M> = { [K in keyof M]: NameOf<M[K]> }[keyof M]
/** Names of the ops whose contracts a module exports. */
type Completed<M> = { [K in keyof M]: M[K] extends Contract<infer Name> ? Name : never }[keyof M]

/** A declared op without a completion does not compile here: the compiler's message has its name. */
type Whole<M> = [Exclude<Declared<M>, Completed<M>>] extends [never]
  ? M
  : { readonly incomplete: Exclude<Declared<M>, Completed<M>> }
const whole = <M>(files: M & Whole<M>): M => files

const exported: readonly unknown[] = Object.values(whole(list))
const isOp = (x: unknown): x is { readonly op: Op } => typeof x === 'function' && 'op' in x
const isContract = (x: unknown): x is Contract => typeof x === 'object' && x !== null && 'op' in x && 'samples' in x

/** Every op except the leaves (input, parameter, constant). Exporting an op from a file of list.ts adds it. */
export const allOps: readonly Op[] = exported.filter(isOp).map(({ op }) => op)

/** Their contracts. */
export const allContracts: readonly Contract[] = exported.filter(isContract)

/** The contract of an op of this package, or of an op that `defineOp` made. */
export const contractOf = contractsAmong(allContracts)

const named = new Map(allOps.map((op) => [op.name, op]))

/** The op with this name; undefined if there is none. */
export const opNamed = (name: string): Op | undefined => named.get(name)

/** The linked axes of a node and its inputs: axes that run over the same entries. */
export const axisLinksOf = (v: Value): readonly AxisLink[] => {
  const shapes = v.inputs.map((x) => x.shape)
  return isLeaf(v) ? [] : (contractOf(v.op).axes?.(shapes, v.attrs, v.shape) ?? [])
}

/** Whether a node is the product of its inputs. */
export const isProduct = (v: Value): boolean => !isLeaf(v) && contractOf(v.op).isProduct

/** The multiply-adds of one node; 0 for a leaf. `find` finds the contracts of ops that are not in this table. */
export function macsOf(v: Value, find: ContractOf = contractOf): number {
  if (isLeaf(v)) return 0
  const shapes = v.inputs.map((x) => x.shape)
  return find(v.op).cost(shapes, v.attrs, v.shape).macs
}
