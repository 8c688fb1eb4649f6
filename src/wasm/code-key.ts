/** Compares the code of prepared graphs. */
import { type Graph, roots, topological } from '../graph/index.ts'
import { bodyOf, fusedOp, signature } from '../graph/passes/index.ts'
import { isConstant, type Value } from '../ops/index.ts'
import { expressionKey } from './kernels/lanes.ts'

/**
 * Returns equal text for prepared graphs with the same code and memory plan. They differ at most in the values of
 * constants that kernels read from memory.
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
