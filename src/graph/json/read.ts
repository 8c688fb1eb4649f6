/**
 * Reads a graph from JSON. Files may be of unknown origin: sizes are bounded, everything is checked, and no code runs from
 * the file. Ops are looked up by name, and each op's shape rule runs. Errors name the node and the way out. Refused: newer
 * versions, unknown ops (all listed at once), unknown attributes and attributes of the wrong type, inputs that do not
 * precede their node, duplicate names, and shapes beyond the limits.
 */
import { assert, isObject, KingletError, nearest, oneOf, type Tensor, version } from '../../core/index.ts'
import { makeValue, type Op, scope, type Value } from '../../ops/index.ts'
import type { Graph } from '../graph.ts'
import { assertElements, isText, show, textRule } from './check.ts'
import { type GraphJson, graphVersion, limits } from './format.ts'
import { leaves } from './leaves.ts'

export interface ReadGraphOptions {
  /** Looks up an op by name: `opNamed` of `kinglet/ops` knows all ops. */
  readonly opNamed: (name: string) => Op | undefined
  /** Default 1. */
  readonly batch?: number
  /** The large constants, by the names that the JSON gives them. */
  readonly tensors?: ReadonlyMap<string, Tensor>
  /** The graph's name in errors. */
  readonly what?: string
}

/**
 * Reads what `graphToJson` wrote, for the given batch. Throws a `KingletError` for anything else.
 *
 * @example
 * ```ts
 * import { type GraphJson, graphFromJson } from 'kinglet/graph'
 * import { opNamed } from 'kinglet/ops'
 *
 * const json: GraphJson = {
 *   kinglet_graph: 1,
 *   nodes: [
 *     { op: 'input', attrs: { name: 'x', dtype: 'f32', shape: ['N', 4, 4, 3] } },
 *     { op: 'reshape', inputs: [0], attrs: { shape: [0, -1] } },
 *   ],
 *   outputs: { y: 1 },
 * }
 * graphFromJson(json, { batch: 2, opNamed }).outputs.y.shape // => [2, 48]
 * ```
 */
export function graphFromJson(json: unknown, options: ReadGraphOptions): Graph {
  const { opNamed, batch = 1, tensors = new Map(), what = 'graph' } = options
  const { nodes, outputs } = checked(json, what)
  assertKnown(nodes, opNamed, what)
  const values: Value[] = []
  const context = { batch, tensors, names: new Set<string>() }
  for (const [i, node] of nodes.entries()) {
    const { op, scope: layer = '' } = node as { readonly op: string; readonly scope?: string }
    const at = `${what}: node ${i} (${layer ? `${op}, ${layer}` : op})`
    values.push(
      within(at, () =>
        Object.hasOwn(leaves, op)
          ? scope(layer, () => leaves[op as keyof typeof leaves](node.attrs, context))
          : madeOf(opNamed(op)!, node, layer, values),
      ),
    )
  }
  const named = Object.entries(outputs).map(([name, at]) => {
    assert(
      isIndex(at, values.length),
      () => `${what}: output ${name} is node ${show(at)}: it has ${values.length} nodes`,
    )
    return [name, values[at]] as const
  })
  return { outputs: Object.fromEntries(named), updates: [] }
}

/** Names of the graph's ops, each once. Load these ops before reading the graph. */
export const opNamesOf = (json: unknown, what = 'graph'): string[] => [
  ...new Set(checked(json, what).nodes.map((node) => node.op as string)),
]

type Node = Readonly<Record<string, unknown>>

/** Checks the members of the graph and of each node. */
function checked(json: unknown, what: string): { readonly nodes: readonly Node[]; readonly outputs: Node } {
  const is = (json as GraphJson | undefined)?.kinglet_graph
  assert(isObject(json) && is !== undefined, () => `${what}: it is not a graph: kinglet_graph, the version, is missing`)
  assert(
    typeof is === 'number' && Number.isInteger(is) && is >= 1 && is <= graphVersion,
    () =>
      `${what}: a graph of version ${show(is)}, this version of Kinglet (${version}) reads ${graphVersion}: use a ` +
      'newer Kinglet',
  )
  assertMembers(json, ['kinglet_graph', 'nodes', 'outputs'], what)
  const { nodes, outputs } = json
  assert(
    Array.isArray(nodes) && nodes.length > 0,
    () => `${what}: nodes is ${show(nodes)}: it must be a list of 1 to ${limits.nodes} nodes`,
  )
  assert(nodes.length <= limits.nodes, () => `${what}: it has ${nodes.length} nodes: the limit is ${limits.nodes}`)
  for (const [i, node] of nodes.entries()) {
    assert(
      isObject(node) && isText(node.op),
      () => `${what}: node ${i} is ${show(node)}: it must be an object with the name of an op`,
    )
    assertMembers(node, ['op', 'inputs', 'attrs', 'scope'], `${what}: node ${i} (${node.op})`)
    assert(
      node.scope === undefined || isText(node.scope),
      () => `${what}: node ${i} (${node.op}): scope is ${show(node.scope)}: it must be ${textRule}`,
    )
  }
  const named = isObject(outputs) ? Object.keys(outputs) : []
  assert(
    named.length > 0 && named.length <= limits.list && named.every(isText),
    () =>
      `${what}: outputs is ${show(outputs)}: it must have 1 to ${limits.list} names, each with the number of a node`,
  )
  return { nodes, outputs: outputs as Node }
}

function assertMembers(given: object, members: readonly string[], what: string): void {
  const other = Object.keys(given).find((name) => !members.includes(name))
  assert(
    other === undefined,
    () => `${what}: it has ${show(other)}, which this version does not know: use ${oneOf(members)}`,
  )
}

function assertKnown(nodes: readonly Node[], opNamed: ReadGraphOptions['opNamed'], what: string): void {
  const names = new Set(nodes.map(({ op }) => op as string))
  const unknown = [...names].filter((name) => !Object.hasOwn(leaves, name) && !opNamed(name))
  assert(
    unknown.length === 0,
    () =>
      `${what}: there ${unknown.length === 1 ? 'is no op' : 'are no ops'} ${unknown.map(show).join(', ')}: this version of ` +
      `Kinglet (${version}) does not have ${unknown.length === 1 ? 'it' : 'them'}, use a newer one`,
  )
}

const isIndex = (i: unknown, below: number): i is number =>
  typeof i === 'number' && Number.isInteger(i) && i >= 0 && i < below

function madeOf(op: Op, node: Node, layer: string, before: readonly Value[]): Value {
  const { inputs = [], attrs = {} } = node
  assert(
    Array.isArray(inputs) && inputs.length <= limits.list && inputs.every((i) => isIndex(i, before.length)),
    () => `inputs is ${show(inputs)}: it must be a list of numbers of nodes before it`,
  )
  const names = op.inputs === 'variadic' ? undefined : Object.keys(op.inputs)
  assert(
    !names || names.length === inputs.length,
    () => `it has ${inputs.length} inputs: it takes ${names!.length} (${names!.join(', ')})`,
  )
  const value = makeValue(
    op,
    inputs.map((i) => before[i]),
    { ...op.attrs, ...attributesOf(op, attrs) },
    layer,
  )
  assertElements(value.shape)
  return value
}

/** Checks that the op has each attribute, with the type of its default. */
function attributesOf(op: Op, given: unknown): object {
  assert(isObject(given), () => `attrs is ${show(given)}: it must be an object`)
  const known = op.attrs as Readonly<Record<string, unknown>>
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) {
      const meant = nearest(name, Object.keys(known))
      throw new KingletError(
        `${op.name} has no attribute ${show(name)}${meant ? ` (did you mean ${meant}?)` : ''}: it has ` +
          `${oneOf(Object.keys(known)) || 'none'}`,
      )
    }
    const type = typeOf(known[name])
    assert(types[type](value), () => `attribute ${name} is ${show(value)}: it must be ${type}`)
  }
  return given
}

const types = {
  'a number': (value: unknown) => Number.isFinite(value),
  'true or false': (value: unknown) => typeof value === 'boolean',
  text: isText,
  'a list of numbers': (value: unknown) =>
    Array.isArray(value) && value.length <= limits.list && value.every((n) => Number.isFinite(n)),
} as const

const typeOf = (value: unknown): keyof typeof types =>
  typeof value === 'number'
    ? 'a number'
    : typeof value === 'boolean'
      ? 'true or false'
      : typeof value === 'string'
        ? 'text'
        : 'a list of numbers'

/** Runs `body` and prefixes its errors with `at`. */
function within<T>(at: string, body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (error instanceof KingletError) throw new KingletError(`${at}: ${error.message}`, { cause: error })
    throw error
  }
}
