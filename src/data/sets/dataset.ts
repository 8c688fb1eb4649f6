/**
 * A labelled set of images. A set says what it consists of in `source`, whose large parts are in shared memory, so a
 * loader's worker threads read the same set and only indices travel to them.
 */
import { assert, key, keyOf } from '../../core/index.ts'
import type { RgbImage } from '../images/image.ts'

/** Images of one size, one after the other, each `height * width * channels` bytes. */
export interface PixelSource {
  readonly kind: 'pixels'
  /** What an image is called: `name 17`. */
  readonly name: string
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly pixels: Uint8Array
  readonly labels: Uint32Array
}

/** Image files: paths relative to `root`, as UTF-8 one after the other; path i is bytes `ends[i - 1]` to `ends[i]`. */
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

/** What a worker thread needs to read a set: survives `postMessage`, and shares its memory where that can be shared. */
export type DatasetSource = PixelSource | FileSource | SubsetSource

/** A labelled set of images. `openDataset` and `arrays` make one; anything else with these members works too. */
export interface Dataset {
  /** Names, in the order of the network's outputs. */
  readonly classes: readonly string[]
  /** Number of images. */
  readonly length: number
  /** Index into `classes` of image `i`. */
  label(i: number): number
  /** What reports and errors call image `i`: `cat/1.jpg`, or `train-images-idx3-ubyte.gz image 17`. */
  name(i: number): string
  /**
   * Image `i`, decoded. With `atLeast`, a decoder that is faster that way may shrink an image that is much larger, as
   * long as both sides keep that many pixels. Throws a `KingletError` that names the file when it is damaged.
   */
  image(i: number, atLeast?: number): RgbImage | Promise<RgbImage>
  /** Without it, the set is read on the calling thread only. */
  readonly source?: DatasetSource
}

/** Zeroed bytes that threads can share where the platform has such memory (Node; cross-origin-isolated pages). */
export const sharedBytes = (length: number): Uint8Array =>
  new Uint8Array(typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(length) : new SharedArrayBuffer(length))

/** As {@link sharedBytes}, for 32-bit words; copies `values`. */
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
 * Images `indices` of `dataset`, in that order, as a set of its own.
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

/** As {@link subset}, of indices that are known to be right and are kept, not copied. */
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
 * Eight hexadecimal digits that tell sets apart: by the classes, and each image's name and label (pixels are not
 * read). A checkpoint holds it, so that a run is not resumed on other data.
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
