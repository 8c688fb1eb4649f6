/** Graphs as JSON: a graph reads back as it was written, for any batch. Anything else is refused with a clear error. */
import { describe, expect, test } from 'vitest'
import { KingletError, Rng, size, type Tensor, tensor } from '../../src/core/index.ts'
import { referenceEngine } from '../../src/engine/index.ts'
import { type Graph, parametersOf, roots, topological } from '../../src/graph/index.ts'
import { type GraphJson, graphFromJson, graphToJson, opNamesOf } from '../../src/graph/json/index.ts'
import { build, modelNames } from '../../src/models/index.ts'
import {
  add,
  allContracts,
  constant,
  input,
  linear,
  makeValue,
  mul,
  opNamed,
  parameter,
  relu,
  type Value,
} from '../../src/ops/index.ts'

const nodesOf = (graph: Graph) =>
  topological(roots(graph)).map(({ op, attrs, scope, shape }) => ({ op: op.name, attrs, scope, shape }))
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const read = (json: unknown, options: object = {}) => graphFromJson(json, { opNamed, ...options })

describe.each(modelNames)('%s', (name) => {
  test('is the same after being written and read, for one image and for a batch', () => {
    const net = build(name, { width: 0.25, size: 32, classes: 5, se: 'all' })
    const { json, tensors } = graphToJson(net.graph())
    const parsed = copy(json)
    expect(tensors.size).toBe(0)
    for (const batch of [1, 3]) {
      const graph = read(parsed, { batch })
      expect(nodesOf(graph)).toEqual(nodesOf(net.graph(batch)))
      expect([...parametersOf(graph).keys()]).toEqual([...parametersOf(net.graph()).keys()])
    }
    expect(copy(graphToJson(read(parsed)).json)).toEqual(parsed)
  })
})

/** A graph of one op of each sample, whose inputs are parameters (constants where they are no f32). */
const sampled = allContracts.flatMap(({ op: { name, inputs }, samples }) =>
  samples.slice(0, 2).map((sample, i) => {
    const init = { kind: 'uniform', bound: 1 } as const
    const given = sample.inputs.map((x, k): Value => {
      const shape = 'dtype' in x ? x.shape : x
      return 'dtype' in x && x.dtype !== 'f32'
        ? constant(x)
        : parameter({ name: `${Object.keys(inputs)[k]}${k}`, shape, role: 'weight', init })
    })
    const y = makeValue(opNamed(name)!, given, sample.attrs, 'layer')
    return [`${name} ${i}`, { outputs: { y }, updates: [] } as Graph] as const
  }),
)

test.each(sampled)('%s: same values after being written and read', async (_, graph) => {
  const { json, tensors } = graphToJson(graph)
  const again = read(copy(json), { tensors })
  expect(nodesOf(again)).toEqual(nodesOf(graph))
  const values = async (g: Graph) => {
    const program = await referenceEngine().compile(g, { seed: 4 })
    return (await program.run({})).y
  }
  expect(await values(again)).toEqual(await values(graph))
})

test('constants: small ones are in the JSON; large ones, and values that JSON cannot represent, are in tensors beside it', () => {
  const large = tensor([5, 20], new Float32Array(100).fill(0.1))
  const odd = tensor([2], [Number.POSITIVE_INFINITY, -0])
  const x = input('x', [1, 20])
  const graph = { outputs: { y: add(mul(x, constant(odd.data[0])), 0.1), large: constant(large), odd: constant(odd) } }
  const { json, tensors } = graphToJson({ ...graph, updates: [] })
  expect([...tensors].map(([name, t]) => [name, t.shape])).toEqual([
    ['constants/0', []],
    ['constants/1', [5, 20]],
    ['constants/2', [2]],
  ])
  const again = read(copy(json), { tensors })
  expect(again.outputs.large.attrs.tensor).toEqual(large)
  expect(again.outputs.odd.attrs.tensor.data).toEqual(odd.data)
  // 0.1 as float32, to the last bit.
  expect(again.outputs.y.inputs[1].attrs.tensor.data[0]).toBe(Math.fround(0.1))
})

test('lists the names of ops before it reads the graph', () => {
  const { json } = graphToJson({ outputs: { y: relu(mul(input('x', [1, 3]), 2)) }, updates: [] })
  expect(opNamesOf(json)).toEqual(['input', 'constant', 'mul', 'relu'])
})

test('refuses to write graphs that are not a network', () => {
  const init = { kind: 'constant', value: 0 } as const
  const w = (name: string) => parameter({ name, shape: [3], role: 'weight', init })
  const graph = (y: Value): Graph => ({ outputs: { y }, updates: [] })
  const wrong: readonly (readonly [Graph, string])[] = [
    [
      { outputs: {}, updates: [{ target: w('a'), value: w('b') }] },
      'pets: it has 1 updates: write the graph of a network, without its training step',
    ],
    [
      graph(input('x', [4, 3])),
      'pets: input x has shape [4, 3]: the batch must be its first dimension, and 1 in what is written',
    ],
    [
      graph(w('constants/3')),
      'pets: a parameter is named constants/3: names that begin with constants/ belong to constants',
    ],
    [
      graph(makeValue(relu.op, [input('x', [1, 3])], { body: {} })),
      'pets: attribute body of relu is not plain data: write the graph as it was declared, before any pass',
    ],
  ]
  for (const [given, message] of wrong) expect(() => graphToJson(given, 'pets')).toThrow(new KingletError(message))
})

/** A small graph with every kind of leaf. */
const net = () => {
  const init = { kind: 'normal', std: 0.1 } as const
  const w = parameter({ name: 'fc.w', shape: [3, 2], role: 'weight', init })
  const b = parameter({ name: 'fc.b', shape: [2], role: 'bias', init: { kind: 'constant', value: 0 } })
  return { outputs: { logits: relu(linear(mul(input('x', [1, 3]), 2), w, b)) }, updates: [] }
}
const { json: good } = graphToJson(net())

// biome-ignore lint/suspicious/noExplicitAny: JSON that is changed so that no type fits
type Loose = any
type Change = (json: Loose) => unknown
const refused: readonly (readonly [what: string, change: Change, message: string])[] = [
  ['nothing', () => null, 'net: it is not a graph: kinglet_graph, the version, is missing'],
  ['a list', () => [], 'net: it is not a graph: kinglet_graph, the version, is missing'],
  [
    'a newer version',
    (j) => ({ ...j, kinglet_graph: 2 }),
    'net: a graph of version 2, this version of Kinglet (0.1.0) reads 1: use a newer Kinglet',
  ],
  [
    'a member more',
    (j) => ({ ...j, code: 'x' }),
    'net: it has "code", which this version does not know: use kinglet_graph, nodes or outputs',
  ],
  ['no nodes', (j) => ({ ...j, nodes: [] }), 'net: nodes is []: it must be a list of 1 to 10000 nodes'],
  [
    'nodes that are none',
    (j) => ({ ...j, nodes: { length: 1 } }),
    'net: nodes is {"length":1}: it must be a list of 1 to 10000 nodes',
  ],
  ['a node that is none', (j) => set(j, 3, 'x'), 'net: node 3 is "x": it must be an object with the name of an op'],
  [
    'a node with code',
    (j) => set(j, 7, { ...j.nodes[7], run: 'x' }),
    'net: node 7 (relu): it has "run", which this version does not know: use op, inputs, attrs or scope',
  ],
  [
    'a scope that is none',
    (j) => set(j, 7, { ...j.nodes[7], scope: 3 }),
    'net: node 7 (relu): scope is 3: it must be non-empty text of at most 512 characters, other than __proto__',
  ],
  [
    'ops that are not known',
    (j) => set(set(j, 6, { op: 'gelu', inputs: [5] }), 3, { op: 'lstm', inputs: [2] }),
    'net: there are no ops "lstm", "gelu": this version of Kinglet (0.1.0) does not have them, use a newer one',
  ],
  [
    'an op named as a method',
    (j) => set(j, 6, { op: 'toString', inputs: [5] }),
    'net: there is no op "toString": this version of Kinglet (0.1.0) does not have it, use a newer one',
  ],
  [
    'an input after its node',
    (j) => set(j, 3, { op: 'mul', inputs: [2, 4] }),
    'net: node 3 (mul): inputs is [2,4]: it must be a list of numbers of nodes before it',
  ],
  [
    'a node as its own input',
    (j) => set(j, 6, { op: 'relu', inputs: [6] }),
    'net: node 6 (relu): inputs is [6]: it must be a list of numbers of nodes before it',
  ],
  [
    'a fraction as input',
    (j) => set(j, 6, { op: 'relu', inputs: [0.5] }),
    'net: node 6 (relu): inputs is [0.5]: it must be',
  ],
  [
    'an input too few',
    (j) => set(j, 6, { op: 'add', inputs: [5] }),
    'net: node 6 (add): it has 1 inputs: it takes 2 (a, b)',
  ],
  [
    'an input too many',
    (j) => set(j, 6, { op: 'relu', inputs: [5, 5] }),
    'net: node 6 (relu): it has 2 inputs: it takes 1 (x)',
  ],
  [
    'an attribute that there is not',
    (j) => set(j, 6, { op: 'clamp', inputs: [5], attrs: { mim: 0 } }),
    'net: node 6 (clamp): clamp has no attribute "mim" (did you mean min?): it has min or max',
  ],
  [
    'an attribute of another type',
    (j) => set(j, 6, { op: 'clamp', inputs: [5], attrs: { min: '0' } }),
    'net: node 6 (clamp): attribute min is "0": it must be a number',
  ],
  [
    'a list for a flag',
    (j) => set(j, 6, { op: 'matmul', inputs: [5, 5], attrs: { transA: [1] } }),
    'net: node 6 (matmul): attribute transA is [1]: it must be true or false',
  ],
  [
    'a list in a list',
    (j) => set(j, 6, { op: 'reshape', inputs: [5], attrs: { shape: [[1]] } }),
    'net: node 6 (reshape): attribute shape is [[1]]: it must be a list of numbers',
  ],
  [
    'a shape that an op refuses',
    (j) => set(j, 6, { op: 'reshape', inputs: [5], attrs: { shape: [3] } }),
    'net: node 6 (reshape): reshape: x has shape [1, 2], 2 values: [3] holds 3 values, the numbers must be equal',
  ],
  [
    'a value beyond the limits',
    (j) => set(j, 6, { op: 'zero_pad', inputs: [5], attrs: { before: [0, 0], after: [0, 2 ** 31] } }),
    'net: node 6 (zero_pad): its shape is [1, 2147483650]: the limits are rank 8 and 1073741824 elements',
  ],
  ['an output that is no node', (j) => ({ ...j, outputs: { y: 8 } }), 'net: output y is node 8: it has 8 nodes'],
  [
    'no outputs',
    (j) => ({ ...j, outputs: {} }),
    'net: outputs is {}: it must have 1 to 4096 names, each with the number of a node',
  ],
  // Leaves
  [
    'an input without a batch',
    (j) => leaf(j, 'input', { shape: [1, 3] }),
    'net: node 2 (input): shape is [1,3]: its first dimension must be "N", the batch',
  ],
  [
    'an input of no dimension',
    (j) => leaf(j, 'input', { shape: ['N', 0] }),
    'net: node 2 (input): shape is [1,0]: it must be a list of at most 8 positive integers',
  ],
  [
    'an input of no dtype',
    (j) => leaf(j, 'input', { dtype: 'f64' }),
    'net: node 2 (input): dtype is "f64": it must be f32, i32, i8 or u8',
  ],
  [
    'a name that is none',
    (j) => leaf(j, 'input', { name: '' }),
    'net: node 2 (input): name is "": it must be non-empty text',
  ],
  [
    'a name twice',
    (j) => leaf(j, 'input', { name: 'fc.w' }),
    'net: node 2 (input): there are two inputs or parameters named "fc.w": names must be unique',
  ],
  [
    'a parameter of no shape',
    (j) => leaf(j, 'parameter', { shape: [-3, 2] }),
    'net: node 0 (parameter): shape is [-3,2]: it must be a list of at most 8 positive integers',
  ],
  [
    'a parameter of too many dimensions',
    (j) => leaf(j, 'parameter', { shape: Array(9).fill(1) }),
    'it must be a list of at most 8 positive integers',
  ],
  [
    'a parameter of too many elements',
    (j) => leaf(j, 'parameter', { shape: [2 ** 20, 2 ** 20] }),
    'net: node 0 (parameter): its shape is [1048576, 1048576]: the limits are rank 8 and 1073741824 elements',
  ],
  [
    'a role that there is not',
    (j) => leaf(j, 'parameter', { role: 'gain' }),
    'net: node 0 (parameter): role is "gain": it must be weight, depthwise, bias, norm or state',
  ],
  [
    'an init that there is not',
    (j) => leaf(j, 'parameter', { init: { kind: 'ones' } }),
    'net: node 0 (parameter): kind of init is "ones": it must be constant, normal, truncated_normal or uniform',
  ],
  [
    'an init without its number',
    (j) => leaf(j, 'parameter', { init: { kind: 'normal', bound: 1 } }),
    'net: node 0 (parameter): init is {"kind":"normal","bound":1}: normal has std, a number from 0',
  ],
  [
    'an attribute more',
    (j) => leaf(j, 'parameter', { url: 'x' }),
    'net: node 0 (parameter): it has no attribute "url": it has name, shape, role or init',
  ],
  [
    'a constant without values',
    (j) => leaf(j, 'constant', { data: undefined }),
    'net: node 3 (constant): it must have either data or tensor',
  ],
  [
    'a constant of other values',
    (j) => leaf(j, 'constant', { data: [1, 2] }),
    'net: node 3 (constant): data is [1,2]: it must be a list of 1 numbers',
  ],
  [
    'a constant of the wrong dtype',
    (j) => leaf(j, 'constant', { dtype: 'u8', data: [300] }),
    'net: node 3 (constant): data holds 300: it must hold numbers of dtype u8',
  ],
  [
    'a constant that is not beside it',
    (j) => leaf(j, 'constant', { data: undefined, tensor: 'constants/9' }),
    'net: node 3 (constant): there is no tensor "constants/9" beside it: the file is not whole',
  ],
  [
    'a constant of another shape',
    (j) => leaf(j, 'constant', { data: undefined, tensor: 'constants/0' }),
    'net: node 3 (constant): tensor constants/0 is [2] f32: it must be [] f32',
  ],
]

const set = (json: Loose, i: number, node: unknown) => ({ ...json, nodes: json.nodes.with(i, node) })
const leaf = (json: Loose, op: string, attrs: object) => {
  const i = json.nodes.findIndex((node: Loose) => node.op === op)
  return set(json, i, { ...json.nodes[i], attrs: { ...json.nodes[i].attrs, ...attrs } })
}

test.each(refused)('%s is refused', (_, change, message) => {
  const tensors = new Map([['constants/0', tensor([2], [1, 2])]])
  const given = copy(change(copy(good)))
  expect(() => read(given, { what: 'net', tensors })).toThrow(KingletError)
  expect(() => read(given, { what: 'net', tensors })).toThrow(message)
})

test('looks ops up through the given function', () => {
  const asked: string[] = []
  const some = (name: string) => {
    asked.push(name)
    return name === 'matmul' ? undefined : opNamed(name)
  }
  expect(() => graphFromJson(good, { opNamed: some })).toThrow('graph: there is no op "matmul"')
  expect(asked).toEqual(['mul', 'matmul', 'add', 'relu'])
})

/** Replaces a random part of the JSON. */
function mutate(json: GraphJson, rng: Rng): unknown {
  const junk = [null, -1, 0, 1, 2, 3, 7, 0.5, 1e9, 1e300, '', 'N', 'x', '__proto__', true, [], [0], [1, 1], {}, [[1]]]
  const changed = copy(json) as Loose
  for (let n = rng.integer(3); n >= 0; n--) {
    let [at, key]: [Loose, string] = [{ changed }, 'changed']
    while (typeof at[key] === 'object' && at[key] !== null && Object.keys(at[key]).length > 0 && rng.integer(8) > 0) {
      at = at[key]
      const keys = Object.keys(at)
      key = keys[rng.integer(keys.length)]
    }
    if (key === 'changed') continue
    const kind = rng.integer(6)
    const others = Object.keys(at)
    if (kind === 0) delete at[key]
    else if (kind === 1) at[key] = copy(at[others[rng.integer(others.length)]] ?? null)
    else if (kind === 2) at[`${key}x`] = copy(at[key])
    else if (kind === 3 && typeof at[key] === 'number') at[key] += rng.integer(5) - 2
    else if (kind === 4 && Array.isArray(at[key])) at[key] = [...at[key], ...copy(at[key])]
    else at[key] = copy(junk[rng.integer(junk.length)])
  }
  // As text, so that only values that JSON can represent are tried.
  return copy(changed)
}

test('thousands of changed graphs are either read or refused with a KingletError', async () => {
  const rng = new Rng(20240611)
  const small = build('mobilenet_v3_small', { width: 0.1, size: 8, reduction: 4, classes: 2 }).graph()
  const written = [net(), small, ...sampled.map(([, graph]) => graph)].map((graph) => graphToJson(graph))
  const counts = { read: 0, refused: 0, run: 0 }
  for (let i = 0; i < 4000; i++) {
    const { json, tensors } = written[i % written.length]
    const given = mutate(json, rng)
    let graph: Graph
    try {
      graph = read(given, { tensors })
    } catch (error) {
      if (!(error instanceof KingletError)) throw new Error(`${JSON.stringify(given)}`, { cause: error })
      counts.refused++
      continue
    }
    counts.read++
    const again = graphToJson(graph)
    expect(copy(graphToJson(read(copy(again.json), { tensors: again.tensors })).json)).toEqual(copy(again.json))
    const order = topological(roots(graph))
    if (order.length > 20 || order.some((v) => size(v.shape) > 1e5)) continue
    const program = await referenceEngine().compile(graph)
    const inputs = order.filter((v) => v.op.name === 'input')
    const values = await program.run(
      Object.fromEntries(inputs.map((v) => [v.attrs.name, new (arrayOf(v))(size(v.shape))])),
    )
    for (const [name, { data, shape }] of Object.entries(values) as [string, Tensor][]) {
      expect(shape).toEqual(graph.outputs[name].shape)
      expect(data).toHaveLength(size(shape))
    }
    counts.run++
  }
  // Most changes make the graph invalid, but enough do not.
  expect(counts.refused).toBeGreaterThan(1000)
  expect(counts.run).toBeGreaterThan(300)
}, 120_000)

const arrayOf = ({ dtype }: Value) => ({ f32: Float32Array, i32: Int32Array, i8: Int8Array, u8: Uint8Array })[dtype]
