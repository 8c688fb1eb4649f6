/**
 * Fusion: elementwise expressions become one kernel, join the epilogue of the convolution or matrix product that
 * feeds them, or are computed inside the sum that consumes them. An expression that several kernels need is computed
 * again in each of them when that reads no more memory (at most one full-size operand): so a training step stores the
 * convolution's output and not the normalised one beside it.
 */

import { sameShape, size } from '../../core/index.ts'
import { isConstant, reshape, scope, sliceFirst, type Value, withInputs } from '../../ops/index.ts'
import { type Graph, roots, topological } from '../graph.ts'
import { fuseNodes, isReduction, readsAs } from './fused.ts'
import { mapRoots } from './simplify.ts'

/** Beyond this a kernel runs out of registers, and its expression is cut by storing a value. */
const largestExpression = 32

interface Expression {
  readonly leaves: ReadonlySet<Value>
  readonly nodes: number
}

const isElementwise = (v: Value): boolean => v.op.isElementwise
const isImmediate = (v: Value): boolean => isConstant(v) && size(v.shape) === 1

/** The memory behind views. */
export const baseOf = (v: Value): Value => (v.op.viewOffset ? baseOf(v.inputs[0]) : v)

/** `takesEpilogue` says which nodes can apply an expression to their result before storing it. */
export function fuse(graph: Graph, takesEpilogue: (v: Value) => boolean): Graph {
  const order = topological(roots(graph))
  const index = new Map(order.map((v, i) => [v, i]))
  const kept = new Set(roots(graph))
  const readers = new Map<Value, Value[]>(order.map((v) => [v, []]))
  for (const v of order) for (const x of new Set(v.inputs)) readers.get(x)!.push(v)

  const inlined = new Set<Value>()
  const expressions = new Map<Value, Expression>()
  const expressionOf = (v: Value): Expression => {
    const leaves = new Set<Value>()
    let nodes = 1
    for (const x of v.inputs) {
      const inner = inlined.has(x) ? expressions.get(x)! : undefined
      nodes += inner?.nodes ?? 0
      if (inner) for (const l of inner.leaves) leaves.add(l)
      else if (!isImmediate(x)) leaves.add(x)
    }
    return { leaves, nodes }
  }
  const fullReads = (v: Value, leaves: ReadonlySet<Value>) =>
    new Set([...leaves].filter((l) => size(l.shape) === size(v.shape)).map(baseOf)).size

  for (const v of order) {
    if (!isElementwise(v) && !isReduction(v)) continue
    const e = expressionOf(v)
    expressions.set(v, e)
    const absorbable = readers.get(v)!.every((r) => (isElementwise(r) && sameShape(r.shape, v.shape)) || isReduction(r))
    const free = readers.get(v)!.length === 1 || fullReads(v, e.leaves) <= 1
    if (isElementwise(v) && !kept.has(v) && absorbable && free && e.nodes <= largestExpression) inlined.add(v)
  }

  /** The producer whose result `v`'s expression reads, and nothing else does. */
  const anchorOf = (v: Value, leaves: ReadonlySet<Value>): Value | undefined => {
    if (![...leaves].every((l) => readsAs(l, v.shape) !== 'other')) return undefined
    const inside = (r: Value): boolean =>
      r === v ||
      (inlined.has(r) && readers.get(r)!.every(inside)) ||
      (!!r.op.viewOffset && leaves.has(r) && onlyInside(r))
    const onlyInside = (x: Value): boolean => !kept.has(x) && readers.get(x)!.every(inside)
    // Between the two may be a view: one that changes the last axis leaves no channels to read by.
    const channels = v.shape[v.shape.length - 1]
    const byChannel = [...leaves].some((l) => readsAs(l, v.shape) === 'channel')
    const runsOver = ({ shape }: Value): boolean =>
      size(shape) === size(v.shape) && (!byChannel || shape[shape.length - 1] === channels)
    const candidates = [...leaves]
      .filter((l) => readsAs(l, v.shape) === 'full')
      .map((l) => ({ leaf: l, anchor: baseOf(l) }))
      .filter(({ leaf, anchor }) => takesEpilogue(anchor) && runsOver(anchor) && onlyInside(leaf) && onlyInside(anchor))
    return candidates.sort((a, b) => index.get(b.anchor)! - index.get(a.anchor)!)[0]?.anchor
  }
  const absorbed = new Map<Value, Value>()
  for (const v of order) {
    if (!isElementwise(v) || inlined.has(v)) continue
    const anchor = anchorOf(v, expressions.get(v)!.leaves)
    if (anchor) absorbed.set(v, anchor)
  }
  const anchors = new Set(absorbed.values())

  /** Sums over the same axes whose operands are all there when the first of them runs, and that share a full read. */
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
