/** Graphs in another size: for another batch, and with parameters of other shapes. */
import { describe, expect, test } from 'vitest'
import { Rng, size, tensor } from '../../src/core/index.ts'
import { referenceEngine } from '../../src/engine/index.ts'
import {
  assertAnyBatch,
  cutWeights,
  type Graph,
  parametersOf,
  rebatch,
  reshapeParameters,
  roots,
  shapesOf,
  topological,
} from '../../src/graph/index.ts'
import { build, type Model, modelNames } from '../../src/models/index.ts'
import { declare } from '../../src/models/network.ts'
import {
  broadcastTo,
  crop,
  flatten,
  input,
  linear,
  parameter,
  reduceSum,
  reshape,
  sliceLast,
} from '../../src/ops/index.ts'

const init = { kind: 'constant', value: 0 } as const
const weight = (name: string, shape: readonly number[]) => parameter({ name, shape, role: 'weight', init })
const graphOf = (outputs: Graph['outputs']): Graph => ({ outputs, updates: [] })
const x = input('x', [1, 4, 4, 6])

/** Ops, scopes and shapes in order. */
const nodesOf = (graph: Graph) =>
  topological(roots(graph)).map((v) => `${v.op.name} ${v.attrs.name ?? ''} ${v.scope} [${v.shape}]`)

/** The graph that the builders make of a network's rows for a batch. */
const builtFor = ({ architecture, rows }: Model, batch: number): Graph =>
  graphOf({ logits: declare(architecture.name, rows, architecture.options, batch).logits })

const drawn = (shape: readonly number[]) => {
  const rng = new Rng(5)
  return Float32Array.from({ length: size(shape) }, () => rng.between(-1, 1))
}

describe.each(modelNames)('%s', (name) => {
  const small = { width: 0.125, size: 8, reduction: 4, classes: 3, se: 'all', dropout: 0.5 } as const

  test('its graph for a batch of three equals the graph for one image, rebatched', async () => {
    const net = build(name, small)
    const other = rebatch(net.graph(), 3)
    expect(nodesOf(other)).toEqual(nodesOf(net.graph(3)))
    // And the graph that the builders make for three images.
    expect(nodesOf(rebatch(net.declared, 3))).toEqual(nodesOf(builtFor(net, 3)))
    const images = drawn([3, 8, 8, 3])
    const logits = async (graph: Graph, from: Float32Array) => {
      const program = await referenceEngine().compile(graph, { weights: net.weights })
      return [...(await program.run({ x: from })).logits.data]
    }
    const each = images.length / 3
    const one = [0, 1, 2].map((i) => logits(net.graph(), images.slice(i * each, (i + 1) * each)))
    expect(await logits(other, images)).toEqual((await Promise.all(one)).flat())
  })

  test('no attribute of its graph depends on the batch', () => {
    const attrs = (graph: Graph) => topological(roots(graph)).map(({ op, attrs }) => (op.name === 'input' ? '' : attrs))
    const net = build(name, small)
    expect(attrs(builtFor(net, 3))).toEqual(attrs(net.declared))
  })

  test('with a reshaped classifier it equals the network built for that number of classes', () => {
    const [net, wanted] = [build(name, small), build(name, { ...small, classes: 7 })]
    expect(nodesOf(reshapeParameters(net.graph(), shapesOf(wanted.weights)))).toEqual(nodesOf(wanted.graph()))
  })
})

test('composites for images work for any batch', () => {
  const outputs = {
    flat: flatten(x),
    part: sliceLast({ x }, { from: 2, count: 3 }),
    inner: crop({ x }, { pad: [1, 0, 0, 1] }),
    wide: broadcastTo({ x: reduceSum({ x }, { axes: [1, 2] }) }, { shape: [-1, 4, 4, -1] }),
  }
  assertAnyBatch(graphOf(outputs), 'test')
  const shapes = Object.values(rebatch(graphOf(outputs), 5).outputs).map((v) => v.shape)
  expect(shapes).toEqual([
    [5, 96],
    [5, 4, 4, 3],
    [5, 3, 3, 6],
    [5, 4, 4, 6],
  ])
})

test('refuses graphs that work for one batch only', () => {
  const refused = (outputs: Graph['outputs']) => () => assertAnyBatch(graphOf(outputs), 'pets.json')
  expect(refused({ y: reshape({ x }, { shape: [1, 96] }) })).toThrow(
    'pets.json: the graph does not work for a batch of 2: reshape: x has shape [2, 4, 4, 6], 192 values: [1, 96] holds ' +
      '96 values, the numbers must be equal: in shapes write 0 (reshape) or -1 for the batch',
  )
  expect(refused({ y: reduceSum({ x }, { axes: [0] }) })).toThrow(
    'pets.json: output y has shape [1, 4, 4, 6] for a batch of 2: the batch must be the first dimension of every input ' +
      'and output',
  )
  expect(refused({ y: reshape({ x }, { shape: [-1, 6] }) })).toThrow('output y has shape [32, 6] for a batch of 2')
})

test('parameters of other shapes are checked by the shape rules', () => {
  const graph = graphOf({ y: linear(flatten(x), weight('w', [96, 5]), weight('b', [5])) })
  const next = reshapeParameters(
    graph,
    new Map([
      ['w', [96, 2]],
      ['b', [2]],
    ]),
  )
  expect(next.outputs.y.shape).toEqual([1, 2])
  expect(parametersOf(next).get('w')).toMatchObject({ attrs: { role: 'weight', init }, shape: [96, 2] })
  expect(() => reshapeParameters(graph, new Map([['w', [96, 2]]]))).toThrow(
    'add: shapes [1, 2] and [5] do not broadcast: dimension 1 is 2 and 5',
  )
  expect(() => reshapeParameters(graph, new Map([['v', [1]]]))).toThrow(
    'reshapeParameters: the graph has no parameter v',
  )
  const step = { outputs: {}, updates: [{ target: weight('w', [2]), value: weight('v', [2]) }] }
  for (const work of [() => rebatch(step, 2), () => reshapeParameters(step, new Map())])
    expect(work).toThrow('the graph has 1 updates: give the graph of a network, without its training step')
})

test('weights are cut along several axes', () => {
  const weights = new Map([
    ['w', tensor([2, 3], [1, 2, 3, 4, 5, 6])],
    ['b', tensor([3], [7, 8, 9])],
  ])
  const cut = cutWeights(weights, [
    { parameter: 'w', axis: 1, kept: [2, 0] },
    { parameter: 'w', axis: 0, kept: [1] },
    { parameter: 'b', axis: 0, kept: [2, 0] },
  ])
  expect([...shapesOf(cut)]).toEqual([
    ['w', [1, 2]],
    ['b', [2]],
  ])
  expect([...cut.values()].map(({ data }) => [...data])).toEqual([
    [6, 4],
    [9, 7],
  ])
  expect([...weights.values()].map(({ data }) => data.length)).toEqual([6, 3])
  const refused = (parameter: string, axis: number, kept: number[]) => () =>
    cutWeights(weights, [{ parameter, axis, kept }])
  expect(refused('v', 0, [0])).toThrow('cutWeights: there is no parameter v')
  expect(refused('w', 1, [3])).toThrow('cutWeights: w has shape [2, 3]: entries 3 of axis 1 do not all exist')
  expect(refused('w', 2, [0])).toThrow('cutWeights: w has shape [2, 3]: entries 0 of axis 2 do not all exist')
  expect(refused('w', 0, [])).toThrow('cutWeights: w has shape [2, 3]')
})
