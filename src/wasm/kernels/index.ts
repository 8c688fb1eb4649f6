/**
 * Which family runs which op: the one list that compilation, tests and benchmarks walk. What runs the networks of the
 * registry is here at once; all others are loaded when a graph has their op, so that a page loads what its network needs.
 */
import { KingletError } from '../../core/index.ts'
import { type Graph, roots, topological } from '../../graph/index.ts'
import { bodyOf, fusedOp, isReduction } from '../../graph/passes/index.ts'
import { native, type Op, type Value } from '../../ops/index.ts'
import type { Target } from '../target.ts'
import { depthwise } from './depthwise.ts'
import { elementwise } from './elementwise.ts'
import type { Family, Kernel } from './kernel.ts'
import { lanes } from './lanes.ts'
import { packedProduct } from './matmul.ts'
import { packedConv } from './packed-conv.ts'
import { reduce } from './reduce.ts'
import { trainingFamilies } from './training-families.ts'
import { zeroPad } from './zero-pad.ts'

/** Families by op. An elementwise primitive needs no row: its lanes stand in lanes.ts. */
const present: Readonly<Record<string, Family>> = {
  depthwise_conv2d: depthwise,
  packed_conv2d: packedConv,
  packed_matmul: packedProduct,
  reduce_sum: reduce,
  zero_pad: zeroPad,
}

/** Those of other ops, by the file that has them. */
const elsewhere: Readonly<Record<string, () => Promise<Family>>> = {
  concat: async () => (await import('./concat.ts')).concat,
  log_softmax: async () => (await import('./softmax.ts')).logSoftmax,
  max_pool: async () => (await import('./max-pool.ts')).maxPool,
  resize_bilinear: async () => (await import('./resize-bilinear.ts')).resizeBilinear,
  slice: async () => (await import('./slice.ts')).slice,
  softmax: async () => (await import('./softmax.ts')).softmax,
  ...Object.fromEntries(
    trainingFamilies.map((name) => [name, async () => (await import('./training.ts')).training[name]]),
  ),
}

const loaded = new Map(Object.entries(present))

/** The op that a node is built around: that of a fused node's producer or sum. Undefined for an expression. */
function centreOf(v: Value): Value | undefined {
  if (v.op === fusedOp) {
    const { anchor, roots } = bodyOf(v)
    return anchor ?? (isReduction(roots[0]) ? roots[0] : undefined)
  }
  return v.op.name in present || v.op.name in elsewhere ? v : undefined
}

/** A product whose left operand is transposed is another kernel than one by rows. */
const familyName = ({ op, attrs }: Value): string =>
  op.name === 'packed_matmul' && attrs.transA ? 'packed_matmul transA' : op.name

/** Loads the families that `graph` (lowered and fused) needs: before `kernelOf` is asked for them. */
export async function loadFamilies(graph: Graph): Promise<void> {
  const names = new Set(
    topological(roots(graph))
      .map(centreOf)
      .flatMap((v) => (v ? [familyName(v)] : [])),
  )
  await Promise.all(
    [...names].map(async (name) => {
      if (!loaded.has(name)) loaded.set(name, await elsewhere[name]())
    }),
  )
}

/** True where a node of this op needs no lowering: a leaf, a view, SIMD lanes or a family of its own. */
export const hasKernel = (op: Op): boolean =>
  op.name in present ||
  op.name in elsewhere ||
  (op.inputs !== 'variadic' &&
    (Object.keys(op.inputs).length === 0 ||
      op.viewOffset !== undefined ||
      (op.isElementwise && op.lower === native && op.name in lanes)))

/** The kernel of a node of a lowered and fused graph, whose families are loaded. */
export function kernelOf(v: Value, target: Target): Kernel {
  const centre = centreOf(v)
  if (!centre) return elementwise(v, target)
  const family = loaded.get(familyName(centre))
  if (!family) throw new KingletError(`${centre.op.name}: its kernels are not loaded: call loadFamilies(graph) first`)
  return family(v, target)
}
