/**
 * Finds gates: products in which one factor is computed from the other, as in squeeze-and-excitation. A pruner keeps the
 * weights of a gate with the channels that it scales, and a latency table times a gate with the layer before it.
 */
import { isProduct, type Value } from '../ops/index.ts'

export interface Gate {
  /** The value that the gate scales. */
  readonly gated: Value
  /** The factor, which is computed from `gated`. */
  readonly factor: Value
  /** The values that the factor is computed from and that are newer than `gated`, the factor first. */
  readonly between: ReadonlySet<Value>
}

/**
 * Returns the gate whose product is `v`, or undefined if `v` is no gate. `data` are the values that are computed from an
 * input of the graph.
 *
 * @example
 * ```ts
 * import { gateOf, topological } from 'kinglet/graph'
 * import { globalAvgPool, input, mul } from 'kinglet/ops'
 *
 * const x = input('x', [1, 4, 4, 3])
 * const mean = globalAvgPool(x)
 * const y = mul(x, mean)
 * const gate = gateOf(y, new Set(topological([y])))
 * gate?.gated === x && gate.factor === mean // => true
 * ```
 */
export function gateOf(v: Value, data: ReadonlySet<Value>): Gate | undefined {
  if (!isProduct(v)) return undefined
  const [gated, factor] = v.inputs.filter((x) => data.has(x)).sort((a, b) => a.id - b.id)
  if (!factor || factor === gated) return undefined
  const between = newerThan(gated, factor)
  return [...between].some((x) => x.inputs.includes(gated)) ? { gated, factor, between } : undefined
}

/**
 * The values that `from` is computed from, depth first, without those older than `oldest`. The inputs of a node are older
 * than the node, so `oldest` cannot be behind an older value.
 */
function newerThan(oldest: Value, from: Value): Set<Value> {
  const found = new Set<Value>()
  const stack = [from]
  for (let v = stack.pop(); v; v = stack.pop()) {
    if (v.id <= oldest.id || found.has(v)) continue
    found.add(v)
    stack.push(...v.inputs.toReversed())
  }
  return found
}
