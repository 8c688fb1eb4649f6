/** Prepares a graph for this engine: rewrites it for the kernels, then assigns a kernel and an address to each step. */
import { type Capabilities, prepare as prepareFor } from '../engine/index.ts'
import { type Graph, roots, topological, type Weights } from '../graph/index.ts'
import { type Plan, planBy, rulesFor } from '../graph/plan/index.ts'
import { isLeaf, takesEpilogue, type Value } from '../ops/index.ts'
import { hasKernel, kernelOf, loadFamilies } from './kernels/index.ts'
import type { Kernel } from './kernels/kernel.ts'
import { walkPatches } from './passes/packed-conv.ts'
import { packMatmuls } from './passes/packed-matmul.ts'
import type { Target } from './target.ts'

/** What this engine supports. All kernels of ops that take an epilogue apply it. */
const capabilities: Capabilities = {
  hasKernel,
  takesEpilogue,
  passes: { lowered: [packMatmuls], folded: [walkPatches] },
}

/** The graph rewritten for the kernels. With `frozen` weights its parameters become constants. */
export const prepare = (graph: Graph, frozen?: Weights): Graph => prepareFor(graph, capabilities, frozen)

export interface Planned {
  readonly plan: Plan
  readonly kernels: ReadonlyMap<Value, Kernel>
}

/** Kernels and memory plan of a prepared graph. Loads the kernel families that it needs. */
export async function planKernels(graph: Graph, target: Target, guardBytes = 0): Promise<Planned> {
  const [rules] = await Promise.all([rulesFor(graph), loadFamilies(graph)])
  const kernels = new Map<Value, Kernel>()
  for (const v of topological(roots(graph))) if (!isLeaf(v) && !v.op.viewOffset) kernels.set(v, kernelOf(v, target))
  const scratchBytes = (v: Value) => kernels.get(v)?.scratchBytes ?? 0
  return { plan: planBy(rules, graph, { scratchBytes, guardBytes }), kernels }
}
