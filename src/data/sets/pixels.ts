/**
 * Datasets of pixels in memory, from the caller's arrays or from IDX and CIFAR files. The pixels are copied once, into
 * memory that loader threads share.
 */
import { assert, assertOptions, type Checks, checks } from '../../core/index.ts'
import { fromGrey, type RgbImage, rgbImage } from '../images/image.ts'
import { assertIndex, type Dataset, type PixelSource, sharedBytes, sharedWords } from './dataset.ts'

export interface ArraysOptions {
  readonly width: number
  readonly height: number
  /** 1: grey. 3: red, green and blue, interleaved. */
  readonly channels: 1 | 3
  /** All images, one after the other. */
  readonly pixels: Uint8Array | Uint8ClampedArray
  /** For each image, an index into `classes`. */
  readonly labels: ArrayLike<number>
  readonly classes: readonly string[]
  /** Name of the dataset in reports and errors. `arrays` by default. */
  readonly name?: string
}

const { given } = checks
const members: Checks<ArraysOptions> = {
  width: given,
  height: given,
  channels: given,
  pixels: given,
  labels: given,
  classes: given,
  name: given,
}

/**
 * Makes a dataset from pixels in memory, in Node or in a page. Throws when the lengths of `pixels` and `labels` do not
 * match, or a label has no class.
 *
 * @example
 * ```ts
 * import { arrays } from 'kinglet/data'
 *
 * const set = arrays({
 *   width: 2,
 *   height: 2,
 *   channels: 1,
 *   pixels: new Uint8Array([0, 0, 0, 0, 255, 255, 255, 255]),
 *   labels: [0, 1],
 *   classes: ['dark', 'light'],
 * })
 * set.length // => 2
 * ```
 */
export function arrays(options: ArraysOptions): Dataset {
  assertOptions('arrays', options, members)
  const { width, height, channels, pixels, labels, classes, name = 'arrays' } = options
  for (const [what, n] of [
    ['width', width],
    ['height', height],
  ] as const)
    assert(checks.count.is(n), `${name}: ${what} is ${n}: it must be a whole number of pixels above 0`)
  assert(channels === 1 || channels === 3, `${name}: channels is ${channels}: it must be 1 (grey) or 3 (RGB)`)
  const bytes = width * height * channels
  assert(
    pixels.length === labels.length * bytes,
    `${name}: ${pixels.length} bytes given for ${labels.length} labels: ${width}x${height}x${channels} images need ` +
      `${labels.length * bytes}`,
  )
  for (let i = 0; i < labels.length; i++)
    assert(
      Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes.length,
      () => `${name}: label ${labels[i]} of image ${i} has no class: there are ${classes.length}, counted from 0`,
    )
  const shared = sharedBytes(pixels.length)
  shared.set(pixels)
  return openPixels(
    { kind: 'pixels', name, width, height, channels, pixels: shared, labels: sharedWords(labels) },
    classes,
  )
}

/** The dataset that `source` describes. */
export function openPixels(source: PixelSource, classes: readonly string[]): Dataset {
  const { name, width, height, channels, pixels, labels } = source
  const bytes = width * height * channels
  const make = channels === 1 ? fromGrey : (w: number, h: number, data: Uint8Array): RgbImage => rgbImage(w, h, data)
  return {
    classes,
    length: labels.length,
    source,
    label(i) {
      assertIndex(labels.length, i)
      return labels[i]
    },
    name: (i) => `${name} image ${i}`,
    image(i) {
      assertIndex(labels.length, i)
      return make(width, height, pixels.subarray(i * bytes, (i + 1) * bytes))
    },
  }
}
