/** Colour changes of RGB bytes. All return new images of the same size, rounded and clamped to bytes. */
import { type RgbImage, rgbImage } from '../images/image.ts'

const byte = (v: number): number => Math.min(255, Math.max(0, Math.round(v)))

/** Luma of ITU-R BT.601, 0 to 255. */
const luma = (r: number, g: number, b: number): number => 0.299 * r + 0.587 * g + 0.114 * b

/** Maps every byte of channel c through `tables[c]`. */
function mapLevels({ width, height, data }: RgbImage, tables: readonly Uint8Array[]): RgbImage {
  const out = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i += 3) {
    out[i] = tables[0][data[i]]
    out[i + 1] = tables[1][data[i + 1]]
    out[i + 2] = tables[2][data[i + 2]]
  }
  return rgbImage(width, height, out)
}

const sameLevels = (image: RgbImage, level: (v: number) => number): RgbImage => {
  const table = Uint8Array.from({ length: 256 }, (_, v) => level(v))
  return mapLevels(image, [table, table, table])
}

/** 0: black, 1: unchanged, above 1: brighter. */
export const brightness = (image: RgbImage, factor: number): RgbImage => sameLevels(image, (v) => byte(v * factor))

/** 0: the image's mean grey, 1: unchanged. */
export function contrast(image: RgbImage, factor: number): RgbImage {
  const { data } = image
  let sum = 0
  for (let i = 0; i < data.length; i += 3) sum += luma(data[i], data[i + 1], data[i + 2])
  const mean = Math.round(sum / (data.length / 3))
  return sameLevels(image, (v) => byte(mean + factor * (v - mean)))
}

/** 0: grey, 1: unchanged. */
export function saturation({ width, height, data }: RgbImage, factor: number): RgbImage {
  const out = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i += 3) {
    const grey = luma(data[i], data[i + 1], data[i + 2])
    for (let c = 0; c < 3; c++) out[i + c] = byte(grey + factor * (data[i + c] - grey))
  }
  return rgbImage(width, height, out)
}

/** Turns the hue by `turn` of the circle (-0.5 to 0.5) in the HSV cone. Value and saturation do not change. */
export function hue({ width, height, data }: RgbImage, turn: number): RgbImage {
  const out = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [data[i], data[i + 1], data[i + 2]]
    const high = Math.max(r, g, b)
    const spread = high - Math.min(r, g, b)
    // Sixths of the circle from red.
    const sixths =
      spread === 0 ? 0 : high === r ? (g - b) / spread : high === g ? (b - r) / spread + 2 : (r - g) / spread + 4
    for (let c = 0; c < 3; c++) {
      // Red peaks at 0 sixths, green at 2, blue at 4; each falls to the minimum between one and two sixths away.
      const away = (((sixths + turn * 6 - 2 * c) % 6) + 9) % 6
      const fall = Math.min(1, Math.max(0, Math.abs(away - 3) - 1))
      out[i + c] = byte(high - spread * fall)
    }
  }
  return rgbImage(width, height, out)
}

/** 0: smoothed by the kernel [1 1 1; 1 5 1; 1 1 1] / 13, 1: unchanged, above 1: sharper. The border does not change. */
export function sharpness({ width, height, data }: RgbImage, factor: number): RgbImage {
  const out = data.slice()
  const line = width * 3
  for (let y = 1; y < height - 1; y++)
    for (let i = y * line + 3; i < (y + 1) * line - 3; i++) {
      const around =
        data[i - line - 3] +
        data[i - line] +
        data[i - line + 3] +
        data[i - 3] +
        data[i + 3] +
        data[i + line - 3] +
        data[i + line] +
        data[i + line + 3]
      const smooth = (around + 5 * data[i]) / 13
      out[i] = byte(smooth + factor * (data[i] - smooth))
    }
  return rgbImage(width, height, out)
}

/** Keeps the `bits` highest bits of each byte. */
export const posterize = (image: RgbImage, bits: number): RgbImage => sameLevels(image, (v) => v & (0xff00 >> bits))

/** Inverts levels at or above `threshold`; 256 inverts none. */
export const solarize = (image: RgbImage, threshold: number): RgbImage =>
  sameLevels(image, (v) => (v < threshold ? v : 255 - v))

/** Stretches each channel so that its darkest level becomes 0 and its lightest 255. */
export const autoContrast = (image: RgbImage): RgbImage =>
  mapLevels(
    image,
    histograms(image).map((counts) => {
      const low = counts.findIndex((n) => n > 0)
      const high = counts.findLastIndex((n) => n > 0)
      return Uint8Array.from(counts, (_, v) => (high > low ? byte(((v - low) * 255) / (high - low)) : v))
    }),
  )

/** Histogram equalisation of each channel: a level becomes the share of pixels below it; the lightest becomes 255. */
export const equalize = (image: RgbImage): RgbImage =>
  mapLevels(
    image,
    histograms(image).map((counts) => {
      const total = image.width * image.height - counts[counts.findLastIndex((n) => n > 0)]
      let below = 0
      return Uint8Array.from(counts, (n, v) => {
        const level = total > 0 ? byte((below * 255) / total) : v
        below += n
        return level
      })
    }),
  )

/** Number of pixels at each level of red, green and blue. */
function histograms({ data }: RgbImage): Uint32Array[] {
  const counts = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)]
  for (let i = 0; i < data.length; i++) counts[i % 3][data[i]]++
  return counts
}
