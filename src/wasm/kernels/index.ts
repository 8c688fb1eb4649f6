/** Which family runs which op: the one list that compilation, tests and benchmarks walk. */
import { bodyOf, fusedOp, isReduction } from '../../graph/fused.ts'
import { isConstant, isInput, isParameter, native, type Op, type Value } from '../../ops/index.ts'
import { elementwise } from './elementwise.ts'
import type { Family, Kernel } from './kernel.ts'
import { lanes } from './lanes.ts'
import { packedProduct, packPanels, transposedProduct } from './matmul.ts'
import { reduce } from './reduce.ts'

/** Families by op. An elementwise primitive needs no row: its lanes stand in lanes.ts. */
export const families: Readonly<Record<string, Family>> = {
  matmul: transposedProduct,
  pack: packPanels,
  packed_matmul: packedProduct,
  reduce_sum: reduce,
}

/** Ops whose kernels apply an expression to their result before storing it. */
const withEpilogue = new Set(['packed_matmul'])

export const takesEpilogue = (v: Value): boolean => withEpilogue.has(v.op.name) && !v.attrs.transA

/** True where a node of this op needs no lowering: a leaf, a view, SIMD lanes or a family of its own. */
export const hasKernel = (op: Op): boolean =>
  op.inputs !== 'variadic' && Object.keys(op.inputs).length === 0
    ? true
    : op.viewOffset !== undefined ||
      op.name in families ||
      (op.isElementwise && op.lower === native && op.name in lanes)

/** The kernel of a node of a lowered and fused graph. */
export function kernelOf(v: Value): Kernel {
  if (v.op !== fusedOp) return families[v.op.name](v)
  const { anchor, roots } = bodyOf(v)
  if (anchor) return families[anchor.op.name](v)
  return isReduction(roots[0]) ? reduce(v) : elementwise(v)
}

export const isLeaf = (v: Value): boolean => isInput(v) || isParameter(v) || isConstant(v)
