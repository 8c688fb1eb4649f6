/** Which family runs which op: the one list that compilation, tests and benchmarks walk. */
import { bodyOf, fusedOp, isReduction } from '../../graph/passes/index.ts'
import { native, type Op, type Value } from '../../ops/index.ts'
import type { Target } from '../target.ts'
import { concat } from './concat.ts'
import { depthwise, depthwiseDx } from './depthwise.ts'
import { depthwiseDw } from './depthwise-dw.ts'
import { dropout } from './dropout.ts'
import { elementwise } from './elementwise.ts'
import { flipTranspose } from './flip-transpose.ts'
import { im2col } from './im2col.ts'
import type { Family, Kernel } from './kernel.ts'
import { lanes } from './lanes.ts'
import { packedProduct, packPanels } from './matmul.ts'
import { transposedProduct } from './matmul-transposed.ts'
import { maxPool, maxPoolDx } from './max-pool.ts'
import { packedConv } from './packed-conv.ts'
import { reduce } from './reduce.ts'
import { resizeBilinear, resizeBilinearDx } from './resize-bilinear.ts'
import { slice, zeroPad } from './slice.ts'
import { logSoftmax, softmax } from './softmax.ts'

/** Families by op. An elementwise primitive needs no row: its lanes stand in lanes.ts. */
export const families: Readonly<Record<string, Family>> = {
  concat,
  depthwise_conv2d: depthwise,
  depthwise_conv2d_dw: depthwiseDw,
  depthwise_conv2d_dx: depthwiseDx,
  dropout,
  flip_transpose: flipTranspose,
  im2col,
  log_softmax: logSoftmax,
  matmul: transposedProduct,
  max_pool: maxPool,
  max_pool_dx: maxPoolDx,
  pack: packPanels,
  packed_conv2d: packedConv,
  packed_matmul: packedProduct,
  reduce_sum: reduce,
  resize_bilinear: resizeBilinear,
  resize_bilinear_dx: resizeBilinearDx,
  slice,
  softmax,
  zero_pad: zeroPad,
}

/** True where a node of this op needs no lowering: a leaf, a view, SIMD lanes or a family of its own. */
export const hasKernel = (op: Op): boolean =>
  op.inputs === 'variadic'
    ? op.name in families
    : Object.keys(op.inputs).length === 0 ||
      op.viewOffset !== undefined ||
      op.name in families ||
      (op.isElementwise && op.lower === native && op.name in lanes)

/** The kernel of a node of a lowered and fused graph. */
export function kernelOf(v: Value, target: Target): Kernel {
  if (v.op !== fusedOp) return (families[v.op.name] ?? elementwise)(v, target)
  const { anchor, roots } = bodyOf(v)
  if (anchor) return families[anchor.op.name](v, target)
  return isReduction(roots[0]) ? reduce(v, target) : elementwise(v, target)
}
