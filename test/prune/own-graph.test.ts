/** NetAdapt on networks without rows: groups from the graph, and the same graph with fewer channels. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Rng, size, type Tensor, tensor, version } from '../../src/core/index.ts'
import { preprocessingPreset } from '../../src/data/index.ts'
import { toBytes } from '../../src/door/save.ts'
import { referenceEngine } from '../../src/engine/index.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { countsOf } from '../../src/graph/index.ts'
import { type Resource, resourceOf } from '../../src/latency/index.ts'
import { build, restoreNetwork } from '../../src/models/index.ts'
import { type Network, networkFrom } from '../../src/nn/index.ts'
import { concat, conv2d, flatten, input, linear, parameter, relu, reshape } from '../../src/ops/index.ts'
import { type AdaptPoint, adapt, type Group, groupsOf, shrink } from '../../src/prune/index.ts'
import { openAdaptation } from '../../src/prune/node.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { branched } from '../nn/make.ts'
import { failureOf, preprocessing, toySet } from '../train/toys.ts'

const init = { kind: 'normal', std: 0.3 } as const
const w = (name: string, shape: readonly number[]) => parameter({ name, shape, role: 'weight', init })

/** Flattened pixels of a convolution: each channel lies once for each pixel in the next layer's weights. */
function flattened(): Network {
  const hidden = relu(conv2d({ x: input('x', [1, 4, 4, 3]), w: w('pixels/w', [1, 1, 3, 5]) }))
  return networkFrom({ outputs: { logits: linear(flatten(hidden), w('out', [80, 2])) }, updates: [] })
}

/** Branches that share weights, side by side in each pixel. */
function sharing(): Network {
  const x = input('x', [1, 6, 6, 3])
  const stem = relu(conv2d({ x, w: w('stem', [3, 3, 3, 5]) }, { pad: [1, 1, 1, 1] }))
  const shared = w('shared', [1, 1, 5, 4])
  const parts = [conv2d({ x: stem, w: shared }), relu(conv2d({ x: relu(stem), w: shared }))]
  const joined = concat([...parts, conv2d({ x, w: w('side', [1, 1, 3, 3]) })], { axis: 3 })
  return networkFrom({ outputs: { logits: linear(flatten(joined), w('out', [396, 2])) }, updates: [] })
}

/** A reshape that has a number of channels in its attributes. */
function fixed(): Network {
  const hidden = relu(linear(flatten(input('x', [1, 4, 4, 3])), w('a', [48, 6])))
  const other = relu(linear(reshape({ x: hidden }, { shape: [0, 6] }), w('b', [6, 4])))
  return networkFrom({ outputs: { logits: linear(other, w('c', [4, 2])) }, updates: [] })
}

test.each([
  ['a hand-made network', flattened(), 'pixels/w'],
  ['a network of the registry', build('mobilenet_v2', { width: 0.25, size: 16, classes: 2 }), 'blocks.2.exp'],
])('%s keeps what still holds after a cut, not what was measured', (_, net: Network, name) => {
  const known = { classes: ['a', 'b'], preprocessing: preprocessingPreset('whole', net.inputShape[0]) }
  const origin = { trainedOn: 'pets', images: 20, epochs: 3, seed: 1, from: 'old.safetensors' }
  const written = { kinglet: '0.0.1', created: '2020-01-01T00:00:00.000Z' }
  const cut = () => {
    const group = groupsOf(net).find((group) => group.name === name)!
    return shrink(net, group, group.count - 1)
  }
  expect(cut().meta).toEqual({})
  net.meta = { ...known, provenance: { ...written, ...origin, accuracy: 0.9, evaluatedOn: 10 } }
  expect(cut().meta).toEqual({ ...known, provenance: origin })
  const { classes, preprocessing, provenance } = readModelFile(toBytes(cut()))
  expect({ classes, preprocessing }).toEqual(known)
  expect(provenance).toEqual({ kinglet: version, created: expect.any(String), ...origin })
  expect(provenance.created).not.toBe(written.created)
})

/** Weights that training could have produced. */
function lively(net: Network): Network {
  const rng = new Rng(11)
  const changed = (name: string, t: Tensor): Tensor => {
    if (!/\.bn\.|\.b$/.test(name)) return t
    const [low, high] = /gamma|variance/.test(name) ? [0.5, 1.5] : [-0.3, 0.3]
    return tensor(
      t.shape,
      Float32Array.from(t.data, () => rng.between(low, high)),
    )
  }
  net.weights = new Map([...net.weights].map(([name, t]) => [name, changed(name, t)]))
  return net
}

async function logitsOf(net: Network): Promise<number[]> {
  const rng = new Rng(7)
  const x = Float32Array.from({ length: size(net.inputShape) }, () => rng.between(-1, 1))
  using program = await referenceEngine().compile(net.graph(), { weights: net.weights })
  return Array.from((await program.run({ x })).logits.data, Number)
}

const named = (net: Network, name: string): Group => groupsOf(net).find((g) => g.name === name)!

test('groups are the channels of the graph, named by the parameter of their filters', () => {
  const groups = groupsOf(branched())
  expect(groups.map(({ name, kind, count }) => [name, kind, count])).toEqual([
    ['wide.conv.w', 'layer', 6],
    ['narrow.conv.w', 'layer', 4],
  ])
  const [{ channels }] = groups
  expect(channels).toHaveLength(1)
  // The second branch lies behind the first in all weights that read both.
  const places = named(branched(), 'narrow.conv.w').channels[0].slices.map(({ tensor, axis, from }) => [
    tensor,
    axis,
    from,
  ])
  expect(places).toContainEqual(['deep.conv.w', 2, 6])
  expect(places).toContainEqual(['head.w', 0, 6])
})

test('a channel that lies in several places is removed from all of them', () => {
  const net = flattened()
  const [group] = groupsOf(net)
  expect(group).toMatchObject({ name: 'pixels/w', count: 5 })
  const smaller = shrink(net, group, [0, 3])
  const shapes = [...smaller.weights].map(([name, t]) => [name, t.shape])
  expect(shapes).toEqual([
    ['pixels/w', [1, 1, 3, 2]],
    ['out', [32, 2]],
  ])
  const rows = (net: Network) => {
    const { data } = net.weights.get('out')!
    return Array.from({ length: data.length / 2 }, (_, i) => [data[2 * i], data[2 * i + 1]])
  }
  // Pixel by pixel, channels 0 and 3 of five.
  const kept = Array.from({ length: 16 }, (_, pixel) => [5 * pixel, 5 * pixel + 3]).flat()
  expect(rows(smaller)).toEqual(kept.map((i) => rows(net)[i]))
})

test('a group that a number in the graph fixes is not included', () => {
  expect(groupsOf(fixed()).map(({ name }) => name)).toEqual(['b'])
})

test.each([
  ['branches', () => branched({ seed: 5 }), 2],
  ['flattened pixels', flattened, 1],
  ['shared weights', sharing, 3],
])('%s: filters that are zero go, and the logits stay', async (_, make, count) => {
  let net = lively(make())
  const groups = groupsOf(net)
  expect(groups).toHaveLength(count)
  // The filters of the last channels of each group are zero, and batch norm's shift and mean too.
  const silent = new Map([...net.weights].map(([name, t]) => [name, tensor(t.shape, Float32Array.from(t.data))]))
  for (const { channels, count } of groups)
    for (const { tensor: name, axis, from = 0, period = 0, times = 1 } of channels[0].slices) {
      if (!channels[0].filters.some((f) => f.tensor === name) && !/\.(beta|mean)$/.test(name)) continue
      const t = silent.get(name)!
      const inner = size(t.shape.slice(axis + 1))
      for (const i of t.data.keys())
        for (let k = 0; k < times; k++)
          if ((Math.floor(i / inner) % t.shape[axis]) - from - k * period === count - 1) t.data[i] = 0
    }
  net.weights = silent
  const before = await logitsOf(net)
  for (const { name } of groups) net = shrink(net, named(net, name), named(net, name).count - 1)
  expect(groupsOf(net).map((g) => g.count)).toEqual(groups.map((g) => g.count - 1))
  const after = await logitsOf(net)
  for (const [i, value] of after.entries()) expect(value).toBeCloseTo(before[i], 5)
})

const macs: Resource = { name: 'macs', monotone: true, value: (net) => countsOf(net.graph()).macs }
const options = { engine: wasmEngine({ threads: 1 }), preprocessing, resource: macs, steps: 3, holdout: 0.25, seed: 2 }

async function adapted(net: Network, more: Partial<Parameters<typeof adapt>[2]> = {}) {
  const points: AdaptPoint[] = []
  let model = net
  const budget = 0.75 * macs.value(net)
  for await (const event of adapt(net, toySet(24), {
    ...options,
    budget,
    pace: { name: 'fixed', delta: 0.1 },
    ...more,
  })) {
    if (event.kind === 'begun') points.push(...event.points)
    if (event.kind === 'step') points.push(event.point)
    if ('model' in event) model = event.model
  }
  return { points, model }
}

test('NetAdapt meets a budget, and the result has the same graph', async () => {
  const net = branched({ seed: 1 })
  const { points, model } = await adapted(net)
  expect(points.length).toBeGreaterThan(1)
  expect(macs.value(model)).toBeLessThanOrEqual(0.75 * macs.value(net))
  expect(points.at(-1)!.macs).toBe(macs.value(model))
  expect(model.declared.outputs.logits.shape).toEqual([1, 3])
  expect([...model.weights.keys()]).toEqual([...net.weights.keys()])
  expect(resourceOf(model, 'parameters')).toBeLessThan(resourceOf(net, 'parameters'))
})

test('a run in a folder resumes to the same network', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kinglet-own-'))
  const whole = await adapted(branched({ seed: 1 }))
  const stop = new AbortController()
  const store = () => openAdaptation(folder)
  const interrupted = failureOf(async () => {
    const budget = 0.75 * macs.value(branched())
    const events = adapt(branched({ seed: 1 }), toySet(24), {
      ...{ ...options, budget, pace: { name: 'fixed' as const, delta: 0.1 }, store: store(), signal: stop.signal },
    })
    for await (const event of events) if (event.kind === 'tried' && event.step === 2) stop.abort()
  })
  expect(await interrupted).toContain('AbortError')
  expect(readdirSync(join(folder, 'trying'))).toContain('2-wide.conv.w.json')
  const again = await adapted(branched({ seed: 1 }), { store: store() })
  expect(again.points).toEqual(whole.points)
  expect(again.model.weights).toEqual(whole.model.weights)
  const last = `step-${String(whole.points.length - 1).padStart(3, '0')}.safetensors`
  const kept = await restoreNetwork(readModelFile(readFileSync(join(folder, last))), last)
  expect(kept.weights).toEqual(whole.model.weights)
  expect(await failureOf(() => adapted(branched({ seed: 1, dropout: 0.5 }), { store: store() }))).toMatch(
    /curve\.json: its run was started with graph [0-9a-f]{8}, now it is [0-9a-f]{8}: /,
  )
})

test('a budget that cannot be met is refused before anything is trained', async () => {
  expect(await failureOf(() => adapted(branched(), { budget: 10 }))).toMatch(
    /^KingletError: adapt: a budget of 10 macs cannot be met: the network has \d+, and \d+ with every group at its smallest/,
  )
})
