import { describe, expect, test } from 'vitest'
import { type Tensor, tensor } from '../../../src/core/index.ts'
import { loader } from '../../../src/data/index.ts'
import { build, type Model } from '../../../src/models/index.ts'
import { input } from '../../../src/ops/index.ts'
import { namesIn, putSlice, type Slicing, subNetwork, takeSlice } from '../../../src/search/evaluate/slices.ts'
import { type SupernetRound, trainSupernet } from '../../../src/search/evaluate/supernet.ts'
import { recalibrate, supernetEvaluation } from '../../../src/search/evaluate/supernet-evaluation.ts'
import { extremePoint } from '../../../src/search/evaluate/supernet-options.ts'
import { defineSpace, type Point } from '../../../src/search/space/space.ts'
import { evaluate, fit } from '../../../src/train/index.ts'
import { failureOf, preprocessing, toySet } from '../../train/toys.ts'
import { contextOf, engine, networkOf } from './helpers.ts'

const counting = (shape: readonly number[]): Tensor =>
  tensor(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  )

describe('slices', () => {
  test('a slice takes the middle of a window and the first channels', () => {
    const w = counting([5, 5, 2, 3])
    const part = takeSlice('w', w, [3, 3, 1, 2])
    // Row 1, column 1, channel 0 of 5 x 5 x 2 x 3.
    expect([...part.data.slice(0, 4)]).toEqual([36, 37, 42, 43])
    expect(part.data).toHaveLength(18)
    const depthwise = takeSlice('w', counting([3, 3, 4]), [1, 1, 2])
    expect([...depthwise.data]).toEqual([16, 17])
    expect([...takeSlice('w', counting([3, 4]), [2, 2]).data]).toEqual([0, 1, 4, 5])
    expect([...takeSlice('b', counting([4]), [2]).data]).toEqual([0, 1])
    expect([...takeSlice('n', counting([]), []).data]).toEqual([0])
  })

  test('putSlice writes back what takeSlice took, and nothing else changes', () => {
    const whole = counting([5, 3, 4, 2])
    const part = takeSlice('w', whole, [3, 1, 2, 2])
    const before = whole.data.slice()
    putSlice('w', whole, part)
    expect(whole.data).toEqual(before)
    putSlice('w', whole, { ...part, data: part.data.map((x) => -1 - x) as Float32Array })
    expect(takeSlice('w', whole, [3, 1, 2, 2]).data).toEqual(part.data.map((x) => -1 - x))
    expect(whole.data.filter((x) => x < 0)).toHaveLength(part.data.length)
  })

  test('a slice takes the first blocks of a stage', () => {
    const depthsOf = ({ a, b }: Point) => [1, Number(a), Number(b)]
    const slicing: Slicing = { networkOf, depthsOf, largest: { a: 3, b: 2 } }
    const nameOf = namesIn(slicing, { a: 1, b: 2 })
    const names = ['stem.conv.w', 'blocks.0.conv.w', 'blocks.1.x', 'momentum/blocks.2.x', 'blocks.3.x', 'head.w']
    expect(names.map(nameOf)).toEqual([
      'stem.conv.w',
      'blocks.0.conv.w',
      'blocks.1.x',
      'momentum/blocks.4.x',
      'blocks.5.x',
      'head.w',
    ])
  })

  test('mistakes', async () => {
    const small = { width: 0.1 }
    expect(await failureOf(() => subNetwork(networkOf(small), { width: 0.5 }, { networkOf, largest: small }))).toMatch(
      /^KingletError: supernet: stem.conv.w is \[3, 3, 3, 40\] in a sub-network, \[3, 3, 3, 8\] in the supernet: give the largest point as largest$/,
    )
    expect(await failureOf(() => subNetwork(networkOf({}), { se: true }, { networkOf, largest: {} }))).toMatch(
      /^KingletError: supernet: a sub-network has blocks.0.se.reduce.w .*, the supernet has no blocks.0.se/,
    )
    const slicing: Slicing = { networkOf, depthsOf: ({ depth }) => [Number(depth)], largest: { depth: 2 } }
    expect(await failureOf(() => namesIn(slicing, { depth: 3 }))).toBe(
      'KingletError: supernet: a point has stages of 3 blocks, the supernet of 2: give the largest point as largest',
    )
    expect(await failureOf(() => namesIn(slicing, { depth: 1 })('blocks.1.conv.w'))).toBe(
      'KingletError: supernet: depthsOf says that a point has 1 blocks, its network has a block 1: the two do not belong ' +
        'together',
    )
  })
})

const space = defineSpace('widths', { width: { kind: 'categorical', values: [0.1, 0.2, 0.4], ordered: true } })
const [largest, smallest] = [extremePoint(space, 'largest'), extremePoint(space, 'smallest')]
const set = toySet(24)
const options = { space, networkOf, largest, engine, seed: 3 }

const trained = async (net: Model, more: object = {}) => {
  const rounds: SupernetRound[] = []
  for await (const round of trainSupernet(net, set, { ...options, rounds: 2, ...more })) rounds.push(round)
  return rounds
}

describe('training', () => {
  test('the largest and smallest points of a space', () => {
    expect([largest, smallest]).toEqual([{ width: 0.4 }, { width: 0.1 }])
  })

  test('a round trains the largest, the smallest and some random sub-networks, which stay for some rounds', async () => {
    const rounds = await trained(networkOf(largest), { rounds: 4, random: 2, hold: 2, batch: 8 })
    for (const { steps } of rounds) {
      expect(steps.slice(0, 2).map((s) => s.point)).toEqual([largest, smallest])
      expect(steps).toHaveLength(4)
    }
    const drawn = rounds.map(({ steps }) => steps.slice(2).map((s) => s.point))
    expect(drawn[1]).toEqual(drawn[0])
    expect(drawn[3]).toEqual(drawn[2])
  })

  test('each sub-network takes an ordinary step, and only its slice changes', async () => {
    const step = { batch: 24, learningRate: 0.1, schedule: 'constant', weightDecay: 0, clipNorm: 1 } as const
    const net = networkOf(largest)
    await trained(net, { ...step, rounds: 1, random: 0 })
    const alone = networkOf(largest)
    const ordinary = { ...step, optimizer: 'sgd', seed: 3, engine, epochs: 1, preprocessing } as const
    for await (const _ of fit(alone, { train: set }, ordinary));
    const slice = networkOf(smallest)
    const isWithin = (name: string, i: number) => {
      const [whole, part] = [net, slice].map(({ weights }) => weights.get(name)!.shape)
      let rest = i
      return [...whole.keys()].reverse().every((d) => {
        const at = rest % whole[d]
        rest = Math.floor(rest / whole[d])
        return at < part[d]
      })
    }
    let changed = 0
    for (const [name, { data }] of net.weights)
      for (const [i, x] of data.entries()) {
        const same = x === alone.weights.get(name)!.data[i]
        if (!isWithin(name, i)) expect(same, `${name} ${i}`).toBe(true)
        else changed += same ? 0 : 1
      }
    expect(changed).toBeGreaterThan(100)
  })

  test('the supernet and its slices learn, and the same seed gives the same weights', async () => {
    const [a, b] = [networkOf(largest), networkOf(largest)]
    const rounds = await trained(a, { rounds: 60, random: 1, batch: 12 })
    await trained(b, { rounds: 60, random: 1, batch: 12 })
    expect([...a.weights].every(([name, t]) => t.data.every((x, i) => x === b.weights.get(name)!.data[i]))).toBe(true)
    expect(rounds[59].steps[0].loss).toBeLessThan(rounds[0].steps[0].loss)
    const evaluator = supernetEvaluation({ ...options, supernet: a, data: { train: set, val: toySet(30, 4) } })
    for (const point of [largest, smallest, { width: 0.2 }]) {
      const { values } = await evaluator.evaluate(point, contextOf().context)
      expect(values[0]).toBeGreaterThan(0.6)
    }
  })

  test('a loop that is left keeps its weights, and an aborted one throws the reason', async () => {
    const net = networkOf(largest)
    const first = net.weights.get('classifier.w')!.data.slice()
    for await (const _ of trainSupernet(net, set, { ...options, rounds: 9 })) break
    expect(net.weights.get('classifier.w')!.data).not.toEqual(first)
    const signal = AbortSignal.abort(new Error('enough'))
    expect(await failureOf(() => trained(net, { signal }))).toBe('Error: enough')
  })

  test('mistakes', async () => {
    const net = networkOf(largest)
    expect(await failureOf(() => trained(net, { rounds: 0 }))).toBe(
      'UsageError: supernet: rounds is 0: it must be a positive integer',
    )
    expect(await failureOf(() => trained(net, { batch: 25 }))).toBe(
      'KingletError: supernet: a batch of 25 is larger than the set of 24 images: use a batch of at most 24',
    )
    expect(await failureOf(() => trained(net, { learningRate: 1e30, clipNorm: 0, schedule: 'constant' }))).toMatch(
      /^DivergedError: supernet: the loss is (NaN|Infinity) in round [12], learning rate 1e\+30: use a lower learningRate$/,
    )
  })
})

describe('recalibrated batch norm', () => {
  test('on one batch, inference equals the forward pass of training', async () => {
    const net = networkOf(largest)
    await recalibrate(net, set, { engine, batches: 1, batch: 24 })
    const x = input('x', [24, ...net.inputShape])
    const graph = { outputs: { logits: net.forward(x, { training: true }).logits }, updates: [] }
    const [training, inference] = await Promise.all(
      [graph, net.graph(24)].map((g) => engine.compile(g, { weights: net.weights })),
    )
    for await (const batch of loader(set, { batch: 24, preprocessing })) {
      const [a, b] = [await training.run({ x: batch.x }), await inference.run({ x: batch.x })]
      for (const [i, v] of a.logits.data.entries()) expect(b.logits.data[i]).toBeCloseTo(v, 2)
    }
  })

  test('weights do not change, and dropout has no effect', async () => {
    const statistics = async (dropout: number) => {
      const { architecture } = networkOf({})
      const net = build(architecture.name, { ...architecture.options, dropout })
      const before = net.weights.get('stem.conv.w')!
      await recalibrate(net, set, { engine })
      expect(net.weights.get('stem.conv.w')).toBe(before)
      return net.weights.get('stem.bn.mean')!.data
    }
    expect(await statistics(0.5)).toEqual(await statistics(0))
  })

  test('as an evaluator: the largest point is the supernet itself', async () => {
    const net = networkOf(largest)
    const data = { train: set, val: toySet(12, 2) }
    const evaluator = supernetEvaluation({
      ...{ networkOf, largest, supernet: net, data, engine, calibration: { batches: 2, batch: 12 } },
      demands: [{ name: 'classes', of: (model) => model.classes!, minimize: true }],
    })
    const { values } = await evaluator.evaluate(largest, contextOf().context)
    await recalibrate(net, set, { engine, batches: 2, batch: 12 })
    expect(values).toEqual([(await evaluate(net, data.val, { engine, preprocessing })).top1, 3])
  })
})
