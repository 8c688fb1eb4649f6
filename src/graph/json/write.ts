/**
 * Writes a graph as JSON. Refuses graphs with updates (a training step is rebuilt from the network's graph, not stored),
 * inputs without a batch, ops that passes insert, whose attributes are not plain data, and whatever read.ts refuses.
 */
import { assert, size, type Tensor } from '../../core/index.ts'
import { isConstant, isInput, isParameter, type Value } from '../../ops/index.ts'
import { type Graph, parametersOf, roots, topological } from '../graph.ts'
import {
  constantPrefix,
  type GraphJson,
  graphVersion,
  type JsonAttribute,
  type JsonConstant,
  type JsonInput,
  type JsonNode,
  limits,
} from './format.ts'
import { graphFromJson } from './read.ts'

/** Constants of at most this many values are written into the JSON. */
const inlined = 64

/** A graph as JSON, and its tensors by name. */
export interface WrittenGraph {
  readonly json: GraphJson
  readonly tensors: ReadonlyMap<string, Tensor>
}

/**
 * Writes a graph. `what` is its name in errors. Throws a `KingletError` for a graph that `graphFromJson` would refuse. The weights are not included: a model file stores them beside the graph.
 *
 * @example
 * ```ts
 * import { graphFromJson, graphToJson } from 'kinglet/graph'
 * import { input, mul, opNamed, relu } from 'kinglet/ops'
 *
 * const y = relu(mul(input('x', [1, 3]), 2))
 * const { json } = graphToJson({ outputs: { y }, updates: [] })
 * json.nodes.map(({ op }) => op) // => ['input', 'constant', 'mul', 'relu']
 * graphFromJson(json, { batch: 5, opNamed }).outputs.y.shape // => [5, 3]
 * ```
 */
export function graphToJson(graph: Graph, what = 'graph'): WrittenGraph {
  assert(
    graph.updates.length === 0,
    () => `${what}: it has ${graph.updates.length} updates: write the graph of a network, without its training step`,
  )
  for (const name of parametersOf(graph).keys())
    assert(
      !name.startsWith(constantPrefix),
      `${what}: a parameter is named ${name}: names that begin with ${constantPrefix} belong to constants`,
    )
  // In order of creation, since the order of the parameters follows from it.
  const order = topological(roots(graph)).sort((a, b) => a.id - b.id)
  assert(order.length <= limits.nodes, () => `${what}: it has ${order.length} nodes: the limit is ${limits.nodes}`)
  const numbers = new Map(order.map((v, i) => [v, i]))
  const tensors = new Map<string, Tensor>()
  const nodes = order.map((v): JsonNode => {
    const scope = v.scope === '' ? {} : { scope: v.scope }
    if (isInput(v)) return { op: 'input', attrs: inputAttrs(v, what), ...scope }
    if (isConstant(v)) return { op: 'constant', attrs: constantAttrs(v.attrs.tensor, tensors), ...scope }
    const attrs = plainAttrs(v, what)
    return {
      op: v.op.name,
      ...(v.inputs.length > 0 && { inputs: v.inputs.map((x) => numbers.get(x)!) }),
      ...(Object.keys(attrs).length > 0 && { attrs }),
      ...scope,
    }
  })
  const outputs = Object.fromEntries(Object.entries(graph.outputs).map(([name, v]) => [name, numbers.get(v)!]))
  const json: GraphJson = { kinglet_graph: graphVersion, nodes, outputs }
  assertReadable({ json, tensors }, order, what)
  return { json, tensors }
}

/** Throws what reading the graph would throw, such as for a name or a rank beyond the limits. */
function assertReadable({ json, tensors }: WrittenGraph, nodes: readonly Value[], what: string): void {
  const ops = new Map(nodes.map(({ op }) => [op.name, op]))
  graphFromJson(json, { opNamed: (name) => ops.get(name), tensors, what })
}

function inputAttrs({ attrs: { name, shape, dtype } }: Value, what: string): JsonInput['attrs'] {
  assert(
    shape.length === 0 || shape[0] === 1,
    `${what}: input ${name} has shape [${shape.join(', ')}]: the batch must be its first dimension, and 1 in what is written`,
  )
  return { name, dtype, shape: shape.length === 0 ? [] : ['N', ...shape.slice(1)] }
}

function constantAttrs(t: Tensor, tensors: Map<string, Tensor>): JsonConstant['attrs'] {
  const { dtype, shape } = t
  const values = size(shape) <= inlined ? Array.from(t.data, Number) : undefined
  // JSON cannot represent NaN, infinity and negative zero.
  if (values?.every((v) => Number.isFinite(v) && !Object.is(v, -0))) return { dtype, shape, data: values }
  const name = `${constantPrefix}${tensors.size}`
  tensors.set(name, { dtype, shape, data: t.data })
  return { dtype, shape, tensor: name }
}

const isPlain = (value: unknown): value is JsonAttribute =>
  typeof value === 'boolean' ||
  typeof value === 'string' ||
  Number.isFinite(value) ||
  (Array.isArray(value) && value.every(Number.isFinite))

/** Plain attributes. A parameter has one that is an object: `init`. */
function plainAttrs(v: Value, what: string): Record<string, JsonAttribute> {
  const { op, attrs } = v
  for (const [name, value] of Object.entries(attrs))
    assert(
      isPlain(value) || isParameter(v),
      `${what}: attribute ${name} of ${op.name} is not plain data: write the graph as it was declared, before any pass`,
    )
  return { ...attrs }
}
