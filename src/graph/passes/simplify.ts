/**
 * Passes that keep results and remove work: lowering to what an engine has kernels for, equal expressions computed
 * once, constants computed at compile time, batch norm folded into the convolution before it. What nothing needs
 * disappears by itself, since a graph is what its outputs reach; `prune` chooses the outputs.
 */
import { KingletError, oneOf, size, type Tensor } from '../../core/index.ts'
import {
  add,
  constant,
  isConstant,
  isInput,
  isParameter,
  mul,
  native,
  type Op,
  scope,
  type Value,
  withInputs,
} from '../../ops/index.ts'
import { type Graph, mapGraph, nameOf, readersOf, roots, topological, type Weights } from '../graph.ts'
import { Deferred } from './deferred.ts'

/** Keeps only the outputs named, and no updates: dead code goes with the rest. */
export function prune(graph: Graph, outputs: readonly string[]): Graph {
  const kept = outputs.map((name) => {
    const v = graph.outputs[name]
    if (!v) throw new KingletError(`prune: no output ${name}: the graph has ${oneOf(Object.keys(graph.outputs))}`)
    return [name, v] as const
  })
  return { outputs: Object.fromEntries(kept), updates: [] }
}

/**
 * Parameters become constants with the values given, and so does what depends on them alone: what compiling for
 * inference begins with.
 */
export function freeze(graph: Graph, weights: Weights): Graph {
  return mapGraph({ ...graph, updates: [] }, (v) => {
    if (!isParameter(v)) return folded(v)
    const t = weights.get(nameOf(v))
    if (!t) throw new KingletError(`freeze: no values for parameter ${nameOf(v)}`)
    return scope(v.scope, () => constant(t))
  })
}

/** Replaces every op for which `hasKernel` is false by its expression in more primitive ops, until none is left. */
export function lower(graph: Graph, hasKernel: (op: Op) => boolean): Graph {
  const done = new Map<Value, Value>()
  const walk = (v: Value): Value => {
    const known = done.get(v)
    if (known) return known
    const stack = [v]
    // Depth-first with an explicit stack: training graphs are thousands of nodes deep.
    while (stack.length) {
      const top = stack[stack.length - 1]
      const waiting = top.inputs.filter((x) => !done.has(x))
      if (waiting.length) {
        stack.push(...waiting)
        continue
      }
      stack.pop()
      if (done.has(top)) continue
      const node = withInputs(
        top,
        top.inputs.map((x) => done.get(x)!),
      )
      if (hasKernel(top.op)) done.set(top, node)
      else {
        if (top.op.lower === native)
          throw new KingletError(`${top.op.name}: this engine has no kernel for it, and it is a primitive`)
        const { lower } = top.op
        const expression = scope(top.scope, () => lower(node.inputs, node.attrs))
        for (const x of node.inputs) done.set(x, x)
        done.set(top, walk(expression))
      }
    }
    return done.get(v)!
  }
  return mapRoots(graph, walk)
}

/** The graph with each output and update replaced. */
export const mapRoots = (graph: Graph, rewrite: (v: Value) => Value): Graph => ({
  outputs: Object.fromEntries(Object.entries(graph.outputs).map(([name, v]) => [name, rewrite(v)])),
  updates: graph.updates.map(({ target, value }) => ({ target, value: rewrite(value) })),
})

const tensorIds = new WeakMap<Tensor, number>()
let nextTensorId = 0
const idOf = (t: Tensor): number => {
  const id = tensorIds.get(t) ?? nextTensorId++
  tensorIds.set(t, id)
  return id
}

/** What an op does to its inputs, as text: equal text, equal results. Large tensors count by identity. */
export function signature(v: Value): string {
  let text = v.op.name
  for (const [name, value] of Object.entries(v.attrs)) text += ` ${name}=${textOf(name, value)}`
  return text
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'object') return String(value)
  if (name !== 'tensor') return JSON.stringify(value)
  const t = value as Tensor
  return size(t.shape) <= 4
    ? `[${t.shape}] ${t.dtype} ${[...t.data].map((x) => (Object.is(x, -0) ? '-0' : x))}`
    : `#${idOf(t)}`
}

/** Equal expressions become one node. */
export function mergeEqual(graph: Graph): Graph {
  const known = new Map<string, Value>()
  return mapGraph(graph, (v) => {
    if (isInput(v) || isParameter(v)) return v
    const text = `${signature(v)} ${v.inputs.map((x) => x.id).join()}`
    const first = known.get(text)
    if (first) return first
    known.set(text, v)
    return v
  })
}

const folded = (v: Value): Value =>
  v.op.fold && v.inputs.length > 0 && v.inputs.every(isConstant) ? scope(v.scope, () => constant(new Deferred(v))) : v

/** Nodes whose inputs are all constant become constants, which `fold` of their op computes when they are wanted. */
export const foldConstants = (graph: Graph): Graph => mapGraph(graph, folded)

/**
 * batch_norm(f(x, w)) becomes f(x, w * scale) + shift where f is linear in w (convolutions) and has no other reader:
 * scale = gamma / sqrt(variance + eps), shift = beta - mean * scale (Jacob et al. 2017, eq. 14).
 */
export function foldBatchNorm(graph: Graph): Graph {
  const readers = readersOf(graph)
  const done = new Map<Value, Value>()
  for (const v of topological(roots(graph))) {
    const inputs = v.inputs.map((x) => done.get(x)!)
    const [producer] = inputs
    const linear = producer?.op.linearIn
    if (!v.op.affine || linear === undefined || readers.get(v.inputs[0]) !== 1) {
      done.set(v, withInputs(v, inputs))
      continue
    }
    const { affine } = v.op
    const make = () => {
      const { scale, shift } = affine(inputs, v.attrs)
      const scaled = producer.inputs.map((x, i) => (i === linear ? mul(x, scale) : x))
      return add(withInputs(producer, scaled), shift)
    }
    done.set(v, scope(v.scope, make))
  }
  return mapRoots(graph, (v) => done.get(v)!)
}
