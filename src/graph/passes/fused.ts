/**
 * The `fused` op: a small graph that an engine runs as one kernel. Its body is an ordinary graph over placeholders, so its
 * shape, cost and oracle follow from the ops inside (fused-contract.ts). There are three kinds:
 * - an elementwise expression;
 * - sums of several expressions over the same axes, stacked along a new first axis;
 * - a producer, such as a matrix product, with an expression as its epilogue.
 */
import { sameShape, size } from '../../core/index.ts'
import { declareOp, input, makeValue, native, reduceSum, type Value, withInputs } from '../../ops/index.ts'

export interface Body {
  /** Placeholders for the inputs of the fused node, in order. */
  readonly placeholders: readonly Value[]
  readonly roots: readonly Value[]
  /** The node that is not elementwise and feeds the expression, if any. */
  readonly anchor: Value | undefined
}

const empty: Body = { placeholders: [], roots: [], anchor: undefined }

export const fused = declareOp({
  name: 'fused',
  inputs: 'variadic',
  attrs: { body: empty },
  shape: (_, { body: { roots } }) => (roots.length === 1 ? roots[0].shape : [roots.length, ...roots[0].shape]),
  lower: native,
})

export const fusedOp = fused.op
export const bodyOf = (v: Value): Body => v.attrs.body
export const isReduction = (v: Value): boolean => v.op === reduceSum.op

/**
 * Makes one fused node of `roots`: everything between them and `leaves` moves into the body. Constants with one element
 * stay in the body: kernels turn them into immediates.
 */
export function fuseNodes(
  roots: readonly Value[],
  leaves: readonly Value[],
  anchor: Value | undefined,
  mapped: (v: Value) => Value,
): Value {
  const placeholders = leaves.map((v, i) => input(`#${i}`, v.shape, v.dtype))
  const inside = new Map(leaves.map((v, i) => [v, placeholders[i]]))
  const build = (v: Value): Value => {
    const known = inside.get(v)
    if (known) return known
    const node = withInputs(v, v.inputs.map(build))
    inside.set(v, node)
    return node
  }
  const body: Body = { placeholders, roots: roots.map(build), anchor: anchor && build(anchor) }
  return makeValue(fusedOp, leaves.map(mapped), { body }, roots[0].scope)
}

/** How an expression over `shape` reads an operand: in full, per channel of the last axis, as one value, or otherwise. */
export function readsAs(operand: Value, shape: readonly number[]): 'full' | 'channel' | 'scalar' | 'other' {
  const n = size(operand.shape)
  if (sameShape(operand.shape, shape)) return 'full'
  if (n === 1) return 'scalar'
  return n === shape[shape.length - 1] && operand.shape[operand.shape.length - 1] === n ? 'channel' : 'other'
}
