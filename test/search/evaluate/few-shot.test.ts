import { describe, expect, test } from 'vitest'
import { Rng } from '../../../src/core/index.ts'
import { loader } from '../../../src/data/index.ts'
import { type Features, featuresOf } from '../../../src/search/evaluate/features.ts'
import { fewShot, fewShotEvaluation } from '../../../src/search/evaluate/few-shot.ts'
import { linearProbe } from '../../../src/search/evaluate/linear-probe.ts'
import { failureOf, preprocessing, toySet } from '../../train/toys.ts'
import { contextOf, engine, networkOf } from './helpers.ts'

const data = toySet(18)

describe('features', () => {
  test('are the input of the classifier', async () => {
    const net = networkOf({ width: 0.2, act: 'hard_swish', se: true })
    const { length, count, data: all, labels } = await featuresOf(net, data, { engine, batch: 5 })
    expect([length, count, [...labels.slice(0, 4)]]).toEqual([16, 18, [0, 1, 2, 0]])
    const program = await engine.compile(net.graph(18), { weights: net.weights, freeze: true })
    for await (const { x } of loader(data, { batch: 18, preprocessing })) {
      const { logits } = await program.run({ x })
      const [w, b] = [net.weights.get('classifier.w')!, net.weights.get('classifier.b')!]
      for (let i = 0; i < 18; i++)
        for (let k = 0; k < 3; k++) {
          let sum = b.data[k]
          for (let c = 0; c < 16; c++) sum += all[i * 16 + c] * w.data[c * 3 + k]
          expect(sum).toBeCloseTo(logits.data[i * 3 + k], 4)
        }
    }
  })

  test('of another layer are its means over the image', async () => {
    const net = networkOf({ width: 0.1 })
    const { length } = await featuresOf(net, data, { engine, layer: 'stem' })
    expect(length).toBe(net.rows[0].out)
    expect(await failureOf(() => featuresOf(net, data, { engine, layer: 'steam' }))).toMatch(
      /^KingletError: features: mobilenet_v1 has no layer steam \(did you mean stem\?\): use stem, blocks.0, /,
    )
  })
})

/** Three clusters in eight dimensions, with deviation `noise`. */
function clusters(noise: number, each = 20): Features {
  const rng = new Rng(9)
  const labels = Uint32Array.from({ length: 3 * each }, (_, i) => i % 3)
  const values = Float32Array.from({ length: 3 * each * 8 }, (_, i) => {
    const own = labels[Math.floor(i / 8)] === i % 8
    return Number(own) + noise * rng.normal()
  })
  return { count: 3 * each, length: 8, data: values, labels }
}

describe('episodes', () => {
  test('by hand: one shot, two classes, where the third image of the first class is nearer to the second', () => {
    const rows = [
      [1, 0],
      [2, 0],
      [0.1, 1],
      [0, 3],
      [0, 1],
    ]
    const features = {
      count: 5,
      length: 2,
      data: Float32Array.from(rows.flat()),
      labels: Uint32Array.of(0, 0, 0, 1, 1),
    }
    const { accuracies } = fewShot(features, { shots: 1, episodes: 30 })
    // The queries are two images of the first class and one of the second. With the third image as example, the result
    // of all others of its class depends on it: 1 and 2 are only slightly nearer to it than to (0, 1).
    expect(new Set(accuracies.map((a) => a.toFixed(4)))).toEqual(new Set(['0.6667', '1.0000']))
  })

  test.each(['mean', 'probe'] as const)('%s: separates clusters, but not noise', (classifier) => {
    expect(fewShot(clusters(0.1), { classifier }).mean).toBe(1)
    const some = fewShot(clusters(0.6), { classifier })
    expect(some.mean).toBeGreaterThan(0.5)
    expect(some.spread).toBeGreaterThan(0)
    expect(fewShot(clusters(100), { classifier, episodes: 30 }).mean).toBeLessThan(0.45)
  })

  test('more shots are better, and the episodes depend on the seed', () => {
    const features = clusters(0.8, 40)
    const mean = (shots: number) => fewShot(features, { shots, episodes: 20 }).mean
    expect(mean(20)).toBeGreaterThan(mean(1))
    expect(fewShot(features)).toEqual(fewShot(features))
    expect(fewShot(features, { seed: 1 })).not.toEqual(fewShot(features))
  })

  test('the spread is the standard deviation of the accuracies', () => {
    const { mean, spread, accuracies } = fewShot(clusters(0.8), { episodes: 7 })
    expect(accuracies).toHaveLength(7)
    expect(mean).toBeCloseTo(accuracies.reduce((a, b) => a + b) / 7, 12)
    expect(spread).toBeCloseTo(Math.sqrt(accuracies.reduce((sum, a) => sum + (a - mean) ** 2, 0) / 6), 12)
  })

  test('a linear probe separates a class between two others, which class means cannot', () => {
    const at = (x: number) => Float64Array.of(Math.cos(x), Math.sin(x))
    const angles = [0, 0.1, 0.7, 0.8, 1.4, 1.5]
    const answer = linearProbe(angles.map(at), [0, 0, 1, 1, 2, 2], 3)
    expect([0.05, 0.75, 1.45].map((x) => answer(at(x)))).toEqual([0, 1, 2])
  })
})

describe('as an evaluator', () => {
  test('mean and spread of a frozen backbone', async () => {
    const evaluator = fewShotEvaluation({ networkOf, engine, data, shots: 3, episodes: 4, spread: true })
    expect(evaluator.objectives.map((o) => o.name)).toEqual(['accuracy', 'accuracySpread'])
    const { values } = await evaluator.evaluate({ width: 0.25 }, contextOf().context)
    const features = await featuresOf(networkOf({ width: 0.25 }, 7), data, { engine })
    const { mean, spread } = fewShot(features, { shots: 3, episodes: 4 })
    expect(values).toEqual([mean, spread])
  })

  test('mistakes', async () => {
    const features = clusters(1, 5)
    expect(await failureOf(() => fewShot(features, { shots: 5 }))).toBe(
      'KingletError: fewShot: class 0 has 5 images, shots is 5: use fewer, so that some are left to test',
    )
    expect(await failureOf(() => fewShot(features, { classifier: 'svm' as 'mean' }))).toBe(
      'UsageError: fewShot: classifier is svm: it must be mean or probe',
    )
    expect(await failureOf(() => fewShotEvaluation({ networkOf, engine, data, shots: 0 }))).toBe(
      'UsageError: fewShot: shots is 0: it must be a positive integer',
    )
  })
})
