/**
 * Maps ops to kernel families: the one list that compilation, tests and benchmarks use. Families of the registry's
 * networks are part of this module. Each other family is loaded for a graph that has its op, so that a page loads only
 * what its network needs.
 */
import { KingletError } from '../../core/index.ts'
import { type Graph, roots, topological } from '../../graph/index.ts'
import { bodyOf, fusedOp, isReduction } from '../../graph/passes/index.ts'
import { isLeaf, native, type Op, type Value } from '../../ops/index.ts'
import type { Target } from '../target.ts'
import { depthwise } from './depthwise.ts'
import { elementwise } from './elementwise.ts'
import type { Family, Kernel } from './kernel.ts'
import { lanes } from './lanes.ts'
import { packedProduct } from './matmul.ts'
import { packedConv } from './packed-conv.ts'
import { reduce } from './reduce.ts'
import { zeroPad } from './zero-pad.ts'

/** Families by op. Elementwise primitives have no row: their lanes are in lanes.ts. */
const loaded = new Map<string, Family>(
  Object.entries({
    depthwise_conv2d: depthwise,
    packed_conv2d: packedConv,
    packed_matmul: packedProduct,
    reduce_sum: reduce,
    zero_pad: zeroPad,
  }),
)

/** Families of other ops, by the file that has them. */
const elsewhere: Readonly<Record<string, () => Promise<Family>>> = {
  concat: async () => (await import('./concat.ts')).concat,
  log_softmax: async () => (await import('./softmax.ts')).logSoftmax,
  max_pool: async () => (await import('./max-pool.ts')).maxPool,
  resize_bilinear: async () => (await import('./resize-bilinear.ts')).resizeBilinear,
  slice: async () => (await import('./slice.ts')).slice,
  softmax: async () => (await import('./softmax.ts')).softmax,
}

/** Loads the family of that name: one of `elsewhere`, or one that is mostly used by training steps. */
async function familyNamed(name: string): Promise<Family> {
  const family = elsewhere[name] ? await elsewhere[name]() : (await import('./training.ts')).training[name]
  if (family) return family
  throw new KingletError(`${name}: this engine has no kernel for it, and it is a primitive`)
}

/** The node that a kernel is built around: the producer or the sum of a fused node. Undefined for an expression. */
function centreOf(v: Value): Value | undefined {
  if (v.op !== fusedOp) return isLeaf(v) || v.op.viewOffset || v.op.isElementwise ? undefined : v
  const { anchor, roots } = bodyOf(v)
  return anchor ?? (isReduction(roots[0]) ? roots[0] : undefined)
}

/** A product with a transposed left operand has a different kernel from a product by rows. */
const familyName = ({ op, attrs }: Value): string =>
  op.name === 'packed_matmul' && attrs.transA ? 'packed_matmul transA' : op.name

/**
 * Loads the families that `graph` (lowered and fused) needs. Call it before `kernelOf`. Rejects if a primitive has no
 * family.
 */
export async function loadFamilies(graph: Graph): Promise<void> {
  const centres = topological(roots(graph)).flatMap((v) => centreOf(v) ?? [])
  const missing = new Set(centres.map(familyName).filter((name) => !loaded.has(name)))
  await Promise.all([...missing].map(async (name) => loaded.set(name, await familyNamed(name))))
}

/** Whether a node of this op needs no lowering: it is a view, an expression of SIMD lanes, or a primitive with a family. */
export const hasKernel = (op: Op): boolean =>
  op.viewOffset !== undefined || (op.lower === native && (!op.isElementwise || op.name in lanes))

/** The kernel of a node of a lowered and fused graph. The families of the graph must be loaded. */
export function kernelOf(v: Value, target: Target): Kernel {
  const centre = centreOf(v)
  if (!centre) return elementwise(v, target)
  const family = loaded.get(familyName(centre))
  if (!family) throw new KingletError(`${centre.op.name}: its kernels are not loaded: call loadFamilies(graph) first`)
  return family(v, target)
}
