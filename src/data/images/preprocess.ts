/**
 * Converts RGB bytes of any size to the input of a network. Node and pages run the same code, so both give the same
 * numbers for the same bytes. The rules for sizes and offsets are those of torchvision's `Resize` and `CenterCrop`.
 */
import { assert } from '../../core/index.ts'
import type { RgbImage } from './image.ts'
import type { Preprocessing } from './preprocessing.ts'
import { type ResampleOptions, resample } from './resample.ts'

/**
 * Returns one image as the network's input: float32 `[height, width, 3]`, `(byte / 255 - mean) / std` after resize and
 * centre crop. A batch is a concatenation of these arrays.
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

/** Resizes and crops only: returns an image of the network's input size. */
export function resizeAndCrop(image: RgbImage, preprocessing: Preprocessing): RgbImage {
  const view = viewOf(image, preprocessing)
  const { box, window } = view
  const scaled = view.width !== box.width || view.height !== box.height
  const cut = window.width !== image.width || window.height !== image.height
  return scaled || cut ? resample(image, view) : image
}

/** The part of an image that the network sees, and its size. */
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
  // 224 / 0.875 must be 256, even if rounding makes the quotient slightly smaller.
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

/** Half of `spare`, rounded half to even like Python's `round`, which torchvision's offsets use. */
function middle(spare: number): number {
  const low = Math.floor(spare / 2)
  return spare % 2 === 1 && low % 2 === 1 ? low + 1 : low
}

/** The normalised value of each byte of each channel: `[3, 256]`. */
export function levels({ mean, std }: Preprocessing): Float32Array {
  return Float32Array.from({ length: 3 * 256 }, (_, i) => ((i % 256) / 255 - mean[i >> 8]) / std[i >> 8])
}

/** Writes the normalised `image` to `out`, starting at element `at`. */
export function normaliseInto(out: Float32Array, at: number, { data }: RgbImage, table: Float32Array): void {
  assert(at + data.length <= out.length, () => `preprocess: ${data.length} values do not fit in ${out.length - at}`)
  for (let i = 0; i < data.length; i += 3, at += 3) {
    out[at] = table[data[i]]
    out[at + 1] = table[256 + data[i + 1]]
    out[at + 2] = table[512 + data[i + 2]]
  }
}
