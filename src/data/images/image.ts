/**
 * Images as RGB bytes: the output of every decoder and the input of every augmentation. Alpha is composited over white;
 * grey is repeated three times. Decoders convert 16-bit, palette and CMYK images.
 */
import { assert } from '../../core/index.ts'

/** An image as RGB bytes, row by row from the top left. `data` holds `height * width * 3` bytes. */
export interface RgbImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/**
 * Wraps `data` as an image, without a copy. Throws when its length is not `height * width * 3`.
 *
 * @example
 * ```ts
 * import { rgbImage } from 'kinglet/data'
 *
 * rgbImage(2, 1, new Uint8Array(6)).width // => 2
 * ```
 */
export function rgbImage(width: number, height: number, data: Uint8Array): RgbImage {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0
  assert(whole, () => `image: ${width}x${height} is not a size: width and height must be whole numbers above 0`)
  assert(
    data.length === width * height * 3,
    () => `image: ${data.length} bytes given for ${width}x${height} RGB, which holds ${width * height * 3}`,
  )
  return { width, height, data }
}

/**
 * Makes an image from RGBA bytes, composited over white. Colours must not be premultiplied; those of a canvas'
 * `ImageData` are not. Throws when the length is not `height * width * 4`.
 *
 * @example
 * ```ts
 * import { fromRgba } from 'kinglet/data'
 *
 * fromRgba(1, 1, new Uint8Array([255, 0, 0, 128])).data // => new Uint8Array([255, 127, 127])
 * ```
 */
export function fromRgba(width: number, height: number, rgba: Uint8Array | Uint8ClampedArray): RgbImage {
  assert(
    rgba.length === width * height * 4,
    () => `image: ${rgba.length} bytes given for ${width}x${height} RGBA, which holds ${width * height * 4}`,
  )
  const data = new Uint8Array(width * height * 3)
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = rgba[from + 3]
    const white = 255 * (255 - alpha)
    for (let c = 0; c < 3; c++) data[to + c] = Math.round((rgba[from + c] * alpha + white) / 255)
  }
  return rgbImage(width, height, data)
}

/** Makes an image from grey bytes; each is repeated three times. Throws when the length is not `height * width`. */
export function fromGrey(width: number, height: number, grey: Uint8Array): RgbImage {
  assert(
    grey.length === width * height,
    () => `image: ${grey.length} bytes given for ${width}x${height} grey, which holds ${width * height}`,
  )
  const data = new Uint8Array(grey.length * 3)
  for (let from = 0, to = 0; from < grey.length; from++, to += 3) data[to] = data[to + 1] = data[to + 2] = grey[from]
  return rgbImage(width, height, data)
}
