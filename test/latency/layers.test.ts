/** Units of hand-made graphs: which ops belong to a layer, and which are timed by themselves. */
import { expect, test } from 'vitest'
import { type Shape, size } from '../../src/core/index.ts'
import { analyse, type Graph, inputsOf } from '../../src/graph/index.ts'
import { unitGraph, valuesInto, workOf } from '../../src/latency/graphs.ts'
import {
  describeUnit,
  engineTimer,
  entryOf,
  type LatencyTable,
  lackingIn,
  latencyOf,
  layerUnitsOf,
  measureUnits,
  planOf,
  readTable,
  type Unit,
  unitMs,
  unitsOf,
  writeTable,
} from '../../src/latency/index.ts'
import { build } from '../../src/models/index.ts'
import {
  add,
  avgPool,
  bias,
  clamp,
  concat,
  conv2d,
  depthwiseConv2d,
  flatten,
  globalAvgPool,
  hardSwish,
  input,
  matmul,
  mul,
  parameter,
  relu,
  reshape,
  resizeBilinear,
  scope,
  sigmoid,
  softmax,
  swish,
  type Value,
} from '../../src/ops/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'

const weight = (name: string, ...shape: Shape): Value =>
  parameter({ name, shape, role: 'weight', init: { kind: 'normal', std: 0.1 } })
const conv = (x: Value, name: string, out: number, kernel: number | readonly [number, number] = 1): Value => {
  const [h, w] = typeof kernel === 'number' ? [kernel, kernel] : kernel
  const [a, b] = [(h - 1) / 2, (w - 1) / 2]
  return scope(name, () => conv2d({ x, w: weight(name, h, w, x.shape[3], out) }, { pad: [a, a, b, b] }))
}
const linear = (x: Value, name: string, out: number): Value => matmul({ a: x, b: weight(name, x.shape[1], out) })
const image = (channels = 3) => input('x', [1, 8, 8, channels])
const graph = (y: Value): Graph => ({ outputs: { y }, updates: [] })
const layers = (y: Value): Unit[] => layerUnitsOf(graph(y)).slice(2)
const shown = (y: Value) => layers(y).map(describeUnit)

test('bias, scale and activation belong to their layer, a further activation does not', () => {
  const x = relu(mul(bias(conv(image(), 'a', 4, 3), weight('b', 4)), 0.5))
  expect(shown(x)).toEqual(['conv 8x8 3x3 relu, 3 to 4 channels'])
  expect(shown(hardSwish(x))).toEqual(['conv 8x8 3x3 relu, 3 to 4 channels', 'hard_swish 1x8x8xa, 4 channels'])
  expect(shown(clamp(conv(image(), 'a', 4), { min: -1, max: 2 }))).toEqual([
    'conv 8x8 1x1, 3 to 4 channels',
    'clamp 1x8x8xa, min -1, max 2, 4 channels',
  ])
})

test('an addition belongs to the later layer', () => {
  const x = conv(image(), 'a', 4)
  expect(shown(relu(add(x, conv(x, 'b', 4))))).toEqual([
    'conv 8x8 1x1, 3 to 4 channels',
    'conv 8x8 1x1 add relu, 4 to 4 channels',
  ])
  const twice = add(add(conv(x, 'b', 4), x), x)
  expect(shown(twice).slice(1)).toEqual(['conv 8x8 1x1 add, 4 to 4 channels', 'add 1x8x8xa and 1x8x8xa, 4 channels'])
})

test('squeeze-and-excitation belongs to the layer before it in the same block', () => {
  const gated = (x: Value) => {
    const reduced = relu(linear(flatten(globalAvgPool(x)), 'reduce', 2))
    return mul(x, reshape({ x: sigmoid(linear(reduced, 'expand', x.shape[3])) }, { shape: [0, 1, 1, -1] }))
  }
  const linears = [
    'linear relu, 4 to 2 channels among 1024 KiB of weights',
    'linear sigmoid, 2 to 4 channels among 1024 KiB of weights',
  ]
  const own = scope('block', () => gated(swish(conv(image(), 'a', 4))))
  expect(shown(own)).toEqual(['conv 8x8 1x1 swish se, 3 to 4 channels', ...linears])
  const other = conv(image(), 'stem', 4)
  expect(shown(scope('block', () => gated(other)))).toEqual([
    'conv 8x8 1x1, 3 to 4 channels',
    'gate 8x8, 4 channels',
    ...linears,
  ])
  // A gate for every pixel is a separate convolution and a product.
  const x = conv(image(), 'a', 4)
  expect(shown(mul(x, sigmoid(conv(x, 'b', 4))))).toEqual([
    'conv 8x8 1x1, 3 to 4 channels',
    'conv 8x8 1x1 sigmoid add, 4 to 4 channels',
  ])
})

/** A network with ops that no table has. */
function unusual(): Value {
  const x = relu(conv(image(), 'stem', 32, 3))
  const pooled = avgPool({ x }, { kernel: [2, 2], stride: 2 })
  const wide = conv(pooled, 'wide', 6, [1, 3])
  const grouped = conv2d({ x: pooled, w: weight('grouped', 3, 3, 8, 32) }, { groups: 4, pad: [1, 1, 1, 1] })
  const odd = depthwiseConv2d({ x: grouped, w: weight('odd', 3, 3, 32) }, { pad: [2, 0, 2, 0] })
  const y = resizeBilinear({ x: concat([wide, odd], { axis: 3 }) }, { size: [8, 8] })
  return softmax({ x: linear(flatten(conv(y, 'last', 2)), 'classes', 5) })
}

test('other ops are timed by themselves, and their channels may vary', () => {
  expect(shown(unusual())).toEqual([
    'conv 8x8 3x3 relu, 3 to 32 channels',
    'avg_pool 1x8x8xa, kernel 2x2, stride 2, 32 channels',
    'conv2d 1x4x4xa and weights 1x3xaxb, pad 0x0x1x1, 32 to 6 channels',
    'conv2d 1x4x4x32 and weights 3x3x8x32, pad 1x1x1x1, groups 4',
    'depthwise_conv2d 1x4x4xa and weights 3x3xa, pad 2x0x2x0, 32 channels',
    'concat 1x4x4xa and 1x4x4xb, axis 3, 6 to 32 channels',
    'resize_bilinear 1x4x4xa, size 8x8, 38 channels',
    'conv 8x8 1x1, 38 to 2 channels',
    'linear, 128 to 5 channels among 1024 KiB of weights',
    'softmax 1x5',
  ])
})

test('the units of an unusual network have graphs of the same cost', () => {
  const total = (g: Graph) => analyse(g).total
  const units = layers(unusual())
  expect(units.reduce((n, unit) => n + total(unitGraph(unit, 1)).macs, 0)).toBe(total(graph(unusual())).macs)
  for (const unit of units.filter(({ kind }) => kind === 'op')) {
    for (const copies of [1, 3]) {
      const into = [...inputsOf(unitGraph(unit, copies)).values()].reduce((n, v) => n + size(v.shape), 0)
      expect(valuesInto(unit, copies), describeUnit(unit)).toBe(into)
    }
    expect(workOf(unit).macs, describeUnit(unit)).toBe(total(unitGraph(unit, 1)).macs)
    // Units are plain data, so that they can be sent to a page.
    expect(JSON.parse(JSON.stringify(unit))).toEqual(unit)
  }
})

test('they are measured by the engine, and a table of them gives the sum', async () => {
  // Counts in between are planned, as for any layer.
  const plan = planOf(layerUnitsOf(graph(unusual())), { downTo: 0.5 })
  const pool = plan.filter(({ op }) => op?.name === 'avg_pool').map(({ channels }) => channels[0])
  expect(pool).toEqual([16, 32])
  const wanted = planOf(layerUnitsOf(graph(unusual())))
  const timer = engineTimer(wasmEngine({ threads: 1 }))
  const measured: LatencyTable['entries'][number][] = []
  for await (const group of measureUnits(timer, wanted, { rounds: 1, runs: 1 }))
    measured.push(...group.measured.map(({ unit, ms }) => entryOf(unit, ms)))
  expect(measured).toHaveLength(wanted.length)
  const table: LatencyTable = {
    device: { name: 'here', system: 'x64 linux', cores: 2 },
    ...{ engine: 'wasm', kinglet: '0.1.0', threads: 1, created: '2026-11-26T12:00:00Z', referenceMs: 0.1 },
    entries: measured,
  }
  const read = readTable(writeTable(table), 't.json')
  expect(lackingIn(read, layerUnitsOf(graph(unusual())))).toEqual([])
})

test('a layer with the same zeros in both paddings has the time of either', () => {
  const [torch, same] = (['torch', 'same'] as const).map((padding) => build('mobilenet_v2', { size: 32, padding }))
  const ms = { lower: 1, median: 1, upper: 1 }
  const table: LatencyTable = {
    device: { name: 'here', system: 'x64 linux', cores: 2 },
    ...{ engine: 'wasm', kinglet: '0.1.0', threads: 1, created: '2026-11-26T12:00:00Z', referenceMs: 0.1 },
    entries: planOf(unitsOf(torch)).map((unit) => entryOf(unit, ms)),
  }
  const windows = unitsOf(same).filter(({ kernel }) => kernel > 1)
  const [known, unknown] = [true, false].map((is) =>
    windows.filter((unit) => (unitMs(table, unit) !== undefined) === is),
  )
  expect(new Set(known.map(({ stride }) => stride))).toEqual(new Set([1]))
  expect(new Set(unknown.map(({ stride }) => stride))).toEqual(new Set([2]))
  expect(latencyOf(table, torch)).toBeGreaterThan(0)
})
