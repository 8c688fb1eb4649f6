/** Deep graphs: no pass takes stack in proportion to the number of nodes, so that files at the limit of nodes can be used. */
import { expect, test } from 'vitest'
import { KingletError } from '../../src/core/index.ts'
import { type Graph, gateOf } from '../../src/graph/index.ts'
import { graphFromJson, graphToJson } from '../../src/graph/json/index.ts'
import { layerUnitsOf } from '../../src/latency/index.ts'
import { networkFrom, withClasses } from '../../src/nn/index.ts'
import { flatten, input, linear, mul, opNamed, parameter, relu, reshape, type Value } from '../../src/ops/index.ts'
import { channelGroupsOf } from '../../src/prune/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'

const init = { kind: 'constant', value: 0.5 } as const
const weight = (name: string, ...shape: readonly number[]) => parameter({ name, shape, role: 'weight', init })

/** `x` after `count` reshapes to its own shape. */
function reshaped(x: Value, count: number): Value {
  let y = x
  for (let i = 0; i < count; i++) y = reshape({ x: y }, { shape: [0, ...x.shape.slice(1, -1), -1] })
  return y
}

/** A classifier of `nodes` nodes, half of them views before its layers and half after. */
function deep(nodes: number): Graph {
  // The others: the input, the flattened pixels, and two layers with weights.
  const views = nodes - 6
  const before = reshaped(input('x', [1, 2, 2, 3]), Math.ceil(views / 2))
  const hidden = linear(flatten(before), weight('hidden', 12, 4))
  const logits = reshaped(linear(hidden, weight('classes', 4, 2)), Math.floor(views / 2))
  return { outputs: { logits }, updates: [] }
}

async function logitsOf(graph: Graph): Promise<number[]> {
  const net = networkFrom(graph)
  using program = await wasmEngine({ threads: 1 }).compile(net.graph(), { weights: net.weights, freeze: true })
  return Array.from((await program.run({ x: new Float32Array(12).fill(1) })).logits.data, Number)
}

test('a hand-made graph of 20,000 nodes runs, and can be changed, pruned and timed', async () => {
  const graph = deep(20_000)
  expect(await logitsOf(graph)).toEqual([12, 12])
  expect(withClasses(networkFrom(graph), 3).weights.get('classes')!.shape).toEqual([4, 3])
  expect(channelGroupsOf(graph).map(({ name, count }) => [name, count])).toEqual([['hidden', 4]])
  expect(layerUnitsOf(graph).filter(({ kind }) => kind === 'linear')).toHaveLength(2)
})

test('a gate over 20,000 nodes is found', () => {
  const x = relu(input('x', [1, 2, 2, 3]))
  const factor = reshaped(relu(x), 20_000)
  expect(gateOf(mul(x, factor), new Set([x, factor]))?.gated).toBe(x)
})

test('a graph at the limit of nodes is written, read and run; one with a node more is refused both ways', async () => {
  const { json, tensors } = graphToJson(deep(10_000))
  expect(json.nodes).toHaveLength(10_000)
  expect(await logitsOf(graphFromJson(json, { opNamed, tensors }))).toEqual([12, 12])
  const more = { ...json, nodes: [...json.nodes, { op: 'relu', inputs: [0] }] }
  const refusal = new KingletError('net: it has 10001 nodes: the limit is 10000')
  expect(() => graphFromJson(more, { opNamed, what: 'net' })).toThrow(refusal)
  expect(() => graphToJson(deep(10_001), 'net')).toThrow(refusal)
})
