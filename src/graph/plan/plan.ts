/**
 * Schedule and memory plan: the order in which nodes run, and one place in memory for each result. Results whose
 * lifetimes do not meet share memory (largest first, at the lowest place that is free for their lifetime), so nothing
 * is allocated while running. A parameter's new value is written over the old one where every reader of the old one
 * has run; otherwise it is copied when all is done.
 */
import { bytesOf, sameShape, size } from '../../core/index.ts'
import { isConstant, isLeaf, isParameter, type Value } from '../../ops/index.ts'
import { type Graph, inputsOf, parametersOf, roots, topological, type Update } from '../graph.ts'
import { bodyOf, fusedOp, isReduction } from '../passes/fused.ts'
import { baseOf } from '../passes/inline.ts'

export interface Plan {
  /** Nodes to run, in order: no inputs, parameters, constants or views. */
  readonly steps: readonly Value[]
  /** Byte address of every value, from 0. */
  address(v: Value): number
  /** Updates whose value is not computed in place: to be copied after the last step, all reads before all writes. */
  readonly copies: readonly Update[]
  /** Address and bytes of working memory that a step asked for. */
  scratch(step: Value): number
  readonly parameterBytes: number
  readonly constantBytes: number
  /** Bytes of the arena: inputs, intermediate results and outputs at their peak. */
  readonly arenaBytes: number
}

/** Every value begins at a multiple of this: a cache line. */
const alignment = 64
const aligned = (n: number): number => Math.ceil(n / alignment) * alignment

/** Each element of the result depends on the operands' elements at the same place, so it may overwrite one of them. */
const mayOverwrite = (step: Value): boolean =>
  step.op === fusedOp ? !bodyOf(step).anchor && !bodyOf(step).roots.some(isReduction) : step.op.isElementwise

export interface PlanOptions {
  /** Working memory that an engine's kernel for a node needs. */
  readonly scratchBytes?: (v: Value) => number
  /** Bytes that nothing owns, left after each value: tests fill them and see that no kernel wrote there. */
  readonly guardBytes?: number
}

/** Plans `graph`, none of whose outputs is a parameter that it updates: of such a one only the new value is left. */
export function planMemory(graph: Graph, { scratchBytes = () => 0, guardBytes = 0 }: PlanOptions = {}): Plan {
  const bytes = (v: Value): number => aligned(size(v.shape) * bytesOf(v.dtype) + guardBytes)
  const order = schedule(graph)
  const steps = order.filter((v) => !isLeaf(v) && !v.op.viewOffset)
  const stepOf = new Map(steps.map((v, i) => [v, i]))
  const parameters = [...parametersOf(graph).values()]
  const constants = order.filter(isConstant)

  const lastRead = new Map<Value, number>()
  const reads = (v: Value, at: number) => lastRead.set(baseOf(v), Math.max(lastRead.get(baseOf(v)) ?? -1, at))
  for (const [i, step] of steps.entries()) for (const x of step.inputs) reads(x, i)
  for (const v of roots(graph)) reads(v, steps.length)

  const over = inPlace(graph, steps, stepOf)
  const copies = graph.updates.filter(({ target, value }) => over.get(baseOf(value)) !== target)

  const offsets = new Map<Value, number>()
  let next = 0
  const persist = (values: readonly Value[]): number => {
    const start = next
    for (const v of values) {
      offsets.set(v, next)
      next += bytes(v)
    }
    return next - start
  }
  const parameterBytes = persist(parameters)
  const constantBytes = persist(constants)
  for (const [value, target] of over) offsets.set(value, offsets.get(target)!)

  const blocks: Block[] = [
    ...[...inputsOf(graph).values()].map((v) => ({ key: v, from: -1, to: lastRead.get(v) ?? -1, bytes: bytes(v) })),
    ...steps
      .filter((v) => !over.has(v))
      .map((v) => ({ key: v, from: stepOf.get(v)!, to: lastRead.get(v) ?? stepOf.get(v)!, bytes: bytes(v) })),
  ]
  const working = steps
    .map((v) => ({ key: { scratchOf: v }, from: stepOf.get(v)!, to: stepOf.get(v)!, bytes: scratchBytes(v) }))
    .filter((b) => b.bytes > 0)
    .map((b) => ({ ...b, bytes: aligned(b.bytes + guardBytes) }))
  const arena = pack([...blocks, ...working])
  for (const b of blocks) offsets.set(b.key as Value, next + arena.offsets.get(b)!)
  const scratch = new Map(working.map((b) => [b.key.scratchOf, next + arena.offsets.get(b)!]))

  const address = (v: Value): number =>
    v.op.viewOffset ? address(v.inputs[0]) + v.op.viewOffset(v.inputs, v.attrs) * bytesOf(v.dtype) : offsets.get(v)!
  return {
    steps,
    address,
    copies,
    scratch: (v) => scratch.get(v) ?? 0,
    parameterBytes,
    constantBytes,
    arenaBytes: arena.bytes,
  }
}

interface Block {
  readonly key: unknown
  /** Steps between which it is alive, both included. */
  readonly from: number
  readonly to: number
  readonly bytes: number
}

/** Offsets for blocks such that no two that are alive together overlap. */
export function pack(blocks: readonly Block[]): { offsets: Map<Block, number>; bytes: number } {
  const placed: (Block & { at: number; block: Block })[] = []
  const offsets = new Map<Block, number>()
  let total = 0
  for (const b of [...blocks].sort((a, c) => c.bytes - a.bytes || a.from - c.from)) {
    let at = 0
    // `placed` is sorted by address: the first gap among the neighbours in time that is large enough.
    for (const p of placed) {
      if (p.to < b.from || b.to < p.from) continue
      if (p.at >= at + b.bytes) break
      at = Math.max(at, p.at + p.bytes)
    }
    const i = placed.findIndex((p) => p.at > at)
    placed.splice(i < 0 ? placed.length : i, 0, { ...b, at, block: b })
    offsets.set(b, at)
    total = Math.max(total, at + b.bytes)
  }
  return { offsets, bytes: total }
}

/**
 * Outputs first, then updates from the last parameter to the first: a layer's weight gradient then runs soon after
 * the layer's own gradient arrives, which can be freed. A new value waits for the readers of the old one where that
 * is possible, so that it can be written in place.
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

/** Depth-first order in which a node follows its inputs and what it waits for; undefined if that is a circle. */
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

/** New values that can be written over the parameter they replace: value's node -> parameter. */
function inPlace(graph: Graph, steps: readonly Value[], stepOf: ReadonlyMap<Value, number>): Map<Value, Value> {
  const lastReader = new Map<Value, Value>()
  for (const s of steps) for (const x of s.inputs) if (isParameter(baseOf(x))) lastReader.set(baseOf(x), s)
  const over = new Map<Value, Value>()
  for (const { target, value } of graph.updates) {
    const step = baseOf(value)
    const at = stepOf.get(step)
    if (at === undefined || over.has(step) || size(step.shape) !== size(target.shape)) continue
    const reader = lastReader.get(target)
    // A later step reads the parameter: its old value must survive.
    if (reader && stepOf.get(reader)! > at) continue
    const readsAtSamePlace = step.inputs.every((x) => baseOf(x) !== target || sameShape(x.shape, step.shape))
    if (reader === step && !(mayOverwrite(step) && readsAtSamePlace)) continue
    over.set(step, target)
  }
  return over
}
