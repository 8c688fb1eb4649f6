import { afterAll, describe, expect, test } from 'vitest'
import { tensor, zeros } from '../../src/core/index.ts'
import { arrays, preprocessingPreset } from '../../src/data/index.ts'
import { loaderPool } from '../../src/data/node.ts'
import { evaluate } from '../../src/train/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { engine, failureOf, linearNet, passThrough, preprocessing, toyNet, toySet } from './toys.ts'

const pool = loaderPool(1)
afterAll(() => pool.close())

/** Images of one pixel whose colours, byte / 127.5 - 1, are the scores. */
const scored = (labels: number[], scores: number[][], classes = ['a', 'b', 'c']) =>
  arrays({ width: 1, height: 1, channels: 3, pixels: Uint8Array.from(scores.flat()), labels, classes })
const onePixel = preprocessingPreset('whole', 1)
const options = { engine, preprocessing: onePixel }

test('figures match a calculation by hand', async () => {
  const data = scored(
    [0, 0, 1, 1],
    [
      [255, 0, 0],
      [0, 255, 0],
      [0, 255, 0],
      // A tie: the first class is the answer.
      [255, 255, 0],
    ],
  )
  const right = Math.log(1 + 2 * Math.exp(-2))
  expect(await evaluate(passThrough(), data, options)).toEqual({
    count: 4,
    loss: expect.closeTo((2 * right + (2 + right) + Math.log(2 + Math.exp(-2))) / 4, 5),
    top1: 0.5,
    top5: 1,
    perClass: [
      { label: 'a', count: 2, correct: 1 },
      { label: 'b', count: 2, correct: 1 },
      { label: 'c', count: 0, correct: 0 },
    ],
    confusion: [
      [1, 1, 0],
      [1, 1, 0],
      [0, 0, 0],
    ],
  })
})

test('top-5 of eight classes: four higher scores are correct, five are not, and the first class wins a tie', async () => {
  const classes = [...'abcdefgh']
  // The scores are the biases, whatever the image.
  const at = (bias: number[]) => linearNet(zeros([3, 8]), tensor([8], bias))
  const top5 = async (label: number, bias: number[]) =>
    (await evaluate(at(bias), scored([label], [[0, 0, 0]], classes), options)).top5
  expect(await top5(0, [0, 1, 1, 1, 1, -1, -1, -1])).toBe(1)
  expect(await top5(0, [0, 1, 1, 1, 1, 1, -1, -1])).toBe(0)
  expect(await top5(4, [1, 1, 1, 1, 0, 0, 0, 0])).toBe(1)
  expect(await top5(5, [1, 1, 1, 1, 0, 0, 0, 0])).toBe(0)
})

test('large scores do not overflow', async () => {
  const net = linearNet(tensor([3, 3], [1000, 0, 0, 0, 1000, 0, 0, 0, 1000]), zeros([3]))
  const data = scored(
    [0, 1],
    [
      [255, 0, 0],
      [255, 0, 0],
    ],
  )
  expect((await evaluate(net, data, options)).loss).toBe(1000)
})

describe('a network with all kinds of layers', () => {
  const data = toySet(37)
  const net = toyNet()

  test('results are bit-identical for any pool, number of threads, and batch with the same kernels', async () => {
    const settings = { engine: wasmEngine({ threads: 1 }), preprocessing, batch: 8 }
    const alone = await evaluate(net, data, settings)
    expect(alone.count).toBe(37)
    expect(alone.confusion.flat().reduce((a, b) => a + b)).toBe(37)
    expect(await evaluate(net, data, { ...settings, pool })).toEqual(alone)
    for (const threads of [2, 3])
      expect(await evaluate(net, data, { ...settings, engine: wasmEngine({ threads }) })).toEqual(alone)
  })

  test('both engines agree', async () => {
    const fast = await evaluate(net, data, { engine: wasmEngine({ threads: 1 }), preprocessing })
    const slow = await evaluate(net, data, { engine, preprocessing })
    expect(fast.loss).toBeCloseTo(slow.loss, 5)
    expect(fast.confusion).toEqual(slow.confusion)
  })

  test('a signal aborts the evaluation', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    expect(await failureOf(() => evaluate(net, data, { engine, preprocessing, signal }))).toBe('Error: enough')
    const stop = new AbortController()
    const running = evaluate(net, data, { engine, preprocessing, batch: 1, signal: stop.signal })
    setTimeout(() => stop.abort(new Error('later')))
    expect(await failureOf(() => running)).toBe('Error: later')
  })
})

describe('invalid evaluations give errors', () => {
  const data = toySet(6)
  const refused = (net: Parameters<typeof evaluate>[0], set = data, more = {}) =>
    failureOf(() => evaluate(net, set, { engine, preprocessing, ...more }))

  test('different classes, a different size, no images, an invalid batch', async () => {
    expect(await refused(toyNet({ classes: 5 }))).toBe(
      'KingletError: evaluate: the network has 5 classes, the data has 3: build it with classes: 3',
    )
    expect(await refused(toyNet({ size: 32 }))).toBe(
      'KingletError: evaluate: the network takes 32x32x3, the preprocessing makes 16x16x3: build it with that size',
    )
    expect(await refused(toyNet({ channels: 1 }))).toBe(
      'KingletError: evaluate: the network takes 16x16x1, the preprocessing makes 16x16x3: build it with that size',
    )
    expect(await refused(toyNet(), toySet(0))).toBe('KingletError: evaluate: the set has no images')
    expect(await refused(toyNet(), data, { batch: 0 })).toBe(
      'UsageError: evaluate: batch is 0: it must be a positive integer',
    )
  })

  test('weights or scores that are not finite', async () => {
    const net = toyNet()
    const w = net.weights.get('classifier.w')!
    net.weights.set(
      'classifier.w',
      tensor(
        w.shape,
        Float32Array.from(w.data, (x, i) => (i === 2 ? Number.NaN : x)),
      ),
    )
    expect(await refused(net)).toBe(
      'DivergedError: evaluate: classifier.w holds NaN at element 2: start from finite weights',
    )
    const huge = linearNet(tensor([3, 3], new Float32Array(9).fill(3e38)), zeros([3]))
    const one = scored([0], [[255, 255, 255]])
    expect(await failureOf(() => evaluate(huge, one, options))).toBe(
      'DivergedError: evaluate: the scores of arrays image 0 are not finite: the weights are too large, train again with a lower learningRate',
    )
  })
})
