/** Choices of training become options of `fit`, which takes all of them. */
import { describe, expect, test } from 'vitest'
import { Rng } from '../../../src/core/index.ts'
import { augmentationNames, augmentationOf, preprocessingPreset } from '../../../src/data/index.ts'
import { build } from '../../../src/models/index.ts'
import { defaultPoint, joinSpaces, samplePoint, spaceOf, trainingOf } from '../../../src/search/index.ts'
import { resolveTrainOptions } from '../../../src/train/options.ts'
import { wasmEngine } from '../../../src/wasm/index.ts'

const net = build('mobilenet_v1', { width: 0.25, size: 32, reduction: 8, classes: 2 })
const resolved = (options: object) => {
  const given = { engine: wasmEngine(), epochs: 2, preprocessing: preprocessingPreset('whole', 32), ...options }
  return resolveTrainOptions(net, 100, given)
}

test('the default point is what fit does by itself', () => {
  expect(resolved(trainingOf(defaultPoint(spaceOf('training'))))).toEqual(resolved({}))
})

test('thousands of points are options of fit', () => {
  const space = joinSpaces(spaceOf('v3-small'), spaceOf('training'))
  const rng = new Rng(1)
  for (let i = 0; i < 1000; i++) {
    const point = samplePoint(space, rng)
    const { learningRate, weightDecay, labelSmoothing, augmentation } = resolved(trainingOf(point))
    expect({ learningRate, weightDecay, labelSmoothing }).toEqual({
      learningRate: point.learningRate,
      weightDecay: point.weightDecay,
      labelSmoothing: point.labelSmoothing,
    })
    expect(Object.keys(augmentation)).toEqual(Object.keys(augmentationOf(point.augmentation as 'none')))
  }
})

test('all names that it knows', () => {
  const point = {
    ...{ optimizer: 'sgd', learningRate: 0.1, weightDecay: 0, decayDepthwise: true, labelSmoothing: 0.2 },
    ...{ clipNorm: 1, ema: 0.99, batch: 16, epochs: 3, 'stage1.kernel': 3, colour: 'red' },
  }
  const { 'stage1.kernel': _, colour: __, ...options } = point
  expect(trainingOf(point)).toEqual(options)
  expect(resolved(trainingOf(point)).optimizer.name).toBe('sgd')
})

describe('strength of augmentation', () => {
  const at = (augmentation: string, strength: number) =>
    trainingOf({ augmentation, 'augmentation.strength': strength }).augmentation as ReturnType<typeof augmentationOf>

  test.each(augmentationNames.map((n) => [n]))('%s at 1 is itself, and at every strength one that can be', (name) => {
    expect(at(name, 1)).toEqual(augmentationOf(name))
    expect(trainingOf({ augmentation: name }).augmentation).toEqual(augmentationOf(name))
    for (const strength of [0.01, 0.25, 0.5, 2, 10]) expect(() => augmentationOf(at(name, strength))).not.toThrow()
  })

  test('halves and doubles', () => {
    expect(at('light', 0.5)).toEqual({ shift: 0.04, flip: 0.5 })
    expect(at('standard', 2)).toEqual({
      crop: { area: [0.35 ** 2, 1], ratio: [(3 / 4) ** 2, (4 / 3) ** 2] },
      flip: 0.5,
      jitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4 },
    })
    expect(at('strong', 0.5)).toMatchObject({
      crop: { area: [0.08 ** 0.5, 1] },
      randAugment: { ops: 2, magnitude: 4.5 },
      erase: { probability: 0.125, area: [0.02, 1 / 3] },
      ...{ mixup: 0.1, cutmix: 0.5 },
    })
    expect(trainingOf({ 'augmentation.strength': 1 }).augmentation).toEqual(augmentationOf('standard'))
  })
})
