/** Datasets in memory: arrays, subsets, splits, IDX and CIFAR bytes. */
import { describe, expect, test } from 'vitest'
import {
  arrays,
  checkDataset,
  cifarDataset,
  classCounts,
  type Dataset,
  fingerprint,
  idxDataset,
  type RgbImage,
  splitDataset,
  subset,
} from '../../src/data/index.ts'
import { fc, words } from '../support/property.ts'
import { cifarRecord, failureOf, idxBytes, noise, noiseSet } from './make.ts'

const bytesOf = async (set: Dataset, i: number) => [...((await set.image(i)) as RgbImage).data]
const labelsOf = (set: Dataset) => Array.from({ length: set.length }, (_, i) => set.label(i))

describe('arrays', () => {
  test('holds a copy of images and labels', async () => {
    const pixels = Uint8Array.from({ length: 2 * 2 * 3 * 3 }, (_, i) => i)
    const set = arrays({ width: 2, height: 3, channels: 3, pixels, labels: [1, 0], classes: ['a', 'b'] })
    pixels.fill(0)
    expect(await bytesOf(set, 1)).toEqual(Array.from({ length: 18 }, (_, i) => 18 + i))
    expect([set.length, set.label(0), set.label(1), set.name(1)]).toEqual([2, 1, 0, 'arrays image 1'])
    expect(classCounts(set)).toEqual([1, 1])
  })

  test('grey is repeated three times', async () => {
    expect(await bytesOf(noiseSet(2, { width: 2, height: 1, channels: 1 }), 1)).toEqual(
      [noise(2), noise(3)].flatMap((v) => [v, v, v]),
    )
  })

  test('refuses invalid options', () => {
    const right = {
      width: 2,
      height: 2,
      channels: 1,
      pixels: new Uint8Array(8),
      labels: [0, 1],
      classes: ['a', 'b'],
    } as const
    expect(() => arrays({ ...right, pixels: new Uint8Array(7) })).toThrow(
      'arrays: 7 bytes given for 2 labels: 2x2x1 images need 8',
    )
    expect(() => arrays({ ...right, labels: [0, 2], name: 'mine' })).toThrow(
      'mine: label 2 of image 1 has no class: there are 2, counted from 0',
    )
    expect(() => arrays({ ...right, labels: [0, -1] })).toThrow('arrays: label -1 of image 1 has no class')
    expect(() => arrays({ ...right, pixel: right.pixels } as typeof right)).toThrow(
      'arrays: no option pixel (did you mean pixels?): use width, height, channels, pixels, labels, classes or name',
    )
    expect(() => arrays(undefined as unknown as typeof right)).toThrow(
      'arrays: options are undefined: give an object, { width: ... }',
    )
    expect(() => arrays({ ...right, width: 1.5 })).toThrow(
      'arrays: width is 1.5: it must be a whole number of pixels above 0',
    )
    expect(() => arrays({ ...right, channels: 4 as 3 })).toThrow(
      'arrays: channels is 4: it must be 1 (grey) or 3 (RGB)',
    )
    expect(() => arrays(right).label(2)).toThrow('dataset: image 2 of 2: use 0 to 1')
    expect(() => arrays(right).image(-1)).toThrow('dataset: image -1 of 2')
  })
})

describe('subset', () => {
  test('holds the given images in the given order, also from a subset', async () => {
    const all = noiseSet(9)
    const some = subset(subset(all, [8, 1, 5]), [2, 0])
    expect([some.length, some.name(0), some.name(1), some.classes]).toEqual([
      2,
      'arrays image 5',
      'arrays image 8',
      all.classes,
    ])
    expect(labelsOf(some)).toEqual([2, 2])
    expect(await bytesOf(some, 1)).toEqual(await bytesOf(all, 8))
  })

  test('refuses an index that does not exist', () => {
    expect(() => subset(noiseSet(3), [0, 3])).toThrow('dataset: image 3 of 3: use 0 to 2')
    expect(() => subset(noiseSet(3), [0]).label(1)).toThrow('dataset: image 1 of 1: use 0 to 0')
  })
})

describe('split', () => {
  test('holds out the fraction of each class, each image once', () => {
    const all = noiseSet(99)
    const { train, val } = splitDataset(all, 0.2, 5)
    expect([classCounts(train), classCounts(val)]).toEqual([
      [26, 26, 26],
      [7, 7, 7],
    ])
    const names = (set: Dataset) => Array.from({ length: set.length }, (_, i) => set.name(i))
    expect([...names(train), ...names(val)].sort()).toEqual(names(all).sort())
  })

  test('of any set: each image is on one side, of each class nearly the fraction, at least one where there are two', () => {
    const labels = fc.array(fc.nat(3), { minLength: 1, maxLength: 60 })
    const fraction = fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(labels, fraction, words, (labels, fraction, seed) => {
        const all = noiseSet(labels.length, { labels, classes: ['a', 'b', 'c', 'd'] })
        const { train, val } = splitDataset(all, fraction, seed)
        const names = (set: Dataset) => Array.from({ length: set.length }, (_, i) => set.name(i))
        expect([...names(train), ...names(val)].sort()).toEqual(names(all).sort())
        const held = classCounts(val)
        for (const [c, count] of classCounts(all).entries()) {
          const nearly = Math.min(Math.max(1, Math.round(count * fraction)), count - 1)
          expect(held[c]).toBe(count === 0 ? 0 : nearly)
        }
        expect(fingerprint(splitDataset(all, fraction, seed).val)).toBe(fingerprint(val))
      }),
    )
  })

  test('depends on the seed', () => {
    const all = noiseSet(99)
    const valOf = (seed: number) => fingerprint(splitDataset(all, 0.2, seed).val)
    expect(valOf(1)).toBe(valOf(1))
    expect(valOf(1)).not.toBe(valOf(2))
  })

  test('keeps most images in their part when the dataset grows', () => {
    const held = (count: number) => {
      const { val } = splitDataset(noiseSet(count), 0.2)
      return new Set(Array.from({ length: val.length }, (_, i) => val.name(i)))
    }
    const [small, large] = [held(300), held(330)]
    const kept = [...small].filter((name) => large.has(name)).length
    expect(kept).toBeGreaterThan(0.8 * small.size)
  })

  test('leaves at least one image of a small class in each part, if it has two', () => {
    const set = noiseSet(4)
    const { train, val } = splitDataset(set, 0.01)
    expect([classCounts(set), classCounts(train), classCounts(val)]).toEqual([
      [2, 1, 1],
      [1, 1, 1],
      [1, 0, 0],
    ])
    expect(classCounts(splitDataset(set, 0.99).train)).toEqual([1, 1, 1])
  })

  test('refuses an invalid fraction', () => {
    expect(() => splitDataset(noiseSet(4), 1)).toThrow('split: fraction is 1: it must be above 0 and below 1')
  })
})

test('the fingerprint depends on classes, names and labels', () => {
  const prints = [
    noiseSet(9),
    noiseSet(10),
    noiseSet(9, { name: 'other' }),
    noiseSet(9, { classes: ['a', 'b', 'd'] }),
    noiseSet(9, { labels: [0, 1, 2, 0, 1, 2, 0, 2, 1] }),
    subset(noiseSet(9), [1, 0, 2, 3, 4, 5, 6, 7, 8]),
  ].map(fingerprint)
  expect(new Set(prints).size).toBe(prints.length)
  expect(fingerprint(noiseSet(9))).toBe(prints[0])
  expect(prints[0]).toMatch(/^[0-9a-f]{8}$/)
})

describe('IDX', () => {
  const images = { name: 'i', bytes: idxBytes([3, 2, 4], (i) => i) }
  const labels = { name: 'l', bytes: idxBytes([3], (i) => [2, 0, 1][i]) }

  test('images and labels', async () => {
    const set = idxDataset(images, labels)
    expect([set.length, set.classes, labelsOf(set)]).toEqual([3, ['0', '1', '2'], [2, 0, 1]])
    const image = (await set.image(1)) as RgbImage
    expect([image.width, image.height]).toEqual([4, 2])
    expect([...image.data]).toEqual(Array.from({ length: 8 }, (_, i) => [8 + i, 8 + i, 8 + i]).flat())
    expect(set.name(1)).toBe('i image 1')
    expect(idxDataset(images, labels, ['x', 'y', 'z']).classes).toEqual(['x', 'y', 'z'])
  })

  test.each([
    [
      'cut off in the header',
      { ...images, bytes: images.bytes.subarray(0, 9) },
      labels,
      'i: 9 bytes are too few for an IDX file of images: it is cut off',
    ],
    [
      'cut off in the data',
      { ...images, bytes: images.bytes.subarray(0, 39) },
      labels,
      'i: 39 bytes, but its header (3 x 2 x 4) needs 40: the file is damaged',
    ],
    [
      'too long',
      images,
      { ...labels, bytes: Buffer.concat([labels.bytes, labels.bytes]) },
      'l: 22 bytes, but its header (3) needs 11: the file is damaged',
    ],
    ['exchanged', labels, images, 'l: 11 bytes are too few for an IDX file of images'],
    [
      'of another kind',
      { name: 'x', bytes: new Uint8Array(40).fill(0x50) },
      labels,
      'x: begins with 0x50505050: an IDX file of images begins with 0x00000803',
    ],
    [
      'of other counts',
      images,
      { name: 'l', bytes: idxBytes([2], () => 0) },
      'i holds 3 images, l 2 labels: use two files of one set',
    ],
    [
      'without images',
      { name: 'i', bytes: idxBytes([0, 2, 4], () => 0) },
      { name: 'l', bytes: idxBytes([0], () => 0) },
      'i: holds no images',
    ],
  ])('files %s', (_, images, labels, message) => {
    expect(() => idxDataset(images, labels)).toThrow(message)
  })
})

describe('CIFAR', () => {
  const planar = (from: number) => (i: number) => noise(from + i)
  const file = (...records: Uint8Array[]) => ({ name: 'f.bin', bytes: Buffer.concat(records) })

  test('CIFAR-10: one label, and planes become pixels', async () => {
    const set = cifarDataset('cifar-10', [
      file(cifarRecord([3], planar(0)), cifarRecord([9], planar(5000))),
      file(cifarRecord([0], planar(9000))),
    ])
    expect([set.length, labelsOf(set), set.classes.length]).toEqual([3, [3, 9, 0], 10])
    const image = (await set.image(1)) as RgbImage
    expect([image.width, image.height]).toEqual([32, 32])
    for (const [x, y] of [
      [0, 0],
      [31, 0],
      [5, 17],
      [31, 31],
    ])
      expect([...image.data.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3)]).toEqual(
        [0, 1, 2].map((c) => noise(5000 + c * 1024 + y * 32 + x)),
      )
  })

  test('CIFAR-100: the fine label is used', () => {
    const names = Array.from({ length: 100 }, (_, i) => `class ${i}`)
    const set = cifarDataset('cifar-100', [file(cifarRecord([7, 93], planar(0)))], names)
    expect([labelsOf(set), set.classes[93]]).toEqual([[93], 'class 93'])
  })

  test('damaged files and wrong names', () => {
    const whole = cifarRecord([3], planar(0))
    expect(() => cifarDataset('cifar-10', [file(whole.subarray(0, 3000))])).toThrow(
      'f.bin: 3000 bytes are not a whole number of cifar-10 records of 3073 bytes: it is damaged',
    )
    expect(() => cifarDataset('cifar-10', [file()])).toThrow('f.bin: 0 bytes are not a whole number')
    expect(() => cifarDataset('cifar-10', [file(cifarRecord([10], planar(0)))])).toThrow(
      'f.bin: label 10 of image 0 has no class: there are 10, counted from 0',
    )
    expect(() => cifarDataset('cifar-10', [file(whole)], ['cat'])).toThrow(
      'cifar-10: 1 class names were given: there must be 10',
    )
  })
})

describe('check', () => {
  test('decodes every image once, reports progress, and returns nothing when all are sound', async () => {
    const set = noiseSet(40)
    const seen = new Array(40).fill(0)
    const progress: number[][] = []
    const counted: Dataset = {
      ...{ classes: set.classes, length: 40, label: set.label, name: set.name },
      image(i, atLeast) {
        expect(atLeast).toBe(1)
        seen[i]++
        return set.image(i)
      },
    }
    expect(await checkDataset(counted, { onProgress: (done, of) => progress.push([done, of]) })).toEqual([])
    expect(seen).toEqual(new Array(40).fill(1))
    expect(progress).toEqual([
      [16, 40],
      [32, 40],
      [40, 40],
    ])
  })

  test('rethrows a defect instead of reporting a damaged image, and stops on a signal', async () => {
    const broken: Dataset = {
      ...noiseSet(3),
      image: () => {
        throw new TypeError('a defect')
      },
    }
    const { source: _, ...here } = broken
    expect(await failureOf(checkDataset(here))).toBe('TypeError: a defect')
    expect(await failureOf(checkDataset(noiseSet(3), { signal: AbortSignal.abort() }))).toMatch(/^AbortError: /)
  })
})
