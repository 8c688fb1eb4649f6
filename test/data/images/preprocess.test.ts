import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { resizeAndCrop } from '../../../src/data/images/preprocess.ts'
import { resample } from '../../../src/data/images/resample.ts'
import {
  assertPreprocessing,
  fromGrey,
  fromRgba,
  type Preprocessing,
  preprocess,
  preprocessingNames,
  preprocessingPreset,
  rgbImage,
} from '../../../src/data/index.ts'
import { readImage } from '../../../src/data/node.ts'
import { optional } from '../../support/optional.ts'
import { difference, noiseImage } from '../make.ts'

/** The crop of torchvision's Resize(to) and CenterCrop(size). */
const torchvision = (
  width: number,
  height: number,
  to: readonly [number, number],
  size: number,
  x: number,
  y: number,
) =>
  resample(noiseImage(width, height), {
    box: { x: 0, y: 0, width, height },
    ...{ width: to[0], height: to[1] },
    window: { x, y, width: size, height: size },
    filter: 'bilinear',
  })

describe('resize and centre crop', () => {
  const at = (size: number, crop: number): Preprocessing => ({ ...preprocessingPreset('imagenet', size), crop })

  test('the shorter side becomes size / crop, the longer one is cut to a whole number', () => {
    // 100 x 37: shorter side 37 to 32, longer 100 * 32 / 37 = 86.5, offsets (86 - 28) / 2 and (32 - 28) / 2
    expect(
      difference(resizeAndCrop(noiseImage(100, 37), at(28, 0.875)), torchvision(100, 37, [86, 32], 28, 29, 2)),
    ).toBe(0)
    expect(
      difference(resizeAndCrop(noiseImage(37, 100), at(28, 0.875)), torchvision(37, 100, [32, 86], 28, 2, 29)),
    ).toBe(0)
  })

  test('an offset of half a pixel rounds to even, as in Python', () => {
    // 35 - 28 = 7: 3.5 becomes 4. 33 - 28 = 5: 2.5 becomes 2.
    expect(
      difference(resizeAndCrop(noiseImage(35, 33), at(28, 28 / 33)), torchvision(35, 33, [35, 33], 28, 4, 2)),
    ).toBe(0)
  })

  test('232 to 224, which does not divide evenly, covers 232', () => {
    const image = noiseImage(232, 240)
    expect(difference(resizeAndCrop(image, at(224, 224 / 232)), torchvision(232, 240, [232, 240], 224, 4, 8))).toBe(0)
  })

  test('an input that is not square is covered on its tighter side', () => {
    const p: Preprocessing = { ...preprocessingPreset('whole', [10, 20]) }
    const got = resizeAndCrop(noiseImage(40, 40), p)
    expect([got.width, got.height]).toEqual([20, 10])
    const wanted = resample(noiseImage(40, 40), {
      ...{ box: { x: 0, y: 0, width: 40, height: 40 }, width: 20, height: 20, filter: 'bilinear' },
      window: { x: 0, y: 5, width: 20, height: 10 },
    })
    expect(difference(got, wanted)).toBe(0)
  })

  test('stretch takes the central part of both sides', () => {
    const p: Preprocessing = { ...preprocessingPreset('whole', 8), fit: 'stretch', crop: 0.5 }
    const wanted = resample(noiseImage(40, 20), {
      ...{ box: { x: 10, y: 5, width: 20, height: 10 }, width: 8, height: 8, filter: 'bilinear' },
      window: { x: 0, y: 0, width: 8, height: 8 },
    })
    expect(difference(resizeAndCrop(noiseImage(40, 20), p), wanted)).toBe(0)
  })

  test('an image of the right size is used unchanged', () => {
    const image = noiseImage(28, 28)
    expect(resizeAndCrop(image, preprocessingPreset('whole', 28))).toBe(image)
  })
})

test('values are (byte / 255 - mean) / std in float32, height by width by channel', () => {
  const image = rgbImage(2, 1, new Uint8Array([0, 128, 255, 10, 20, 30]))
  const p = preprocessingPreset('imagenet', [1, 2])
  const [mean, std] = [p.mean, p.std]
  const wanted = [...image.data].map((v, i) => Math.fround((v / 255 - mean[i % 3]) / std[i % 3]))
  expect([...preprocess(image, { ...p, crop: 1 })]).toEqual(wanted)
})

test('presets have the values that the named checkpoints expect', () => {
  expect(preprocessingNames).toEqual(['imagenet', 'inception', 'whole'])
  expect(preprocessingPreset('imagenet', 224)).toEqual({
    size: [224, 224],
    fit: 'crop',
    crop: 0.875,
    filter: 'bilinear',
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  })
  const ends = preprocess(rgbImage(1, 1, new Uint8Array([0, 255, 0])), preprocessingPreset('inception', 1))
  expect([...ends]).toEqual([-1, 1, -1])
})

test('a preprocessing survives JSON', () => {
  const p = preprocessingPreset('imagenet', [96, 128])
  const read: unknown = JSON.parse(JSON.stringify(p))
  assertPreprocessing(read, 'model.safetensors')
  expect(read).toEqual(p)
})

test.each([
  [{ size: [224] }, 'm: size is [224]: it must be [height, width] in whole pixels above 0'],
  [{ size: [0, 224] }, 'm: size is [0,224]: it must be [height, width] in whole pixels above 0'],
  [{ fit: 'pad' }, 'm: fit is "pad": it must be "crop" or "stretch"'],
  [{ crop: 1.5 }, 'm: crop is 1.5: it must be above 0 and at most 1'],
  [{ crop: undefined }, 'm: crop is missing: it must be above 0 and at most 1'],
  [{ filter: 'nearest' }, 'm: filter is "nearest": it must be "bilinear" or "bicubic"'],
  [{ mean: [0, 0] }, 'm: mean is [0,0]: it must be three numbers'],
  [{ std: [1, 0, 1] }, 'm: std is [1,0,1]: it must be three numbers above 0'],
])('%j is refused', (wrong, message) => {
  expect(() => assertPreprocessing({ ...preprocessingPreset('imagenet', 224), ...wrong }, 'm')).toThrow(message)
})

test('other values and unknown names are refused', () => {
  expect(() => assertPreprocessing(null, 'm')).toThrow('m: size is missing')
  expect(() => preprocessingPreset('imagnet' as 'imagenet', 224)).toThrow(
    'there is no preprocessing imagnet: use imagenet, inception or whole',
  )
})

describe('images', () => {
  test('RGBA is composited over white', () => {
    const rgba = new Uint8Array([255, 0, 0, 128, 10, 20, 30, 255, 1, 2, 3, 0])
    expect([...fromRgba(3, 1, rgba).data]).toEqual([255, 127, 127, 10, 20, 30, 255, 255, 255])
  })

  test('grey is repeated', () => {
    expect([...fromGrey(2, 1, new Uint8Array([7, 200])).data]).toEqual([7, 7, 7, 200, 200, 200])
  })

  test('wrong sizes are refused', () => {
    expect(() => rgbImage(2, 2, new Uint8Array(4))).toThrow('image: 4 bytes given for 2x2 RGB, which holds 12')
    expect(() => rgbImage(0, 2, new Uint8Array(0))).toThrow(
      'image: 0x2 is not a size: width and height must be whole numbers above 0',
    )
    expect(() => fromRgba(2, 2, new Uint8Array(12))).toThrow('image: 12 bytes given for 2x2 RGBA, which holds 16')
    expect(() => fromGrey(2, 2, new Uint8Array(12))).toThrow('image: 12 bytes given for 2x2 grey, which holds 4')
  })
})

const models = optional('shared-models')
test.skipIf(!models)('photos become the bytes that Python, Pillow and its decoders make of them', async () => {
  const p: Preprocessing = { ...preprocessingPreset('whole', 224), fit: 'stretch' }
  for (const name of ['parrot.jpg', 'hot_dog.jpg', 'cat.png', 'grace_hopper.png']) {
    const wanted = await readImage(join(models as string, 'inputs', name.replace(/\..*/, '_224.png')))
    expect(difference(resizeAndCrop(await readImage(join(models as string, 'photos', name)), p), wanted)).toBe(0)
  }
})
