/**
 * Plans for graphs with updates. A parameter's new value overwrites the old one in place if every reader of the old one has
 * run. Otherwise it is copied after the last step.
 */
import { sameShape, size } from '../../core/index.ts'
import { isLeaf, isParameter, type Value } from '../../ops/index.ts'
import { type Graph, topological } from '../graph.ts'
import { bodyOf, fusedOp, isReduction } from '../passes/fused.ts'
import { baseOf } from '../passes/inline.ts'
import { type Plan, type PlanOptions, planBy, type UpdateRules } from './plan.ts'

/** Each element of the result depends only on operands' elements at the same place, so it may overwrite an operand. */
const mayOverwrite = (step: Value): boolean =>
  step.op === fusedOp ? !bodyOf(step).anchor && !bodyOf(step).roots.some(isReduction) : step.op.isElementwise

/**
 * Outputs first, then updates from the last parameter to the first: a layer's weight gradient then runs soon after the
 * layer's own gradient is computed, which can then be freed. A new value is scheduled after the readers of the old one
 * where possible, so that it can be written in place.
 */
function schedule(graph: Graph): Value[] {
  const wanted = [...Object.values(graph.outputs), ...graph.updates.map((u) => u.value).reverse()]
  const plain = topological(wanted)
  const index = new Map(plain.map((v, i) => [v, i]))
  const readers = new Map<Value, Value[]>()
  for (const v of plain) for (const x of v.inputs) if (isParameter(baseOf(x))) push(readers, baseOf(x), v)
  const waits = new Map<Value, Value[]>()
  for (const { target, value } of graph.updates) {
    const step = baseOf(value)
    if (isLeaf(step)) continue
    for (const r of readers.get(target) ?? []) if (r !== step) push(waits, step, r)
  }
  return orderWith(wanted, waits) ?? [...index.keys()]
}

const push = <K, V>(map: Map<K, V[]>, key: K, value: V) => map.set(key, [...(map.get(key) ?? []), value])

/** Depth-first order in which a node follows its inputs and the nodes it waits for; undefined if there is a cycle. */
function orderWith(wanted: readonly Value[], waits: ReadonlyMap<Value, readonly Value[]>): Value[] | undefined {
  const state = new Map<Value, 'open' | 'done'>()
  const order: Value[] = []
  for (const root of wanted) {
    const stack: { v: Value; next: number; needs: readonly Value[] }[] = []
    const open = (v: Value) => {
      state.set(v, 'open')
      stack.push({ v, next: 0, needs: [...v.inputs, ...(waits.get(v) ?? [])] })
    }
    if (!state.has(root)) open(root)
    while (stack.length) {
      const top = stack[stack.length - 1]
      const need = top.needs[top.next++]
      if (!need) {
        state.set(top.v, 'done')
        order.push(top.v)
        stack.pop()
      } else if (!state.has(need)) open(need)
      else if (state.get(need) === 'open') return undefined
    }
  }
  return order
}

/** New values that can overwrite the parameter they replace: value's node -> parameter. */
function inPlace(graph: Graph, steps: readonly Value[], stepOf: ReadonlyMap<Value, number>): Map<Value, Value> {
  const lastReader = new Map<Value, Value>()
  for (const s of steps) for (const x of s.inputs) if (isParameter(baseOf(x))) lastReader.set(baseOf(x), s)
  const over = new Map<Value, Value>()
  for (const { target, value } of graph.updates) {
    const step = baseOf(value)
    const at = stepOf.get(step)
    if (at === undefined || over.has(step) || size(step.shape) !== size(target.shape)) continue
    const reader = lastReader.get(target)
    // A later step reads the parameter, so its old value must be kept.
    if (reader && stepOf.get(reader)! > at) continue
    const readsAtSamePlace = step.inputs.every((x) => baseOf(x) !== target || sameShape(x.shape, step.shape))
    if (reader === step && !(mayOverwrite(step) && readsAtSamePlace)) continue
    over.set(step, target)
  }
  return over
}

export const updateRules: UpdateRules = { schedule, inPlace }

/** Plans any graph. */
export const planMemory = (graph: Graph, options: PlanOptions = {}): Plan => planBy(updateRules, graph, options)
