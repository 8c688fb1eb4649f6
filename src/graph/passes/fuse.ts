/**
 * Fusion. An elementwise expression becomes one kernel, joins the epilogue of the convolution or matrix product that feeds
 * it, or is computed inside the sum that reads it. `inline.ts` decides where each value is computed and which values are
 * stored.
 */
import { sameShape, size } from '../../core/index.ts'
import { reshape, scope, sliceFirst, type Value, withInputs } from '../../ops/index.ts'
import type { Graph } from '../graph.ts'
import { fuseNodes, isReduction } from './fused.ts'
import { baseOf, decide, isElementwise } from './inline.ts'
import { mapRoots } from './simplify.ts'

/** Fuses `graph`. `takesEpilogue` says which nodes can apply an expression to their result before storing it. */
export function fuse(graph: Graph, takesEpilogue: (v: Value) => boolean): Graph {
  const { order, inlined, expressions, absorbed } = decide(graph, takesEpilogue)
  const index = new Map(order.map((v, i) => [v, i]))
  const anchors = new Set(absorbed.values())

  /** Sums over the same axes that share a full-size operand, and whose operands all exist when the first sum runs. */
  const companions = (first: Value, candidates: readonly Value[]): Value[] => {
    const shared = new Set([...expressions.get(first)!.leaves].map(baseOf))
    return candidates.filter(
      (r) =>
        sameShape(r.inputs[0].shape, first.inputs[0].shape) &&
        String(r.attrs.axes) === String(first.attrs.axes) &&
        [...expressions.get(r)!.leaves].every((l) => index.get(l)! < index.get(first)!) &&
        [...expressions.get(r)!.leaves].some(
          (l) => size(l.shape) === size(first.inputs[0].shape) && shared.has(baseOf(l)),
        ),
    )
  }

  const done = new Map<Value, Value>()
  const at = (v: Value): Value => done.get(v)!
  const pending = order.filter(isReduction)
  for (const v of order) {
    if (inlined.has(v) || anchors.has(v) || done.has(v)) continue
    if (isReduction(v)) {
      pending.splice(pending.indexOf(v), 1)
      const group = [v, ...companions(v, pending)]
      for (const r of group.slice(1)) pending.splice(pending.indexOf(r), 1)
      const leaves = [...new Set(group.flatMap((r) => [...expressions.get(r)!.leaves]))]
      const sums = fuseNodes(group, leaves, undefined, at)
      for (const [i, r] of group.entries()) {
        const part = () => reshape({ x: sliceFirst({ x: sums }, { from: i }) }, { shape: r.shape })
        done.set(r, group.length === 1 ? sums : scope(r.scope, part))
      }
    } else if (isElementwise(v)) {
      const anchor = absorbed.get(v)
      const leaves = [...expressions.get(v)!.leaves].filter((l) => !anchor || baseOf(l) !== anchor)
      done.set(v, fuseNodes([v], anchor ? [...new Set([...anchor.inputs, ...leaves])] : leaves, anchor, at))
    } else if (v.inputs.every((x) => done.has(x))) done.set(v, withInputs(v, v.inputs.map(at)))
    // else: a view of an anchor, which lives inside the body that took the anchor
  }
  return mapRoots(graph, at)
}
