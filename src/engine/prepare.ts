/**
 * Prepares a graph for an engine: the passes that all engines share, in their order. An engine states as data which ops it
 * has kernels for, which nodes take epilogues, and which passes it adds.
 */
import type { Graph, Weights } from '../graph/index.ts'
import { baseOf, foldBatchNorm, foldConstants, freeze, fuse, lower, mergeEqual } from '../graph/passes/index.ts'
import { isLeaf, mulOp, type Op, scope, type Value } from '../ops/index.ts'

/** Rewrites a graph. Results are the same except for rounding. */
export type Pass = (graph: Graph) => Graph

/** What an engine can run. */
export interface Capabilities {
  /** True where a node of this op needs no lowering. */
  readonly hasKernel: (op: Op) => boolean
  /** True where the engine's kernel of a node applies an expression to the result before it stores it. */
  readonly takesEpilogue: (v: Value) => boolean
  readonly passes: {
    /** Run on the lowered graph. Nodes that they add are merged and folded with the rest. */
    readonly lowered: readonly Pass[]
    /** Run before fusion, on a graph in which equal expressions are one node and constants are folded. */
    readonly folded: readonly Pass[]
  }
}

/**
 * Returns the graph that an engine's kernels run. Results are those of `graph` except for rounding. With `frozen` weights
 * the parameters are constants, and batch norm is folded into the convolutions before it.
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
 * Outputs and updates must see the parameters as they were before the run. So an output or update that is only a parameter
 * (or a view of one) gets a step that copies it: updates are stored last, and none reads what another has overwritten.
 */
function oldValuesKept(graph: Graph): Graph {
  const updated = new Set(graph.updates.map((u) => u.target))
  const computed = (v: Value): Value => scope(v.scope, () => mulOp(v, 1))
  const outputs = Object.entries(graph.outputs).map(([name, v]) => [name, updated.has(baseOf(v)) ? computed(v) : v])
  const updates = graph.updates.map((u) => (isLeaf(baseOf(u.value)) ? { ...u, value: computed(u.value) } : u))
  return { outputs: Object.fromEntries(outputs), updates }
}
