/**
 * A labelled set of images. Its `source` describes its contents. The large parts of a source are in shared memory, so
 * that the worker threads of a loader read the same data and receive only indices.
 */
import { assert, key, keyOf } from '../../core/index.ts'
import type { RgbImage } from '../images/image.ts'

/** Images of one size, one after the other, each `height * width * channels` bytes. */
export interface PixelSource {
  readonly kind: 'pixels'
  /** Prefix of the images' names: `name 17`. */
  readonly name: string
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly pixels: Uint8Array
  readonly labels: Uint32Array
}

/** Image files. Paths are relative to `root`, concatenated as UTF-8: path i is bytes `ends[i - 1]` to `ends[i]`. */
export interface FileSource {
  readonly kind: 'files'
  readonly root: string
  readonly paths: Uint8Array
  readonly ends: Uint32Array
  readonly labels: Uint32Array
}

/** Some items of another source, in this order. */
export interface SubsetSource {
  readonly kind: 'subset'
  readonly of: DatasetSource
  readonly indices: Uint32Array
}

/** What a worker thread needs to read a dataset. `postMessage` can send it, without a copy of shared memory. */
export type DatasetSource = PixelSource | FileSource | SubsetSource

/** A labelled set of images. `openDataset` and `arrays` make one; any object with these members works too. */
export interface Dataset {
  /** Names, in the order of the network's outputs. */
  readonly classes: readonly string[]
  /** Number of images. */
  readonly length: number
  /** Index into `classes` of image `i`. */
  label(i: number): number
  /** Name of image `i` in reports and errors: `cat/1.jpg`, or `train-images-idx3-ubyte.gz image 17`. */
  name(i: number): string
  /**
   * Decodes image `i`. With `atLeast`, the decoder may shrink a much larger image, if that is faster and both sides
   * keep at least that many pixels. Throws a `KingletError` that names the file when it is damaged.
   */
  image(i: number, atLeast?: number): RgbImage | Promise<RgbImage>
  /** Without a source, only the calling thread reads the dataset. */
  readonly source?: DatasetSource
}

/** Zeroed bytes, in memory that threads share where the platform has it (Node, cross-origin-isolated pages). */
export const sharedBytes = (length: number): Uint8Array =>
  new Uint8Array(typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(length) : new SharedArrayBuffer(length))

/** Like {@link sharedBytes}, for 32-bit words; copies `values`. */
export function sharedWords(values: ArrayLike<number>): Uint32Array {
  const words = new Uint32Array(sharedBytes(values.length * 4).buffer)
  words.set(values)
  return words
}

/** Throws unless `i` is the index of an image of `dataset`. */
export function assertIndex(length: number, i: number): void {
  assert(Number.isInteger(i) && i >= 0 && i < length, () => `dataset: image ${i} of ${length}: use 0 to ${length - 1}`)
}

/**
 * Returns a dataset of the images `indices` of `dataset`, in that order.
 *
 * @example
 * ```ts
 * import { arrays, subset } from 'kinglet/data'
 *
 * const pixels = new Uint8Array([0, 9, 250, 255])
 * const all = arrays({ width: 2, height: 1, channels: 1, pixels, labels: [0, 1], classes: ['dark', 'light'] })
 * subset(all, [1]).label(0) // => 1
 * ```
 */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  for (let i = 0; i < indices.length; i++) assertIndex(dataset.length, indices[i])
  return openSubset(dataset, sharedWords(indices))
}

/** Like {@link subset}, but keeps `indices` without a check or a copy. */
export function openSubset(of: Dataset, indices: Uint32Array): Dataset {
  const at = (i: number) => {
    assertIndex(indices.length, i)
    return indices[i]
  }
  return {
    classes: of.classes,
    length: indices.length,
    label: (i) => of.label(at(i)),
    name: (i) => of.name(at(i)),
    image: (i, atLeast) => of.image(at(i), atLeast),
    ...(of.source && { source: { kind: 'subset', of: of.source, indices } as const }),
  }
}

/**
 * Returns eight hexadecimal digits that identify a dataset by its classes and each image's name and label. Pixels are
 * not read. A checkpoint stores the fingerprint, so that a run does not resume on other data.
 *
 * @example
 * ```ts
 * import { arrays, fingerprint } from 'kinglet/data'
 *
 * const pixels = new Uint8Array(2)
 * const set = arrays({ width: 1, height: 1, channels: 1, pixels, labels: [0, 1], classes: ['a', 'b'] })
 * const renamed = arrays({ width: 1, height: 1, channels: 1, pixels, labels: [0, 1], classes: ['a', 'c'] })
 * fingerprint(set) === fingerprint(renamed) // => false
 * ```
 */
export function fingerprint(dataset: Dataset): string {
  let h = key(dataset.length, ...dataset.classes.map(keyOf))
  for (let i = 0; i < dataset.length; i++) h = key(h, keyOf(dataset.name(i)), dataset.label(i))
  return h.toString(16).padStart(8, '0')
}

/** Number of images of each class, in the order of `classes`. */
export function classCounts(dataset: Dataset): number[] {
  const counts = dataset.classes.map(() => 0)
  for (let i = 0; i < dataset.length; i++) counts[dataset.label(i)]++
  return counts
}
