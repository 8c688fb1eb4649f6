/** A graph as this engine runs it: rewritten for its kernels, then a kernel for each step and a place for each value. */
import { type Capabilities, prepare as prepareFor } from '../engine/index.ts'
import { type Graph, roots, topological, type Weights } from '../graph/index.ts'
import { bodyOf, fusedOp, signature } from '../graph/passes/index.ts'
import { type Plan, planMemory } from '../graph/plan/index.ts'
import { isConstant, isLeaf, takesEpilogue, type Value } from '../ops/index.ts'
import { hasKernel, kernelOf } from './kernels/index.ts'
import type { Kernel } from './kernels/kernel.ts'
import { expressionKey } from './kernels/lanes.ts'
import { walkPatches } from './passes/packed-conv.ts'
import { packMatmuls } from './passes/packed-matmul.ts'
import type { Target } from './target.ts'

/** What this engine can run. All its kernels apply epilogues whose ops take one. */
export const capabilities: Capabilities = {
  hasKernel,
  takesEpilogue,
  passes: { lowered: [packMatmuls], folded: [walkPatches] },
}

/** The graph as kernels run it; with `frozen` weights its parameters are constants. */
export const prepare = (graph: Graph, frozen?: Weights): Graph => prepareFor(graph, capabilities, frozen)

/**
 * Text that is equal for prepared graphs of the same code and memory plan: they differ at most in the values of constants
 * that kernels read from memory.
 */
export function codeKey(graph: Graph): string {
  const order = topological(roots(graph))
  const index = new Map(order.map((v, i) => [v, i]))
  const places = (values: readonly Value[]) => values.map((v) => index.get(v)).join()
  const textOf = (v: Value): string => {
    if (isConstant(v)) return `constant ${v.dtype} [${v.shape}]`
    if (v.op !== fusedOp) return `${signature(v)}(${places(v.inputs)})`
    const { roots, placeholders } = bodyOf(v)
    return `${expressionKey(roots, placeholders)}(${places(v.inputs)})`
  }
  return [...order.map(textOf), places(roots(graph))].join('\n')
}

/** Kernels and memory plan of a prepared graph, whose families are loaded. */
export function planKernels(graph: Graph, target: Target, guardBytes = 0): { plan: Plan; kernels: Map<Value, Kernel> } {
  const kernels = new Map<Value, Kernel>()
  for (const v of topological(roots(graph))) if (!isLeaf(v) && !v.op.viewOffset) kernels.set(v, kernelOf(v, target))
  return { plan: planMemory(graph, { scratchBytes: (v) => kernels.get(v)?.scratchBytes ?? 0, guardBytes }), kernels }
}
