/**
 * What every engine does with a graph before it makes a program of it: the passes that all engines share, in their order.
 * An engine says as data what it has kernels for, which nodes take epilogues, and which passes it has of its own.
 */
import type { Graph, Weights } from '../graph/index.ts'
import { baseOf, foldBatchNorm, foldConstants, freeze, fuse, lower, mergeEqual } from '../graph/passes/index.ts'
import { isLeaf, mulOp, type Op, scope, type Value } from '../ops/index.ts'

/** Rewrites a graph. Results stay the same but for rounding. */
export type Pass = (graph: Graph) => Graph

/** What an engine can run. */
export interface Capabilities {
  /** True where a node of this op needs no lowering. */
  readonly hasKernel: (op: Op) => boolean
  /** True where the engine's kernel of a node applies an expression to the result before it stores it. */
  readonly takesEpilogue: (v: Value) => boolean
  readonly passes: {
    /** Run on the lowered graph. What they add is merged and folded with the rest. */
    readonly lowered: readonly Pass[]
    /** Run before fusion, on a graph in which equal expressions are one node and constants are folded. */
    readonly folded: readonly Pass[]
  }
}

/**
 * The graph as the kernels of an engine run it. Results are those of `graph`; only rounding differs. With `frozen` weights
 * its parameters are constants, and batch norm is folded into the convolutions before it.
 */
export function prepare(graph: Graph, { hasKernel, takesEpilogue, passes }: Capabilities, frozen?: Weights): Graph {
  const order: readonly Pass[] = [
    ...(frozen ? [foldBatchNorm, (g: Graph) => freeze(g, frozen)] : []),
    oldValuesKept,
    (g) => lower(g, hasKernel),
    ...passes.lowered,
    mergeEqual,
    foldConstants,
    ...passes.folded,
    (g) => fuse(g, takesEpilogue),
  ]
  return order.reduce((g, pass) => pass(g), graph)
}

/**
 * Outputs and updates see the parameters as they were before the run, so those that are nothing but a parameter (or a
 * view of one) are computed by a step of their own: copies of updates run last, and never read what another overwrites.
 */
function oldValuesKept(graph: Graph): Graph {
  const updated = new Set(graph.updates.map((u) => u.target))
  const computed = (v: Value): Value => scope(v.scope, () => mulOp(v, 1))
  const outputs = Object.entries(graph.outputs).map(([name, v]) => [name, updated.has(baseOf(v)) ? computed(v) : v])
  const updates = graph.updates.map((u) => (isLeaf(baseOf(u.value)) ? { ...u, value: computed(u.value) } : u))
  return { outputs: Object.fromEntries(outputs), updates }
}
