/**
 * Decides for fusion which elementwise values are stored, and which are computed inside the kernels that read them
 * (inlined). An inlined value takes no memory, but each kernel that reads it computes it again. The decision weighs both:
 *
 * - Memory: a value with several readers is inlined only if its expression reads at most one full-size operand. Each
 *   reader then reads that operand instead.
 * - Work: a value that several kernels would compute is stored in two cases. Either storing takes no memory, in the
 *   epilogue of a producer whose own result has no other reader; or computing the expression again takes longer than
 *   writing it.
 *
 * So a training step stores the output of a convolution and normalises it in each reader. Inference stores the result of
 * h-swish.
 */
import { sameShape, size } from '../../core/index.ts'
import { isConstant, type Value } from '../../ops/index.ts'
import { type Graph, roots, topological } from '../graph.ts'
import { isReduction, readsAs } from './fused.ts'

/** Upper bound for the ops of an expression: beyond it a kernel runs out of registers, so a value is stored. */
const largestExpression = 32

/**
 * Upper bound for the work, in additions per element, that all readers of a value together may repeat; beyond it the value
 * is stored. A pass that reads and writes an element from memory takes about as long as 12 additions (8 bytes at 8 to
 * 10 GB/s, four additions in a cycle of 3 GHz).
 */
const mostRepeatedWork = 16

export interface Expression {
  /** The operands, without constants of one element. */
  readonly leaves: ReadonlySet<Value>
  /** Number of ops; an op that is read several times counts each time. */
  readonly nodes: number
  /** The computed values, each once. */
  readonly computed: ReadonlySet<Value>
}

export interface Decisions {
  /** All values, each after its inputs. */
  readonly order: readonly Value[]
  readonly inlined: ReadonlySet<Value>
  /** The expression of each elementwise value and sum. */
  readonly expressions: ReadonlyMap<Value, Expression>
  /** Stored values that a producer computes in its epilogue, with that producer. */
  readonly absorbed: ReadonlyMap<Value, Value>
}

export const isElementwise = (v: Value): boolean => v.op.isElementwise
const isImmediate = (v: Value): boolean => isConstant(v) && size(v.shape) === 1

/** The value that owns a view's memory. */
export function baseOf(v: Value): Value {
  while (v.op.viewOffset) v = v.inputs[0]
  return v
}

/** Decides for `graph`. `takesEpilogue` says which nodes can apply an expression to their result before storing it. */
export function decide(graph: Graph, takesEpilogue: (v: Value) => boolean): Decisions {
  const order = topological(roots(graph))
  const index = new Map(order.map((v, i) => [v, i]))
  const kept = new Set(roots(graph))
  const readers = new Map<Value, Value[]>(order.map((v) => [v, []]))
  for (const v of order) for (const x of new Set(v.inputs)) readers.get(x)!.push(v)

  /** Values that memory allows to inline, without those in `stored`. */
  function inline(stored: ReadonlySet<Value>) {
    const inlined = new Set<Value>()
    const expressions = new Map<Value, Expression>()
    for (const v of order) {
      if (!isElementwise(v) && !isReduction(v)) continue
      const e = expressionOf(v, (x) => (inlined.has(x) ? expressions.get(x) : undefined))
      expressions.set(v, e)
      const around = readers.get(v)!
      const absorbable = around.every((r) => (isElementwise(r) && sameShape(r.shape, v.shape)) || isReduction(r))
      const isFree = around.length === 1 || fullReads(v, e.leaves) <= 1
      if (isElementwise(v) && !kept.has(v) && !stored.has(v) && absorbable && isFree && e.nodes <= largestExpression)
        inlined.add(v)
    }
    return { inlined, expressions }
  }

  /** The producer whose result only `v`'s expression reads. */
  function anchorOf(v: Value, { leaves }: Expression, inlined: ReadonlySet<Value>): Value | undefined {
    if (![...leaves].every((l) => readsAs(l, v.shape) !== 'other')) return undefined
    const inside = (r: Value): boolean =>
      r === v ||
      (inlined.has(r) && readers.get(r)!.every(inside)) ||
      (!!r.op.viewOffset && leaves.has(r) && onlyInside(r))
    const onlyInside = (x: Value): boolean => !kept.has(x) && readers.get(x)!.every(inside)
    // There may be a view between them. One that changes the last axis leaves no channels to read by.
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

  /** Inlined values that are better stored, since several kernels would compute them. */
  function repeated({ inlined, expressions }: ReturnType<typeof inline>): Set<Value> {
    const stored = new Set<Value>()
    const kernels = new Map<Value, ReadonlySet<unknown>>()
    for (const v of [...order].reverse()) {
      if (!inlined.has(v)) continue
      const isInside = (r: Value) => inlined.has(r) && !stored.has(r)
      const own = new Set(readers.get(v)!.flatMap((r) => (isInside(r) ? [...kernels.get(r)!] : [passOf(r)])))
      kernels.set(v, own)
      const e = expressions.get(v)!
      if (own.size > 1 && ((own.size - 1) * workOf(e) > mostRepeatedWork || anchorOf(v, e, inlined))) stored.add(v)
    }
    return stored
  }

  const { inlined, expressions } = inline(repeated(inline(new Set())))
  const absorbed = new Map<Value, Value>()
  for (const v of order) {
    if (!isElementwise(v) || inlined.has(v)) continue
    const anchor = anchorOf(v, expressions.get(v)!, inlined)
    if (anchor) absorbed.set(v, anchor)
  }
  return { order, inlined, expressions, absorbed }
}

/** The expression of `v`. `inside` gives the expressions of its inlined inputs. */
function expressionOf(v: Value, inside: (x: Value) => Expression | undefined): Expression {
  const leaves = new Set<Value>()
  const computed = new Set([v])
  let nodes = 1
  for (const x of v.inputs) {
    const inner = inside(x)
    nodes += inner?.nodes ?? 0
    for (const c of inner?.computed ?? []) computed.add(c)
    if (inner) for (const l of inner.leaves) leaves.add(l)
    else if (!isImmediate(x)) leaves.add(x)
  }
  return { leaves, nodes, computed }
}

/** Work of an expression per element, in additions. */
const workOf = ({ computed }: Expression): number => [...computed].reduce((sum, v) => sum + v.op.work, 0)

/** Full-size operands that an expression reads. Views of the same memory count once. */
const fullReads = (v: Value, leaves: ReadonlySet<Value>): number =>
  new Set([...leaves].filter((l) => size(l.shape) === size(v.shape)).map(baseOf)).size

/** Identifies the kernel that computes `v`: sums over the same axes of one space share a pass. */
const passOf = (v: Value): unknown => (isReduction(v) ? `${v.attrs.axes} of ${v.inputs[0].shape}` : v)
