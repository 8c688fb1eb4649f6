/**
 * Decodes image files to RGB bytes with sharp (libvips): JPEG, PNG, WebP, AVIF and the first frame of GIF and animated
 * WebP. EXIF orientation is applied. Colour profiles and CMYK are converted to sRGB, 16 bits to 8, grey and palettes to
 * RGB. Alpha is composited over white. Other formats and truncated files are refused with an error that names the file.
 */
import { readFile } from 'node:fs/promises'
import { KingletError } from '../../core/index.ts'
import { type RgbImage, rgbImage } from './image.ts'

/** The signatures of each format: an offset, and the Latin-1 characters there. */
const signatures = {
  JPEG: [[0, '\xff\xd8\xff']],
  PNG: [[0, '\x89PNG']],
  GIF: [[0, 'GIF8']],
  WebP: [
    [0, 'RIFF'],
    [8, 'WEBP'],
  ],
  AVIF: [[4, 'ftypavi']],
} as const

/** The format of a file by its first bytes. libvips reads other formats too, such as SVG; they are refused. */
function formatOf(bytes: Uint8Array): keyof typeof signatures | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 16))
  const formats = Object.keys(signatures) as (keyof typeof signatures)[]
  return formats.find((format) => signatures[format].every(([at, begin]) => head.startsWith(begin, at)))
}

/** sharp takes a tenth of a second to load, so it is loaded only when an image is decoded. */
export const loadSharp = async () => (await import('sharp')).default

/**
 * Decodes the bytes of an image file. Errors call it `name`. With `atLeast`, a JPEG is decoded at a quarter or an
 * eighth of its size if both sides keep at least that many pixels. This is faster, but not exact.
 */
export async function decodeImage(bytes: Uint8Array, name: string, atLeast?: number): Promise<RgbImage> {
  const sharp = await loadSharp()
  if (bytes.length === 0) throw new KingletError(`${name}: the file is empty: replace or remove it`)
  const format = formatOf(bytes)
  if (!format)
    throw new KingletError(`${name}: not a JPEG, PNG, WebP, AVIF or GIF file: convert it to one of these, or remove it`)
  try {
    const image = sharp(bytes, { failOn: 'error' })
    if (format === 'JPEG' && atLeast) {
      const { autoOrient: upright } = await image.metadata()
      const divisor = divisorOf(Math.min(upright.width, upright.height), atLeast)
      const [width, height] = [Math.floor(upright.width / divisor), Math.floor(upright.height / divisor)]
      if (divisor > 1) image.resize({ width, height, fit: 'fill' })
    }
    const { data, info } = await image
      .autoOrient()
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return rgbImage(info.width, info.height, new Uint8Array(data.buffer, data.byteOffset, data.length))
  } catch (cause) {
    // libvips keeps one error message for all threads, so the message may be that of another image.
    const tooLarge = (cause as Error).message.includes('pixel limit')
    const what = tooLarge ? 'has more than 268 million pixels: scale it down' : 'is damaged or cut off: replace'
    throw new KingletError(`${name}: the ${format} file ${what} or remove it`, { cause })
  }
}

/** The largest of 8, 4 and 1 that divides `pixels` to no less than `atLeast`. A 2 was measured to save no time. */
const divisorOf = (pixels: number, atLeast: number): number => [8, 4].find((n) => pixels >= atLeast * n) ?? 1

/**
 * Reads and decodes an image file. Throws a `KingletError` when the file cannot be read or is damaged. Errors call it
 * `name`, by default the path.
 */
export async function readImage(path: string, atLeast?: number, name = path): Promise<RgbImage> {
  return decodeImage(await readBytes(path, name), name, atLeast)
}

/** Reads a file. Throws a `KingletError` with the reason when it cannot be read. */
export async function readBytes(path: string, name = path): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'this user may not read it',
      EISDIR: 'it is a folder',
    }
    throw new KingletError(`${name}: ${reasons[code] ?? message}`)
  }
}
