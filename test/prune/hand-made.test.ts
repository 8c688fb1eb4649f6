/** Hand-made networks: groups of their graph shrink, and NetAdapt adapts them to a budget. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Rng, tensor } from '../../src/core/index.ts'
import { arrays, preprocessingPreset } from '../../src/data/index.ts'
import { referenceEngine } from '../../src/engine/index.ts'
import { countsOf } from '../../src/graph/index.ts'
import { graphToJson } from '../../src/graph/json/index.ts'
import { namedResource } from '../../src/latency/index.ts'
import { type Network, networkFrom } from '../../src/nn/index.ts'
import { concat, conv2d, flatten, input, matmul, parameter, relu, type Value } from '../../src/ops/index.ts'
import { type AdaptEvent, adapt, type Group, groupsOf, shrink } from '../../src/prune/index.ts'
import { openAdaptation } from '../../src/prune/node.ts'
import { branched } from '../nn/make.ts'
import { logitsOf } from './make.ts'

const weight = (name: string, shape: readonly number[]): Value =>
  parameter({ name, shape, role: 'weight', init: { kind: 'normal', std: 0.3 } })

/** Two branches whose pixels go into a linear layer without a pool, and weights that both branches share. */
function flattened(): Network {
  const x = input('x', [1, 6, 6, 3])
  const stem = relu(conv2d({ x, w: weight('stem', [3, 3, 3, 5]) }, { pad: [1, 1, 1, 1] }))
  const shared = weight('shared', [1, 1, 5, 4])
  const parts = [conv2d({ x: stem, w: shared }), relu(conv2d({ x: relu(stem), w: shared }))]
  const joined = concat([...parts, conv2d({ x, w: weight('side', [1, 1, 3, 3]) })], { axis: 3 })
  const logits = matmul({ a: flatten(joined), b: weight('classes', [396, 3]) })
  return networkFrom({ outputs: { logits }, updates: [] }, { seed: 5 })
}

const shown = (net: Network) =>
  groupsOf(net).map(({ name, kind, count, channels: [{ slices }] }) => `${name} ${kind} ${count}: ${slices.length}`)

/** The weights with the filters of the removed channels set to zero, and their batch norm shifts and biases too. */
function silenced(net: Network, { channels: [{ slices, filters }] }: Group, kept: readonly number[]): Network {
  const isQuiet = (name: string) => /\.(beta|mean|b)$/.test(name)
  const weights = new Map(net.weights)
  for (const { tensor: name, axis, from = 0, period = 0, times = 1 } of slices) {
    if (!filters.some((f) => f.tensor === name && f.axis === axis) && !isQuiet(name)) continue
    const t = weights.get(name)!
    const inner = t.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
    const isGone = (place: number) =>
      Array.from({ length: times }, (_, k) => place - from - k * period).some(
        (c) => c >= 0 && (times === 1 || c < period) && !kept.includes(c),
      )
    const data = Float32Array.from(t.data, (v, i) => (isGone(Math.floor(i / inner) % t.shape[axis]) ? 0 : Number(v)))
    weights.set(name, tensor(t.shape, data))
  }
  return networkFrom(net.declared, { weights })
}

/** Batch norm that is not the identity. */
function lively(net: Network): Network {
  const rng = new Rng(3)
  net.weights = new Map(
    [...net.weights].map(([name, t]) => {
      if (!/\.bn\.|\.b$/.test(name)) return [name, t]
      const [low, high] = /gamma|variance/.test(name) ? [0.5, 1.5] : [-0.3, 0.3]
      return [
        name,
        tensor(
          t.shape,
          Float32Array.from(t.data, () => rng.between(low, high)),
        ),
      ]
    }),
  )
  return net
}

test('the groups come from the graph', () => {
  expect(shown(branched())).toEqual(['wide.conv.w layer 6: 11', 'narrow.conv.w layer 4: 11'])
  expect(shown(flattened())).toEqual(['stem layer 5: 2', 'shared layer 4: 3', 'side layer 3: 2'])
})

test.each([
  ['branched', () => lively(branched())],
  ['flattened', flattened],
])('%s: filters that are zero go, and the logits stay', async (_, make) => {
  for (const group of groupsOf(make())) {
    const kept = Array.from({ length: group.count }, (_, c) => c).filter((c) => c % 2 === 0)
    const silent = silenced(make(), group, kept)
    const next = shrink(silent, group, kept)
    // The weights are exactly the smaller graph's parameters: `networkFrom` checks them.
    networkFrom(next.declared, { weights: next.weights })
    expect(groupsOf(next).find((g) => g.name === group.name)!.count).toBe(kept.length)
    const [before, after] = [await logitsOf(silent), await logitsOf(next)]
    const scale = Math.max(...before.map(Math.abs))
    for (const [i, value] of after.entries()) expect(Math.abs(value - before[i]) / scale, group.name).toBeLessThan(1e-5)
    expect(countsOf(next.graph()).macs).toBeLessThan(countsOf(silent.graph()).macs)
  }
})

test('the largest filters are kept', () => {
  const net = flattened()
  const group = groupsOf(net).find(({ name }) => name === 'shared')!
  const w = net.weights.get('shared')!
  const norms = Array.from({ length: 4 }, (_, c) =>
    Math.hypot(...Array.from({ length: 5 }, (_, i) => w.data[4 * i + c])),
  )
  const two = [...norms.keys()]
    .sort((a, b) => norms[b] - norms[a])
    .slice(0, 2)
    .sort((a, b) => a - b)
  expect(shrink(net, group, 2).weights).toEqual(shrink(net, group, two).weights)
  expect(shrink(net, group, 4).weights).toEqual(net.weights)
})

const pixels = new Uint8Array(30 * 36 * 3).map((_, i) => (i * 7919) % (i < 15 * 108 ? 90 : 250))
const labels = Array.from({ length: 30 }, (_, i) => Math.floor(i / 10))
const train = arrays({ width: 6, height: 6, channels: 3, pixels, labels, classes: ['a', 'b', 'c'] })

test('NetAdapt adapts one to a budget, and resumes in a folder bit-identically', async () => {
  const net = flattened()
  const macs = namedResource('macs')
  const budget = 0.6 * macs.value(net)
  const folder = mkdtempSync(join(tmpdir(), 'kinglet-own-'))
  const run = (store?: ReturnType<typeof openAdaptation>) =>
    adapt(net, train, {
      ...{ engine: referenceEngine(), preprocessing: preprocessingPreset('whole', 6), resource: macs, budget },
      ...{ steps: 2, holdout: 0.3, seed: 4, pace: { name: 'fixed', delta: 0.15 } },
      ...(store && { store }),
    })
  const steps = async (events: AsyncIterable<AdaptEvent<Network>>, upTo = Number.POSITIVE_INFINITY) => {
    let last = net
    for await (const event of events) {
      if (event.kind === 'begun' || event.kind === 'step') last = event.model
      if (event.kind === 'step' && event.point.step === upTo) break
    }
    return last
  }
  const whole = await steps(run())
  expect(macs.value(whole)).toBeLessThanOrEqual(budget)
  expect(whole.architecture).toBeUndefined()
  await steps(run(openAdaptation(folder)), 1)
  const again = await steps(run(openAdaptation(folder)))
  expect(graphToJson(again.declared).json).toEqual(graphToJson(whole.declared).json)
  expect(again.weights).toEqual(whole.weights)
})

test('a network in which nothing can shrink is refused', () => {
  const logits = matmul({ a: flatten(input('x', [1, 6, 6, 3])), b: weight('w', [108, 3]) })
  const options = { engine: referenceEngine(), preprocessing: preprocessingPreset('whole', 6), budget: 1 }
  const net = networkFrom({ outputs: { logits }, updates: [] })
  expect(() => adapt(net, train, { ...options, resource: namedResource('macs') })).toThrow(
    'adapt: the network has no group that proposals filters can shrink',
  )
})
