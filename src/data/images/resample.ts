/**
 * Resizes RGB bytes with bilinear or bicubic filters that widen when an image gets smaller: each pixel of the result is
 * a weighted mean of all pixels that it covers. The arithmetic is on integers, columns first, rounded to bytes in
 * between. So the result is the same on every platform, and equals that of Pillow's `Image.resize`, with which the
 * public checkpoints were trained and measured.
 */
import { type RgbImage, rgbImage } from './image.ts'

/** A rectangle of whole pixels. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface ResampleOptions {
  /** The part of the image to resize. Nothing outside it is read. */
  readonly box: Box
  /** Size of the resized part. */
  readonly width: number
  readonly height: number
  /** The part of the resized image to return. Only this part is computed. */
  readonly window: Box
  readonly filter: Filter
}

export type Filter = 'bilinear' | 'bicubic'

const filters: Record<Filter, { readonly support: number; at(x: number): number }> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys 1981 with a = -1/2.
  bicubic: {
    support: 2,
    at(signed) {
      const x = Math.abs(signed)
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
    },
  },
}

// 8 bits of pixel and 2 of overshoot leave 22 of 32 for the fraction of a weight.
const bits = 22
const half = 1 << (bits - 1)

/** For each output pixel of a line: the first of its input pixels, their number, and their weights. */
interface Taps {
  readonly first: Int32Array
  readonly count: Int32Array
  /** `stride` weights for each output pixel. */
  readonly weights: Int32Array
  readonly stride: number
}

/** Weights of pixels `from` to `from + length - 1` of a line that is resized from `before` to `after` pixels. */
function tapsOf(before: number, after: number, from: number, length: number, filter: Filter): Taps {
  const { support, at } = filters[filter]
  const scale = before / after
  const widen = Math.max(scale, 1)
  const reach = support * widen
  const stride = Math.ceil(reach) * 2 + 1
  const first = new Int32Array(length)
  const count = new Int32Array(length)
  const weights = new Int32Array(length * stride)
  const exact = new Float64Array(stride)
  for (let i = 0; i < length; i++) {
    const centre = (from + i + 0.5) * scale
    const low = Math.max(0, Math.trunc(centre - reach + 0.5))
    const n = Math.min(before, Math.trunc(centre + reach + 0.5)) - low
    let sum = 0
    for (let j = 0; j < n; j++) sum += exact[j] = at((low + j - centre + 0.5) * (1 / widen))
    first[i] = low
    count[i] = n
    for (let j = 0; j < n; j++) {
      const w = (exact[j] / sum) * (1 << bits)
      weights[i * stride + j] = Math.trunc(w + (w < 0 ? -0.5 : 0.5))
    }
  }
  return { first, count, weights, stride }
}

const clamped = (sum: number): number => Math.max(0, Math.min(255, sum >> bits))

/** Resizes `box` of `image` to `width` x `height`, and returns `window` of the result. */
export function resample(image: RgbImage, { box, width, height, window, filter }: ResampleOptions): RgbImage {
  const rows = height === box.height ? undefined : tapsOf(box.height, height, window.y, window.height, filter)
  // The rows of the box that the result needs.
  const top = rows ? rows.first[0] : window.y
  const last = window.height - 1
  const bottom = rows ? rows.first[last] + rows.count[last] : window.y + window.height
  const across = resampleColumns(image, box, width, window, { top: box.y + top, height: bottom - top }, filter)
  return rows ? resampleRows(across, rows, top) : across
}

function resampleColumns(
  image: RgbImage,
  box: Box,
  width: number,
  window: Box,
  lines: { readonly top: number; readonly height: number },
  filter: Filter,
): RgbImage {
  const { data } = image
  const out = new Uint8Array(window.width * lines.height * 3)
  if (width === box.width) {
    for (let y = 0; y < lines.height; y++) {
      const from = ((lines.top + y) * image.width + box.x + window.x) * 3
      out.set(data.subarray(from, from + window.width * 3), y * window.width * 3)
    }
    return rgbImage(window.width, lines.height, out)
  }
  const { first, count, weights, stride } = tapsOf(box.width, width, window.x, window.width, filter)
  for (let y = 0, to = 0; y < lines.height; y++) {
    const line = ((lines.top + y) * image.width + box.x) * 3
    for (let x = 0; x < window.width; x++) {
      let from = line + first[x] * 3
      let r = half
      let g = half
      let b = half
      for (let j = x * stride, end = j + count[x]; j < end; j++, from += 3) {
        const w = weights[j]
        r += data[from] * w
        g += data[from + 1] * w
        b += data[from + 2] * w
      }
      out[to++] = clamped(r)
      out[to++] = clamped(g)
      out[to++] = clamped(b)
    }
  }
  return rgbImage(window.width, lines.height, out)
}

/** `image` holds the lines from line `top` on. */
function resampleRows(image: RgbImage, { first, count, weights, stride }: Taps, top: number): RgbImage {
  const line = image.width * 3
  const out = new Uint8Array(first.length * line)
  const sums = new Int32Array(line)
  for (let y = 0; y < first.length; y++) {
    sums.fill(half)
    for (let j = 0; j < count[y]; j++) {
      const w = weights[y * stride + j]
      const from = (first[y] - top + j) * line
      for (let i = 0; i < line; i++) sums[i] += image.data[from + i] * w
    }
    for (let i = 0; i < line; i++) out[y * line + i] = clamped(sums[i])
  }
  return rgbImage(image.width, first.length, out)
}
