/** Changes of one image: geometry, colour, hidden parts. */
import { describe, expect, test } from 'vitest'
import { Rng } from '../../src/core/index.ts'
import * as colour from '../../src/data/augment/colour.ts'
import { cutout, erase } from '../../src/data/augment/erase.ts'
import * as geometry from '../../src/data/augment/geometry.ts'
import { randAugment, randAugmentOperations } from '../../src/data/augment/rand-augment.ts'
import { type RgbImage, rgbImage } from '../../src/data/index.ts'
import { difference, noiseImage, smoothImage } from './make.ts'

const image = noiseImage(13, 9)
const at = ({ width, data }: RgbImage, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
]
const rngs = Array.from({ length: 200 }, (_, i) => new Rng(1000 + i))
const black = [0, 0, 0]

describe('geometry', () => {
  test('flipping twice gives the image, and flipping moves every column but the middle one', () => {
    const mirrored = geometry.flip(image)
    expect(difference(geometry.flip(mirrored), image)).toBe(0)
    for (let x = 0; x < 13; x++) expect(at(mirrored, x, 4)).toEqual(at(image, 12 - x, 4))
  })

  test.each([
    [3, -2],
    [-4, 5],
    [0, 0],
    [13, 0],
    [0, -9],
    [-40, 40],
  ])('a shift by (%i, %i) moves every pixel, and black comes in', (dx, dy) => {
    const moved = geometry.shift(image, dx, dy)
    for (let y = 0; y < 9; y++)
      for (let x = 0; x < 13; x++) {
        const inside = x - dx >= 0 && x - dx < 13 && y - dy >= 0 && y - dy < 9
        expect(at(moved, x, y)).toEqual(inside ? at(image, x - dx, y - dy) : black)
      }
  })

  test('affine maps: a translation by whole pixels is a shift, and the identity changes nothing', () => {
    expect(difference(geometry.transform(image, geometry.translation(3, -2)), geometry.shift(image, 3, -2))).toBe(0)
    for (const map of [geometry.rotation(0), geometry.shearX(0), geometry.shearY(0), geometry.translation(0, 0)])
      expect(difference(geometry.transform(image, map), image)).toBe(0)
  })

  test('a quarter turn of a square goes clockwise, and four of them give the image', () => {
    const square = noiseImage(7, 7)
    const turned = geometry.transform(square, geometry.rotation(90))
    for (let y = 0; y < 7; y++) for (let x = 0; x < 7; x++) expect(at(turned, 6 - y, x)).toEqual(at(square, x, y))
    let four = square
    for (let i = 0; i < 4; i++) four = geometry.transform(four, geometry.rotation(90))
    expect(difference(four, square)).toBe(0)
  })

  test('a turn by 45 degrees keeps the centre and leaves the corners black', () => {
    const square = rgbImage(21, 21, new Uint8Array(21 * 21 * 3).fill(200))
    const turned = geometry.transform(square, geometry.rotation(45))
    expect(at(turned, 10, 10)).toEqual([200, 200, 200])
    for (const [x, y] of [
      [0, 0],
      [20, 0],
      [0, 20],
      [20, 20],
    ])
      expect(at(turned, x, y)).toEqual(black)
  })

  test('a shear moves rows by their distance from the middle', () => {
    const sheared = geometry.transform(image, geometry.shearX(1))
    // Row 4 is the middle of 9; row 6 reads two pixels further right.
    expect(at(sheared, 5, 4)).toEqual(at(image, 5, 4))
    expect(at(sheared, 5, 6)).toEqual(at(image, 7, 6))
    expect(at(geometry.transform(image, geometry.shearY(1)), 8, 4)).toEqual(at(image, 8, 6))
  })

  test('the box of a random resized crop lies inside, with area and ratio in the given ranges', () => {
    const options = { area: [0.2, 0.6], ratio: [0.5, 2] } as const
    const shares: number[] = []
    for (const rng of rngs) {
      const { x, y, width, height } = geometry.randomBox({ width: 200, height: 160 }, options, rng)
      expect(x >= 0 && y >= 0 && x + width <= 200 && y + height <= 160).toBe(true)
      const share = (width * height) / (200 * 160)
      // Whole pixels: a side of 40 or more is off by less than 2 %.
      expect(share).toBeGreaterThan(0.2 * 0.97)
      expect(share).toBeLessThan(0.6 * 1.03)
      expect(width / height).toBeGreaterThan(0.5 * 0.97)
      expect(width / height).toBeLessThan(2 * 1.03)
      shares.push(share)
    }
    expect(Math.min(...shares)).toBeLessThan(0.25)
    expect(Math.max(...shares)).toBeGreaterThan(0.5)
  })

  test('when no box fits, it is the largest in the middle with an allowed ratio', () => {
    const options = { area: [1, 1], ratio: [3 / 4, 4 / 3] } as const
    expect(geometry.randomBox({ width: 400, height: 30 }, options, new Rng(1))).toEqual({
      x: 180,
      y: 0,
      width: 40,
      height: 30,
    })
    expect(geometry.randomBox({ width: 30, height: 401 }, options, new Rng(1))).toEqual({
      x: 0,
      y: 180,
      width: 30,
      height: 40,
    })
    expect(geometry.randomBox({ width: 1, height: 1 }, options, new Rng(1))).toEqual({
      x: 0,
      y: 0,
      width: 1,
      height: 1,
    })
  })
})

describe('colour', () => {
  const one = (r: number, g: number, b: number) => rgbImage(1, 1, new Uint8Array([r, g, b]))
  const of = (i: RgbImage) => [...i.data]

  test('a factor of 1 changes nothing', () => {
    for (const change of [colour.brightness, colour.contrast, colour.saturation, colour.sharpness])
      expect(difference(change(image, 1), image)).toBe(0)
  })

  test('brightness', () => {
    expect(of(colour.brightness(one(100, 200, 3), 1.5))).toEqual([150, 255, 5])
    expect(of(colour.brightness(one(100, 200, 3), 0))).toEqual(black)
  })

  test('contrast: distances from the mean grey', () => {
    const two = rgbImage(2, 1, new Uint8Array([100, 100, 100, 200, 200, 200]))
    expect(of(colour.contrast(two, 0.5))).toEqual([125, 125, 125, 175, 175, 175])
    expect(of(colour.contrast(two, 2))).toEqual([50, 50, 50, 250, 250, 250])
    expect(of(colour.contrast(two, 0))).toEqual(new Array(6).fill(150))
  })

  test('saturation: distances from the grey of each pixel', () => {
    // Luma of (200, 100, 50): 59.8 + 58.7 + 5.7 = 124.2
    expect(of(colour.saturation(one(200, 100, 50), 0))).toEqual([124, 124, 124])
    expect(of(colour.saturation(one(200, 100, 50), 0.5))).toEqual([162, 112, 87])
  })

  test('hue: a third of the circle moves red to green to blue, and a whole circle changes nothing', () => {
    expect(of(colour.hue(one(200, 50, 50), 1 / 3))).toEqual([50, 200, 50])
    expect(of(colour.hue(one(200, 50, 50), -1 / 3))).toEqual([50, 50, 200])
    expect(of(colour.hue(one(200, 50, 50), 0.5))).toEqual([50, 200, 200])
    expect(of(colour.hue(one(200, 125, 50), 1 / 6))).toEqual([125, 200, 50])
    expect(of(colour.hue(one(77, 77, 77), 0.2))).toEqual([77, 77, 77])
    for (const turn of [0, 1, -1]) expect(difference(colour.hue(image, turn), image)).toBe(0)
  })

  test('sharpness 0 is the smooth kernel inside and the image on the border', () => {
    const dot = rgbImage(3, 3, new Uint8Array(27))
    dot.data.fill(130, 12, 15)
    const smooth = colour.sharpness(dot, 0)
    expect(at(smooth, 1, 1)).toEqual([50, 50, 50])
    expect(at(smooth, 0, 0)).toEqual(black)
    expect(at(colour.sharpness(dot, 2), 1, 1)).toEqual([210, 210, 210])
  })

  test('posterize keeps high bits, solarize inverts light levels', () => {
    expect(of(colour.posterize(one(255, 100, 17), 4))).toEqual([240, 96, 16])
    expect(difference(colour.posterize(image, 8), image)).toBe(0)
    expect(of(colour.solarize(one(255, 127, 128), 128))).toEqual([0, 127, 127])
    expect(difference(colour.solarize(image, 256), image)).toBe(0)
  })

  test('autoContrast stretches each channel, and keeps a channel of one level', () => {
    const two = rgbImage(3, 1, new Uint8Array([50, 7, 0, 100, 7, 128, 150, 7, 255]))
    expect(of(colour.autoContrast(two))).toEqual([0, 7, 0, 128, 7, 128, 255, 7, 255])
  })

  test('equalize spreads levels by their frequency, and keeps a channel of one level', () => {
    const four = rgbImage(4, 1, new Uint8Array([10, 9, 1, 10, 9, 2, 11, 9, 3, 12, 9, 4]))
    // Red: 10 twice, 11, 12: nothing below 10, two of the three that are not 12 below 11.
    expect(of(colour.equalize(four))).toEqual([0, 9, 0, 0, 9, 85, 170, 9, 170, 255, 9, 255])
  })
})

describe('hidden parts', () => {
  const grey = rgbImage(20, 10, new Uint8Array(600).fill(9))
  const changed = (i: RgbImage) =>
    Array.from({ length: 200 }, (_, p) => p).filter((p) => [0, 1, 2].some((c) => i.data[p * 3 + c] !== 9))

  test('cutout: one square of the given side and colour, sometimes cut by the border', () => {
    const sizes = rngs.map((rng) => {
      const pixels = changed(cutout(grey, 0.4, [1, 2, 3], rng))
      const [xs, ys] = [pixels.map((p) => p % 20), pixels.map((p) => Math.floor(p / 20))]
      const [w, h] = [Math.max(...xs) - Math.min(...xs) + 1, Math.max(...ys) - Math.min(...ys) + 1]
      expect(pixels.length).toBe(w * h)
      expect(w <= 4 && h <= 4).toBe(true)
      return w * h
    })
    expect(Math.max(...sizes)).toBe(16)
    expect(Math.min(...sizes)).toBeLessThan(16)
    const [first] = changed(cutout(grey, 1, [1, 2, 3], new Rng(5)))
    expect(at(cutout(grey, 1, [1, 2, 3], new Rng(5)), first % 20, Math.floor(first / 20))).toEqual([1, 2, 3])
  })

  test('erase: a rectangle of noise, all of it inside', () => {
    for (const rng of rngs.slice(0, 50)) {
      const pixels = changed(erase(grey, { area: [0.1, 0.3], ratio: [0.3, 3] }, rng))
      // A pixel of the rectangle may keep its level by chance, so only the size is bounded.
      expect(pixels.length).toBeGreaterThan(0.08 * 200)
      expect(pixels.length).toBeLessThan(0.34 * 200)
    }
  })

  test('the input image does not change', () => {
    const before = grey.data.slice()
    cutout(grey, 1, [0, 0, 0], new Rng(1))
    erase(grey, { area: [1, 1], ratio: [1, 3] }, new Rng(1))
    expect(grey.data).toEqual(before)
  })
})

describe('RandAugment', () => {
  // Smooth colours with some edges, so that every operation changes something.
  const photo = smoothImage(32, 24)
  for (let i = 0; i < photo.data.length; i += 7) photo.data[i] -= 20

  test('has the fourteen operations of the paper', () => {
    expect(Object.keys(randAugmentOperations)).toHaveLength(14)
  })

  test.each(Object.entries(randAugmentOperations))(
    '%s keeps the size, and the image that was given',
    (name, operation) => {
      const before = photo.data.slice()
      const strong = operation(photo, 1, 1)
      expect([strong.width, strong.height]).toEqual([32, 24])
      expect(photo.data).toEqual(before)
      const changes = difference(strong, photo) > 0
      expect(changes).toBe(name !== 'identity')
    },
  )

  test.each(Object.entries(randAugmentOperations).filter(([name]) => !['autoContrast', 'equalize'].includes(name)))(
    '%s at magnitude 0 changes nothing',
    (_, operation) => expect(difference(operation(photo, 0, -1), photo)).toBe(0),
  )

  test('draws every operation sooner or later, and the given number of them', () => {
    const seen = new Set(
      rngs.map((rng) => Buffer.from(randAugment(photo, { ops: 1, magnitude: 30 }, rng).data).toString('base64')),
    )
    // Fourteen operations, nine of them with a sign.
    expect(seen.size).toBe(14 + 9)
    expect(randAugment(photo, { ops: 0, magnitude: 30 }, new Rng(1))).toBe(photo)
  })
})
