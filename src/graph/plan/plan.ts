/**
 * Schedule and memory plan: the order in which nodes run, and an address for each result. Results with disjoint lifetimes
 * share memory, so a run allocates nothing. The largest result is placed first, each at the lowest address that is free
 * for its lifetime. updates.ts adds updates of parameters.
 */
import { bytesOf, size } from '../../core/index.ts'
import { isConstant, isLeaf, type Value } from '../../ops/index.ts'
import { type Graph, inputsOf, parametersOf, roots, topological, type Update } from '../graph.ts'
import { baseOf } from '../passes/inline.ts'

export interface Plan {
  /** Nodes to run, in order, without inputs, parameters, constants and views. */
  readonly steps: readonly Value[]
  /** Byte address of every value, from 0. */
  address(v: Value): number
  /** Updates whose value is not computed in place. They are copied after the last step: all reads, then all writes. */
  readonly copies: readonly Update[]
  /** Address of the working memory that a step asked for. */
  scratch(step: Value): number
  readonly parameterBytes: number
  readonly constantBytes: number
  /** Bytes of the arena: the peak of inputs, intermediate results and outputs. */
  readonly arenaBytes: number
}

/** Every value starts at a multiple of this: a cache line. */
const alignment = 64
const aligned = (n: number): number => Math.ceil(n / alignment) * alignment

export interface PlanOptions {
  /** Bytes of working memory that an engine's kernel needs for a node. */
  readonly scratchBytes?: (v: Value) => number
  /** Unused bytes after each value. Tests fill them and check that no kernel wrote there. */
  readonly guardBytes?: number
}

/** How updates of parameters are planned: the order of nodes, and which new values overwrite old ones. */
export interface UpdateRules {
  schedule(graph: Graph): Value[]
  inPlace(graph: Graph, steps: readonly Value[], stepOf: ReadonlyMap<Value, number>): ReadonlyMap<Value, Value>
}

/** The rules for a graph without updates. */
export const noUpdates: UpdateRules = { schedule: (graph) => topological(roots(graph)), inPlace: () => new Map() }

/**
 * Plans `graph` by these rules. No output may be a parameter that the graph updates: only its new value would be left.
 */
export function planBy(
  { schedule, inPlace }: UpdateRules,
  graph: Graph,
  { scratchBytes = () => 0, guardBytes = 0 }: PlanOptions,
): Plan {
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

  const address = (v: Value): number => {
    let offset = 0
    for (; v.op.viewOffset; v = v.inputs[0]) offset += v.op.viewOffset(v.inputs, v.attrs) * bytesOf(v.dtype)
    return offsets.get(v)! + offset
  }
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
  /** First and last step at which it is alive. */
  readonly from: number
  readonly to: number
  readonly bytes: number
}

/** Assigns offsets to blocks. Blocks that are alive together do not overlap. */
export function pack(blocks: readonly Block[]): { offsets: Map<Block, number>; bytes: number } {
  const placed: (Block & { at: number; block: Block })[] = []
  const offsets = new Map<Block, number>()
  let total = 0
  for (const b of [...blocks].sort((a, c) => c.bytes - a.bytes || a.from - c.from)) {
    let at = 0
    // `placed` is sorted by address: take the first large enough gap between blocks that are alive at the same time.
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
