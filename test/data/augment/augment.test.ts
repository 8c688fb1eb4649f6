import { describe, expect, test } from 'vitest'
import { Rng } from '../../../src/core/index.ts'
import { augment, pixelsNeeded } from '../../../src/data/augment/augment.ts'
import { beta, cutmixInPlace, mix, mixupInPlace } from '../../../src/data/augment/mix.ts'
import { resizeAndCrop } from '../../../src/data/images/preprocess.ts'
import {
  type Augmentation,
  augmentationNames,
  augmentationOf,
  type Preprocessing,
  preprocessingPreset,
} from '../../../src/data/index.ts'
import { difference, smoothImage } from '../make.ts'

const photo = smoothImage(61, 43)
const p: Preprocessing = preprocessingPreset('imagenet', 32)

/** Each change alone, strong enough to be visible. */
const alone: Readonly<Record<string, Augmentation>> = {
  crop: { crop: { area: [0.1, 0.5], ratio: [0.75, 1.33] } },
  shift: { shift: 0.3 },
  flip: { flip: 0.5 },
  rotate: { rotate: 30 },
  randAugment: { randAugment: { ops: 2, magnitude: 15 } },
  jitter: { jitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 } },
  cutout: { cutout: 0.5 },
  erase: { erase: { probability: 0.5, area: [0.1, 0.3], ratio: [0.5, 2] } },
}
const run = (augmentation: Augmentation, place: readonly [number, number, number]) =>
  augment(photo, p, augmentation, place)

describe.each(Object.entries(alone))('%s', (_, augmentation) => {
  test('gives an image of the network size', () => {
    const { width, height, data } = run(augmentation, [1, 2, 3])
    expect([width, height, data.length]).toEqual([32, 32, 32 * 32 * 3])
  })

  test('is a function of seed, epoch and index', () => {
    expect(difference(run(augmentation, [1, 2, 3]), run(augmentation, [1, 2, 3]))).toBe(0)
    const differ = (other: (i: number) => readonly [number, number, number]) =>
      Array.from({ length: 20 }, (_, i) =>
        difference(run(augmentation, [0, 0, i]), run(augmentation, other(i))),
      ).filter((d) => d > 0).length
    // A decision with two outcomes agrees half of the time. Twenty of them do not all agree.
    expect(differ((i) => [1, 0, i])).toBeGreaterThan(3)
    expect(differ((i) => [0, 1, i])).toBeGreaterThan(3)
    expect(differ((i) => [0, 0, i + 100])).toBeGreaterThan(3)
  })

  test('does not depend on earlier changes', () => {
    // Each change has its own stream: after a shift of 0 and a flip of probability 0, it draws the same numbers.
    const withOthers: Augmentation = { shift: 0, flip: 0, cutout: 0, ...augmentation }
    for (let i = 0; i < 5; i++) expect(difference(run(withOthers, [7, 1, i]), run(augmentation, [7, 1, i]))).toBe(0)
  })
})

test('without augmentation, an image is exactly what predict uses', () => {
  for (let i = 0; i < 5; i++) expect(difference(run({}, [0, i, i]), resizeAndCrop(photo, p))).toBe(0)
})

test('flips about as often as its probability says', () => {
  const plain = resizeAndCrop(photo, p)
  const count = (flip: number) =>
    Array.from({ length: 200 }, (_, i) => difference(run({ flip }, [0, 0, i]), plain)).filter((d) => d > 0).length
  expect(count(0)).toBe(0)
  expect(count(1)).toBe(200)
  expect(Math.abs(count(0.5) - 100)).toBeLessThan(30)
})

test('cutout takes the mean colour of the preprocessing', () => {
  const { data } = run({ cutout: 1 }, [0, 0, 0])
  const found = Array.from({ length: data.length / 3 }, (_, i) => [...data.subarray(i * 3, i * 3 + 3)].join(' '))
  expect(found).toContain(p.mean.map((m) => Math.round(255 * m)).join(' '))
})

test('decoders shrink images only as far as the smallest crop allows', () => {
  expect(pixelsNeeded(p, {})).toBeUndefined()
  expect(pixelsNeeded(p, { flip: 0.5 })).toBe(Math.ceil(32 / 0.875))
  expect(pixelsNeeded(p, { crop: { area: [0.25, 1], ratio: [1, 1] } })).toBe(64)
  for (const ratio of [
    [0.25, 2],
    [0.5, 4],
  ] as const)
    expect(pixelsNeeded(p, { crop: { area: [0.25, 1], ratio } })).toBe(128)
})

describe('as JSON', () => {
  test('presets', () => {
    expect(augmentationNames).toEqual(['none', 'light', 'standard', 'strong'])
    for (const name of augmentationNames)
      expect(augmentationOf(JSON.parse(JSON.stringify(augmentationOf(name))))).toEqual(augmentationOf(name))
  })

  test.each([
    [{ shift: 2 }, 'augmentation: shift is 2: it must be a number from 0 to 1'],
    [{ flip: '1' }, 'augmentation: flip is "1": it must be a number from 0 to 1'],
    [{ rotate: -5 }, 'augmentation: rotate is -5: it must be degrees from 0 to 180'],
    [{ flipp: 1 }, 'augmentation: there is no flipp, did you mean flip?'],
    [
      { labelSmoothing: 0.1 },
      'augmentation: there is no labelSmoothing: use crop, shift, flip, rotate, randAugment, jitter, cutout, erase, mixup or cutmix',
    ],
    [{ mixup: 0 }, 'augmentation: mixup is 0: it must be a number above 0'],
    [{ crop: { area: [0, 1], ratio: [1, 1] } }, 'it must be with area [low, high] with 0 < low <= high <= 1'],
    [
      { crop: { area: [0.1, 1] } },
      'augmentation: crop is {"area":[0.1,1]}: it must be with ratio [low, high] with 0 < low <= high',
    ],
    [{ crop: 0.5 }, 'augmentation: crop is 0.5: it must be an object with area or ratio'],
    [{ jitter: { hue: 1 } }, 'augmentation: jitter is {"hue":1}: it must be with hue a number from 0 to 0.5'],
    [{ jitter: { brigtness: 1 } }, 'it must be without brigtness (did you mean brightness?)'],
    [{ randAugment: { ops: 1.5, magnitude: 3 } }, 'it must be with ops a whole number from 0 to 14'],
  ])('%j is refused', (wrong, message) => {
    expect(() => augmentationOf(wrong as Augmentation)).toThrow(message)
  })

  test('an unknown name is refused', () => {
    expect(() => augmentationOf('hard' as 'light')).toThrow(
      'there is no augmentation hard: use none, light, standard or strong',
    )
  })
})

describe('mixup and CutMix', () => {
  const [height, width, classes, count] = [6, 10, 4, 3]
  const batch = () => ({
    // Image i is all i + 1, of class i.
    x: Float32Array.from({ length: count * height * width * 3 }, (_, i) => 1 + Math.floor(i / (height * width * 3))),
    targets: Float32Array.from({ length: count * classes }, (_, i) =>
      i % classes === Math.floor(i / classes) ? 1 : 0,
    ),
    ...{ count, height, width },
  })
  const row = (all: Float32Array, i: number) => [
    ...all.subarray((i * all.length) / count, ((i + 1) * all.length) / count),
  ]

  test('mixup blends each image with the next, and the last with the first', () => {
    const b = batch()
    mixupInPlace(b, 0.75)
    for (let i = 0; i < count; i++) {
      const next = (i + 1) % count
      expect(new Set(row(b.x, i))).toEqual(new Set([0.75 * (i + 1) + 0.25 * (next + 1)]))
      expect(row(b.targets, i)).toEqual([0, 1, 2, 3].map((c) => (c === i ? 0.75 : c === next ? 0.25 : 0)))
    }
  })

  test("CutMix takes a rectangle from the next image, and the targets follow the rectangle's share of pixels", () => {
    for (let key = 0; key < 50; key++) {
      const b = batch()
      cutmixInPlace(b, key / 50, new Rng(key))
      for (let i = 0; i < count; i++) {
        const next = (i + 1) % count
        const image = row(b.x, i)
        const taken = image.flatMap((v, at) => (v === next + 1 ? [Math.floor(at / 3)] : []))
        expect(image.every((v) => v === i + 1 || v === next + 1)).toBe(true)
        const share = taken.length / 3 / (height * width)
        expect(row(b.targets, i)[next]).toBeCloseTo(share, 6)
        expect(row(b.targets, i)[i]).toBeCloseTo(1 - share, 6)
        const [xs, ys] = [new Set(taken.map((at) => at % width)), new Set(taken.map((at) => Math.floor(at / width)))]
        expect(taken.length / 3).toBe(xs.size * ys.size)
      }
    }
  })

  test('both: each batch gets one of the two, both occur, and targets sum to 1', () => {
    const kinds = Array.from({ length: 60 }, (_, key) => {
      const b = batch()
      mix(b, { mixup: 1, cutmix: 1 }, new Rng(key))
      for (let i = 0; i < count; i++) expect(row(b.targets, i).reduce((s, t) => s + t, 0)).toBeCloseTo(1, 6)
      return Number.isInteger(b.x[0]) ? 'cutmix' : 'mixup'
    })
    const cut = kinds.filter((k) => k === 'cutmix').length
    expect(Math.abs(cut - 30)).toBeLessThan(20)
  })

  test('without either, and with a single image, nothing changes', () => {
    const b = batch()
    mix(b, {}, new Rng(1))
    expect(b).toEqual(batch())
    const single = { ...batch(), count: 1 }
    mix(single, { mixup: 1 }, new Rng(1))
    expect(single).toEqual({ ...batch(), count: 1 })
  })

  test.each([
    [0.2, 1 / (4 * (2 * 0.2 + 1))],
    [1, 1 / 12],
    [4, 1 / 36],
  ])('shares come from Beta(%f, %f)', (alpha, variance) => {
    const rng = new Rng(42)
    const drawn = Array.from({ length: 20_000 }, () => beta(alpha, rng))
    const mean = drawn.reduce((s, v) => s + v, 0) / drawn.length
    const spread = drawn.reduce((s, v) => s + (v - mean) ** 2, 0) / drawn.length
    expect(drawn.every((v) => v >= 0 && v <= 1)).toBe(true)
    // Four standard errors of a mean of 20,000 draws with a standard deviation of at most 0.5: 0.014.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.014)
    expect(Math.abs(spread - variance)).toBeLessThan(0.05 * variance)
  })

  test('with an alpha so small that both draws underflow, the share is 0 or 1', () => {
    const rng = new Rng(1)
    const drawn = new Set(Array.from({ length: 50 }, () => beta(1e-5, rng)))
    expect([...drawn].sort()).toEqual([0, 1])
  })
})
