import { describe, expect, test } from 'vitest'
import { analyse, type Graph, inputsOf } from '../../src/graph/index.ts'
import { anyWeights, filled, unitGraph, valuesInto, workOf } from '../../src/latency/graphs.ts'
import { unitsOf } from '../../src/latency/layers.ts'
import { distinctUnits, layerOf, type Unit, unitKey } from '../../src/latency/units.ts'
import { type BuildOptions, build, type Model, modelNames } from '../../src/models/index.ts'
import { profile } from '../../src/wasm/index.ts'

const total = (graph: Graph) => analyse(graph).total

/** Multiply-adds and parameters of all units, each counted once by its graph. */
function sums(model: Model) {
  const known = new Map<string, { macs: number; parameters: number }>()
  let [macs, parameters] = [0, 0]
  for (const unit of unitsOf(model).filter(({ kind }) => kind !== 'steps')) {
    const key = unitKey(unit)
    const own = known.get(key) ?? total(unitGraph(unit, 1))
    known.set(key, own)
    macs += own.macs
    parameters += own.parameters
  }
  return { macs, parameters }
}

const small = { size: 64, classes: 10 } as const

describe('a network is the sum of its units', () => {
  test.each(modelNames)('%s', (name) => {
    const model = build(name, small)
    const { macs, parameters } = total(model.graph())
    const biases = model.rows.filter((row) => row.operator === 'linear' && !row.bias).reduce((n, row) => n + row.out, 0)
    expect(sums(model)).toEqual({ macs, parameters: parameters + biases })
  })

  test.each<[string, BuildOptions]>([
    ['mobilenet_v1', { se: 'all', reduction: 4, size: 28 }],
    ['mobilenet_v1', { convolution: 'standard', se: 'all', width: 0.25 }],
    ['mobilenet_v2', { convolution: 'standard', se: 'all', width: 0.5 }],
    ['mobilenet_v2', { padding: 'same', size: [45, 61] }],
    ['mobilenet_v3_small', { outputStride: 8, size: 67 }],
    ['resnet50', { se: [0, 3], size: 33 }],
    ['resnet18', { se: 'all', outputStride: 32, size: 96 }],
  ])('%s %j', (name, options) => {
    const model = build(name, { ...small, ...options })
    const { macs, parameters } = total(model.graph())
    expect(sums(model)).toEqual({ macs, parameters })
  })
})

test('the first units are the run and the steps, and a layer is identified by everything but its channels', () => {
  const units = unitsOf(build('mobilenet_v3_small', { size: 32, reduction: 8 }))
  expect(units.slice(0, 7).map((unit) => `${layerOf(unit)}: ${unit.channels.join(' ')}`)).toEqual([
    'run: 3072',
    'steps: 55',
    'conv 32x32 3x3 hard_swish: 3 16',
    'depthwise 32x32 3x3 relu se: 16',
    'linear relu: 16 8 9867',
    'linear hard_sigmoid: 8 16 9867',
    'conv 32x32 1x1 add: 16 16',
  ])
  expect(new Set(units.map(unitKey)).size).toBe(distinctUnits(units).length)
  const v2 = unitsOf(build('mobilenet_v2', { padding: 'same', size: 64 })).map(layerOf)
  expect(v2).toContain('depthwise 32x32 3x3 stride 2 same relu6')
  const resnet = unitsOf(build('resnet18', { size: 64 })).map(layerOf)
  expect(resnet).toContain('conv 16x16 3x3 add relu')
  expect(resnet).toContain('conv 16x16 1x1 stride 2 add relu')
})

const units: Unit[] = distinctUnits(
  ['mobilenet_v1', 'mobilenet_v3_small', 'resnet18'].flatMap((name) =>
    unitsOf(build(name, { size: 32, reduction: 8, width: 0.25, se: 'all', classes: 7 })),
  ),
).filter(({ kind }) => kind !== 'steps')

test('the computed input values and work of a unit equal those of its graph', () => {
  for (const unit of units) {
    const into = (graph: Graph) =>
      [...inputsOf(graph).values()].reduce((n, v) => n + v.shape.reduce((a, b) => a * b), 0)
    const graph = unitGraph(unit, 1)
    expect(valuesInto(unit), unitKey(unit)).toBe(into(graph))
    if (unit.kind !== 'run') expect(valuesInto(unit, 5), unitKey(unit)).toBe(into(unitGraph(unit, 5)))
    if (unit.kind !== 'max_pool') expect(workOf(unit).macs, unitKey(unit)).toBe(total(graph).macs)
  }
})

test('each copy is computed, one after the other', async () => {
  for (const unit of units.filter(({ kind }) => kind !== 'run' && kind !== 'linear')) {
    const steps = async (copies: number) => {
      const graph = unitGraph(unit, copies)
      const inputs = Object.fromEntries(
        [...inputsOf(graph)].map(([name, v]) => [name, filled(v.shape.reduce((a, b) => a * b))]),
      )
      const options = { weights: anyWeights(graph), freeze: true, inputs, runs: 1, warmup: 0 }
      return (await profile(graph, options)).filter(({ shape }) => shape.length > 2).map(({ op }) => op)
    }
    const [one, three] = [await steps(1), await steps(3)]
    expect(one.length, unitKey(unit)).toBeGreaterThan(0)
    expect(three, unitKey(unit)).toEqual([...one, ...one, ...one])
  }
})
