/**
 * Outputs and updates see the parameters as they were before the run. New values are written last, or over the old ones,
 * so what is nothing but a parameter (or a view of one) is computed by a step of its own, while the old ones are there.
 */
import type { Graph } from '../graph/index.ts'
import { baseOf } from '../graph/passes/fuse.ts'
import { mulOp, scope, type Value } from '../ops/index.ts'
import { isLeaf } from './kernels/index.ts'

/** The graph with those outputs and updates computed. */
export function oldValuesKept(graph: Graph): Graph {
  const updated = new Set(graph.updates.map((u) => u.target))
  const computed = (v: Value): Value => scope(v.scope, () => mulOp(v, 1))
  const outputs = Object.entries(graph.outputs).map(([name, v]) => [name, updated.has(baseOf(v)) ? computed(v) : v])
  const updates = graph.updates.map((u) => (isLeaf(baseOf(u.value)) ? { ...u, value: computed(u.value) } : u))
  return { outputs: Object.fromEntries(outputs), updates }
}
