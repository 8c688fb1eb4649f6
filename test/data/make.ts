/** Images, files and folders for the tests of `data`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { type ArraysOptions, arrays, type Dataset, type RgbImage, rgbImage } from '../../src/data/index.ts'
import { temporaryFolder } from '../support/folders.ts'

/** Byte `i` of the noise in all test images; pillow.py has the same formula. */
export const noise = (i: number): number => {
  const x = (Math.imul(i, 2654435761) + 12345) >>> 0
  return (x ^ (x >>> 15)) & 255
}

export const noiseImage = (width: number, height: number, from = 0): RgbImage =>
  rgbImage(
    width,
    height,
    Uint8Array.from({ length: width * height * 3 }, (_, i) => noise(from + i)),
  )

/** A smooth image, which lossy formats preserve. */
export const smoothImage = (width: number, height: number): RgbImage =>
  rgbImage(
    width,
    height,
    Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)]
      return Math.round([40 + (180 * x) / width, 30 + (200 * y) / height, 200 - (150 * x * y) / (width * height)][c])
    }),
  )

export const sharpOf = ({ width, height, data }: RgbImage) => sharp(data, { raw: { width, height, channels: 3 } })

/** Largest difference between the bytes of two images. Throws when their sizes differ. */
export function difference(a: RgbImage, b: RgbImage): number {
  if (a.width !== b.width || a.height !== b.height)
    throw new Error(`${a.width}x${a.height} is not ${b.width}x${b.height}`)
  return a.data.reduce((most, v, i) => Math.max(most, Math.abs(v - b.data[i])), 0)
}

/** A PNG of big-endian samples of any depth and colour type, which sharp does not write itself. */
export function png(
  width: number,
  height: number,
  depth: number,
  colourType: number,
  samples: readonly number[],
): Buffer {
  const bytes = Buffer.alloc((samples.length * depth) / 8)
  for (const [i, v] of samples.entries()) depth === 16 ? bytes.writeUInt16BE(v, 2 * i) : bytes.writeUInt8(v, i)
  const line = bytes.length / height
  const rows = Array.from({ length: height }, (_, y) => [Buffer.from([0]), bytes.subarray(y * line, (y + 1) * line)])
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([depth, colourType], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Makes a folder with these files; a path that ends in / is an empty folder. It is removed after the tests. */
export function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = temporaryFolder('data')
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(path.endsWith('/') ? join(folder, path) : dirname(join(folder, path)), { recursive: true })
    if (!path.endsWith('/')) writeFileSync(join(folder, path), bytes)
  }
  return folder
}

/** A dataset of `count` noise images with labels 0, 1, 2, 0, 1, 2 and so on. */
export function noiseSet(count: number, options: Partial<ArraysOptions> = {}): Dataset {
  const { width = 5, height = 4, channels = 3 } = options
  return arrays({
    ...{ width, height, channels, classes: ['a', 'b', 'c'] },
    pixels: Uint8Array.from({ length: count * width * height * channels }, (_, i) => noise(i)),
    labels: Array.from({ length: count }, (_, i) => i % 3),
    ...options,
  })
}

/** The error that `promise` rejects with, as text. */
export const failureOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it did not fail',
    (error) => `${error.name}: ${error.message}`,
  )

/** An IDX file of unsigned bytes. */
export function idxBytes(dims: readonly number[], byte: (i: number) => number): Buffer {
  const head = Buffer.alloc(4 + 4 * dims.length)
  head.writeUInt32BE(0x800 + dims.length, 0)
  for (const [i, d] of dims.entries()) head.writeUInt32BE(d, 4 + 4 * i)
  const size = dims.reduce((n, d) => n * d, 1)
  return Buffer.concat([head, Buffer.from(Array.from({ length: size }, (_, i) => byte(i)))])
}

/** A record of a CIFAR file: labels, then three planes of 32 x 32. */
export const cifarRecord = (labels: readonly number[], byte: (i: number) => number): Buffer =>
  Buffer.from([...labels, ...Array.from({ length: 3072 }, (_, i) => byte(i))])
