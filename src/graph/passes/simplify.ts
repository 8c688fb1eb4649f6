/**
 * Passes that remove work and keep results: lowering to ops that an engine has kernels for, merging of equal expressions,
 * constant folding, and folding of batch norm into the convolution before it. Dead code needs no pass, since a graph
 * contains only what its outputs reach; `prune` selects the outputs.
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

/** Keeps only the named outputs, and no updates. What only the others needed is gone too. */
export function prune(graph: Graph, outputs: readonly string[]): Graph {
  const kept = outputs.map((name) => {
    const v = graph.outputs[name]
    if (!v) throw new KingletError(`prune: no output ${name}: the graph has ${oneOf(Object.keys(graph.outputs))}`)
    return [name, v] as const
  })
  return { outputs: Object.fromEntries(kept), updates: [] }
}

/**
 * Turns parameters into constants with the given values, so that whatever depends only on them is constant too. Compiling
 * for inference starts with it.
 */
export function freeze(graph: Graph, weights: Weights): Graph {
  return mapGraph({ ...graph, updates: [] }, (v) => {
    if (!isParameter(v)) return folded(v)
    const t = weights.get(nameOf(v))
    if (!t) throw new KingletError(`freeze: no values for parameter ${nameOf(v)}`)
    return scope(v.scope, () => constant(t))
  })
}

/** Replaces each op for which `hasKernel` is false by its lowering, until none is left. */
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

/** The graph with its outputs and updates replaced. */
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

/** The op and attributes of a node as text: nodes with equal text compute the same. Large tensors compare by identity. */
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

/** Merges equal expressions into one node. */
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

/** Replaces nodes whose inputs are all constant by constants, which the op's `fold` computes on demand. */
export const foldConstants = (graph: Graph): Graph => mapGraph(graph, folded)

/**
 * Turns batch_norm(f(x, w)) into f(x, w * scale) + shift, where f is linear in w (convolutions) and has no other reader:
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
