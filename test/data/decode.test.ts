import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { RgbImage } from '../../src/data/index.ts'
import { decodeImage, readImage } from '../../src/data/node.ts'
import { difference, failureOf, folderOf, noiseImage, png, sharpOf, smoothImage } from './make.ts'

const pixels = (image: RgbImage) =>
  Array.from({ length: image.data.length / 3 }, (_, i) => [...image.data.subarray(i * 3, i * 3 + 3)])

/** 3 x 2: red half opaque, green opaque, blue transparent; dark opaque, brown nearly opaque, white transparent. */
const rgba = () =>
  sharp(
    Buffer.from(
      [
        [255, 0, 0, 128, 0, 255, 0, 255, 0, 0, 255, 0],
        [10, 20, 30, 255, 40, 50, 60, 200, 255, 255, 255, 0],
      ].flat(),
    ),
    { raw: { width: 3, height: 2, channels: 4 } },
  )
const overWhite = [
  [255, 127, 127],
  [0, 255, 0],
  [255, 255, 255],
  [10, 20, 30],
  [86, 94, 102],
  [255, 255, 255],
]

describe('formats', () => {
  test('PNG and lossless WebP keep every byte, at odd sizes', async () => {
    const image = noiseImage(37, 23)
    for (const bytes of [
      await sharpOf(image).png().toBuffer(),
      await sharpOf(image).webp({ lossless: true }).toBuffer(),
    ])
      expect(difference(await decodeImage(bytes, 'f'), image)).toBe(0)
  })

  test.each(['jpeg', 'webp', 'avif'] as const)('%s, lossy: within a few levels', async (format) => {
    const image = smoothImage(61, 43)
    const bytes = await sharpOf(image).toFormat(format, { quality: 95 }).toBuffer()
    expect(difference(await decodeImage(bytes, 'f'), image)).toBeLessThan(12)
  })

  test('progressive JPEG gives the same pixels as baseline JPEG', async () => {
    const image = sharpOf(smoothImage(61, 43))
    const [plain, progressive] = [await image.jpeg().toBuffer(), await image.jpeg({ progressive: true }).toBuffer()]
    expect(difference(await decodeImage(progressive, 'f'), await decodeImage(plain, 'f'))).toBe(0)
  })

  test('the first frame of GIF and of animated WebP', async () => {
    const frame = (colour: string) =>
      sharp({ create: { width: 7, height: 5, channels: 3, background: colour } })
        .png()
        .toBuffer()
    const frames = [await frame('#ff0000'), await frame('#0000ff')]
    const gif = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer()
    const webp = await sharp(gif, { animated: true }).webp({ lossless: true }).toBuffer()
    for (const bytes of [gif, webp]) {
      expect((await sharp(bytes).metadata()).pages).toBe(2)
      const image = await decodeImage(bytes, 'f')
      expect([image.width, image.height]).toEqual([7, 5])
      expect(new Set(pixels(image).map(String))).toEqual(new Set(['255,0,0']))
    }
  })
})

describe('conversion to RGB', () => {
  test.each(['png', 'webp', 'avif'] as const)('alpha of %s is composited over white', async (format) => {
    const bytes = await rgba()
      .toFormat(format, { lossless: format !== 'png' })
      .toBuffer()
    expect(pixels(await decodeImage(bytes, 'f'))).toEqual(overWhite)
  })

  test('a palette, with alpha and without', async () => {
    const bytes = await rgba().png({ palette: true }).toBuffer()
    expect((await sharp(bytes).metadata()).isPalette).toBe(true)
    expect(pixels(await decodeImage(bytes, 'f'))).toEqual(overWhite)
    const opaque = await rgba().flatten({ background: 'white' }).png({ palette: true }).toBuffer()
    expect(pixels(await decodeImage(opaque, 'f'))).toEqual(overWhite)
  })

  test('grey, and grey with alpha', async () => {
    expect(pixels(await decodeImage(png(3, 1, 8, 0, [0, 100, 255]), 'f'))).toEqual([0, 100, 255].map((v) => [v, v, v]))
    const withAlpha = png(3, 1, 8, 4, [0, 255, 100, 0, 0, 128])
    expect(pixels(await decodeImage(withAlpha, 'f'))).toEqual([0, 255, 127].map((v) => [v, v, v]))
    const jpeg = await sharpOf(smoothImage(9, 9)).toColourspace('b-w').jpeg().toBuffer()
    expect((await sharp(jpeg).metadata()).channels).toBe(1)
    for (const [r, g, b] of pixels(await decodeImage(jpeg, 'f'))) expect([g, b]).toEqual([r, r])
  })

  test('16 bits, in every colour type of PNG', async () => {
    const at16 = (v: number) => v * 257
    const rgb = [255, 0, 0, 0, 255, 0, 10, 20, 30]
    expect([...(await decodeImage(png(3, 1, 16, 2, rgb.map(at16)), 'f')).data]).toEqual(rgb)
    expect(pixels(await decodeImage(png(2, 1, 16, 0, [10, 255].map(at16)), 'f'))).toEqual(
      [10, 255].map((v) => [v, v, v]),
    )
    const rgb16Alpha = png(2, 1, 16, 6, [255, 0, 0, 0, 10, 20, 30, 255].map(at16))
    expect(pixels(await decodeImage(rgb16Alpha, 'f'))).toEqual([
      [255, 255, 255],
      [10, 20, 30],
    ])
    const greyAlpha = png(2, 1, 16, 4, [10, 255, 10, 0].map(at16))
    expect(pixels(await decodeImage(greyAlpha, 'f'))).toEqual([
      [10, 10, 10],
      [255, 255, 255],
    ])
  })

  test('CMYK', async () => {
    const image = smoothImage(33, 21)
    const bytes = await sharpOf(image).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()
    expect((await sharp(bytes).metadata()).space).toBe('cmyk')
    const back = await decodeImage(bytes, 'f')
    expect([back.width, back.height, back.data.length]).toEqual([33, 21, 33 * 21 * 3])
    // CMYK does not cover all of RGB, so the colours are only near. A decoder without profiles gives the negative.
    const mean = back.data.reduce((sum, v, i) => sum + Math.abs(v - image.data[i]), 0) / back.data.length
    expect(mean).toBeLessThan(25)
  })

  test('a wide-gamut profile is converted to sRGB', async () => {
    const image = sharpOf(smoothImage(33, 21))
    const p3 = await image.clone().withIccProfile('p3').png().toBuffer()
    const stored = await sharp(p3, { ignoreIcc: true }).raw().toBuffer()
    expect(Buffer.compare(stored, Buffer.from(smoothImage(33, 21).data))).not.toBe(0)
    expect(difference(await decodeImage(p3, 'f'), smoothImage(33, 21))).toBeLessThan(6)
  })
})

describe('EXIF orientation', () => {
  // As the standard describes it: where row 0 and column 0 of the file are in the scene.
  const scene: Record<number, (row: number, column: number, right: number, bottom: number) => [x: number, y: number]> =
    {
      1: (row, column) => [column, row],
      2: (row, column, right) => [right - column, row],
      3: (row, column, right, bottom) => [right - column, bottom - row],
      4: (row, column, _, bottom) => [column, bottom - row],
      5: (row, column) => [row, column],
      6: (row, column, right) => [right - row, column],
      7: (row, column, right, bottom) => [right - row, bottom - column],
      8: (row, column, _, bottom) => [row, bottom - column],
    }

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('%i: the same pixels', async (orientation) => {
    const upright = noiseImage(11, 7)
    const [rows, columns] = orientation < 5 ? [7, 11] : [11, 7]
    const stored = Buffer.alloc(upright.data.length)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const [x, y] = scene[orientation](row, column, 10, 6)
        stored.set(upright.data.subarray((y * 11 + x) * 3, (y * 11 + x) * 3 + 3), (row * columns + column) * 3)
      }
    const bytes = await sharpOf({ width: columns, height: rows, data: stored })
      .png()
      .withMetadata({ orientation })
      .toBuffer()
    expect((await sharp(bytes).metadata()).orientation).toBe(orientation)
    expect(difference(await decodeImage(bytes, 'f'), upright)).toBe(0)
  })

  test('a JPEG that is shrunk while it is decoded', async () => {
    const upright = smoothImage(203, 101)
    const turned = await sharpOf(upright).rotate(-90).jpeg({ quality: 95 }).withMetadata({ orientation: 6 }).toBuffer()
    const quarter = await decodeImage(turned, 'f', 25)
    const wanted = await sharpOf(upright).resize(50, 25, { fit: 'fill' }).raw().toBuffer()
    expect(difference(quarter, { width: 50, height: 25, data: wanted })).toBeLessThan(12)
  })
})

describe('atLeast', () => {
  test.each([
    [400, 203, 101],
    [26, 203, 101],
    [25, 50, 25],
    [13, 50, 25],
    [12, 25, 12],
    [1, 25, 12],
  ])('%i pixels: %i x %i of 203 x 101', async (atLeast, width, height) => {
    const bytes = await sharpOf(smoothImage(203, 101)).jpeg().toBuffer()
    const image = await decodeImage(bytes, 'f', atLeast)
    expect([image.width, image.height]).toEqual([width, height])
  })

  test('other formats are not shrunk', async () => {
    const bytes = await sharpOf(smoothImage(203, 101)).png().toBuffer()
    expect((await decodeImage(bytes, 'f', 10)).width).toBe(203)
  })
})

describe('errors name the file', () => {
  test.each(['JPEG', 'PNG', 'WebP', 'AVIF', 'GIF'] as const)('%s that is truncated anywhere', async (format) => {
    const bytes = await sharpOf(noiseImage(61, 43))
      .toFormat(format.toLowerCase() as 'jpeg')
      .toBuffer()
    for (const kept of [0.3, 0.6, 0.95])
      for (const atLeast of [undefined, 1])
        expect(await failureOf(decodeImage(bytes.subarray(0, bytes.length * kept), 'cat/7', atLeast))).toBe(
          `KingletError: cat/7: the ${format} file is damaged or cut off: replace or remove it`,
        )
  })

  test('empty, text, other formats', async () => {
    expect(await failureOf(decodeImage(new Uint8Array(0), 'cat/0.jpg'))).toBe(
      'KingletError: cat/0.jpg: the file is empty: replace or remove it',
    )
    const tiff = await sharpOf(noiseImage(3, 2)).tiff().toBuffer()
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>')
    for (const bytes of [new TextEncoder().encode('hello'), svg, tiff])
      expect(await failureOf(decodeImage(bytes, 'cat/1.jpg'))).toBe(
        'KingletError: cat/1.jpg: not a JPEG, PNG, WebP, AVIF or GIF file: convert it to one of these, or remove it',
      )
  })

  test('more pixels than the limit', async () => {
    const bytes = png(1, 1, 8, 0, [0])
    // Width, height and the checksum of the header.
    bytes.writeUInt32BE(20_000, 16)
    bytes.writeUInt32BE(20_000, 20)
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29)
    expect(await failureOf(decodeImage(bytes, 'huge.png'))).toBe(
      'KingletError: huge.png: the PNG file has more than 268 million pixels: scale it down or remove it',
    )
  })

  test('files that cannot be read', async () => {
    const folder = folderOf({ 'a.png': await sharpOf(noiseImage(3, 2)).png().toBuffer(), 'b/': '' })
    expect((await readImage(join(folder, 'a.png'))).width).toBe(3)
    expect(await failureOf(readImage(join(folder, 'c.png')))).toBe(
      `KingletError: ${folder}/c.png: there is no such file`,
    )
    expect(await failureOf(readImage(join(folder, 'b')))).toBe(`KingletError: ${folder}/b: it is a folder`)
  })
})
