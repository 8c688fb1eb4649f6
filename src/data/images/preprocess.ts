/**
 * From RGB bytes of any size to what a network sees. The same code runs in Node and in a page, so both give the same
 * numbers for the same bytes. The rules for sizes and offsets are torchvision's (`Resize`, `CenterCrop`).
 */
import { assert } from '../../core/index.ts'
import type { RgbImage } from './image.ts'
import type { Preprocessing } from './preprocessing.ts'
import { type ResampleOptions, resample } from './resample.ts'

/**
 * One image as a network sees it: float32 `[height, width, 3]`, `(byte / 255 - mean) / std` after resize and centre
 * crop. A batch is such arrays one after the other.
 *
 * @example
 * ```ts
 * import { preprocess, preprocessingPreset, rgbImage } from 'kinglet/data'
 *
 * const white = rgbImage(3, 2, new Uint8Array(18).fill(255))
 * preprocess(white, preprocessingPreset('inception', 1)) // => new Float32Array([1, 1, 1])
 * ```
 */
export function preprocess(image: RgbImage, preprocessing: Preprocessing): Float32Array {
  const [height, width] = preprocessing.size
  const out = new Float32Array(height * width * 3)
  normaliseInto(out, 0, resizeAndCrop(image, preprocessing), levels(preprocessing))
  return out
}

/** Resize and centre crop alone: an image of the network's size. */
export function resizeAndCrop(image: RgbImage, preprocessing: Preprocessing): RgbImage {
  const view = viewOf(image, preprocessing)
  const { box, window } = view
  const scaled = view.width !== box.width || view.height !== box.height
  const cut = window.width !== image.width || window.height !== image.height
  return scaled || cut ? resample(image, view) : image
}

/** Which part of an image a network sees, and at what size. */
function viewOf({ width, height }: RgbImage, { size, fit, crop, filter }: Preprocessing): ResampleOptions {
  const [h, w] = size
  if (fit === 'stretch') {
    const box = { width: Math.max(1, Math.round(width * crop)), height: Math.max(1, Math.round(height * crop)) }
    return {
      box: { ...box, x: middle(width - box.width), y: middle(height - box.height) },
      width: w,
      height: h,
      window: { x: 0, y: 0, width: w, height: h },
      filter,
    }
  }
  // 224 / 0.875 must be 256 although the division may fall a hair short.
  const cover = size.map((n) => Math.floor(n / crop + 1e-6))
  const tight = cover[1] * height >= cover[0] * width
  const to = tight
    ? { width: cover[1], height: Math.trunc((height * cover[1]) / width) }
    : { width: Math.trunc((width * cover[0]) / height), height: cover[0] }
  return {
    box: { x: 0, y: 0, width, height },
    ...to,
    window: { x: middle(to.width - w), y: middle(to.height - h), width: w, height: h },
    filter,
  }
}

/** Half of `spare`, a half rounded to even: Python's `round`, and so torchvision's offsets. */
function middle(spare: number): number {
  const low = Math.floor(spare / 2)
  return spare % 2 === 1 && low % 2 === 1 ? low + 1 : low
}

/** What each byte of each channel becomes: `[3, 256]`. */
export function levels({ mean, std }: Preprocessing): Float32Array {
  return Float32Array.from({ length: 3 * 256 }, (_, i) => ((i % 256) / 255 - mean[i >> 8]) / std[i >> 8])
}

/** Writes `image` normalised to `out` from element `at` on. */
export function normaliseInto(out: Float32Array, at: number, { data }: RgbImage, table: Float32Array): void {
  assert(at + data.length <= out.length, () => `preprocess: ${data.length} values do not fit in ${out.length - at}`)
  for (let i = 0; i < data.length; i += 3, at += 3) {
    out[at] = table[data[i]]
    out[at + 1] = table[256 + data[i + 1]]
    out[at + 2] = table[512 + data[i + 2]]
  }
}
