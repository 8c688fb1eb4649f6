/**
 * Reads the IDX files of MNIST and Fashion-MNIST (Y. LeCun's format): a magic number, the dimensions as big-endian
 * words, then the data. The third byte of the magic number is the type (8: unsigned bytes), the fourth is the number of
 * dimensions. Refuses other types, and dimensions other than [n, rows, columns] for images and [n] for labels.
 */
import { assert } from '../../core/index.ts'
import type { Dataset } from './dataset.ts'
import { arrays } from './pixels.ts'

/** A file's decompressed bytes, and its name in errors. */
export interface NamedBytes {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Fashion-MNIST's classes (Xiao et al. 2017, arXiv:1708.07747, table 2). */
export const fashionMnistClasses: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
]

function parseIdx(
  { name, bytes }: NamedBytes,
  rank: 1 | 3,
): { readonly dims: readonly number[]; readonly data: Uint8Array } {
  const what = rank === 3 ? 'images' : 'labels'
  const head = 4 + 4 * rank
  const word = (at: number) => new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0)
  assert(
    bytes.length >= head,
    () => `${name}: ${bytes.length} bytes are too few for an IDX file of ${what}: it is cut off`,
  )
  const magic = 0x800 + rank
  assert(
    word(0) === magic,
    () => `${name}: begins with ${hex(word(0))}: an IDX file of ${what} begins with ${hex(magic)}`,
  )
  const dims = Array.from({ length: rank }, (_, i) => word(4 + 4 * i))
  const size = head + dims.reduce((n, d) => n * d, 1)
  assert(
    bytes.length === size,
    () => `${name}: ${bytes.length} bytes, but its header (${dims.join(' x ')}) needs ${size}: the file is damaged`,
  )
  return { dims, data: bytes.subarray(head) }
}

const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`

/**
 * Makes a dataset from an IDX file of images and an IDX file of labels. Without `classes`, the classes are the numbers
 * from 0 to the largest label. Throws when a file is damaged or the numbers of images and labels differ.
 */
export function idxDataset(images: NamedBytes, labels: NamedBytes, classes?: readonly string[]): Dataset {
  const { dims, data } = parseIdx(images, 3)
  const { data: classOf } = parseIdx(labels, 1)
  const [count, height, width] = dims
  assert(count > 0, () => `${images.name}: holds no images`)
  assert(
    classOf.length === count,
    () => `${images.name} holds ${count} images, ${labels.name} ${classOf.length} labels: use two files of one set`,
  )
  const largest = classOf.reduce((most, label) => Math.max(most, label), 0)
  const names = classes ?? Array.from({ length: largest + 1 }, (_, i) => String(i))
  return arrays({ width, height, channels: 1, pixels: data, labels: classOf, classes: names, name: images.name })
}
