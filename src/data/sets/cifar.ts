/**
 * Reads the binary files of CIFAR-10 and CIFAR-100 (Krizhevsky 2009). A record is a label and 32 x 32 pixels: all red
 * values first, then green, then blue. A CIFAR-100 record has a coarse and a fine label; the fine label is used.
 */
import { assert } from '../../core/index.ts'
import type { Dataset } from './dataset.ts'
import type { NamedBytes } from './idx.ts'
import { arrays } from './pixels.ts'

export type CifarKind = 'cifar-10' | 'cifar-100'

const kinds: Readonly<Record<CifarKind, { readonly classes: number; readonly labelBytes: number }>> = {
  'cifar-10': { classes: 10, labelBytes: 1 },
  'cifar-100': { classes: 100, labelBytes: 2 },
}

const side = 32
const plane = side * side

/**
 * Makes a dataset from one or more files, in their order. Without `classes`, the classes are numbers. Throws when a
 * file does not hold a whole number of records, or a label has no class.
 */
export function cifarDataset(kind: CifarKind, files: readonly NamedBytes[], classes?: readonly string[]): Dataset {
  const { classes: count, labelBytes } = kinds[kind]
  const record = labelBytes + 3 * plane
  assert(
    !classes || classes.length === count,
    () => `${kind}: ${classes?.length} class names were given: there must be ${count}`,
  )
  for (const { name, bytes } of files)
    assert(
      bytes.length > 0 && bytes.length % record === 0,
      () =>
        `${name}: ${bytes.length} bytes are not a whole number of ${kind} records of ${record} bytes: it is damaged`,
    )
  const total = files.reduce((n, { bytes }) => n + bytes.length / record, 0)
  const pixels = new Uint8Array(total * 3 * plane)
  const labels = new Uint8Array(total)
  let image = 0
  for (const { bytes } of files)
    for (let at = 0; at < bytes.length; at += record, image++) {
      labels[image] = bytes[at + labelBytes - 1]
      const to = image * 3 * plane
      for (let c = 0; c < 3; c++)
        for (let i = 0; i < plane; i++) pixels[to + i * 3 + c] = bytes[at + labelBytes + c * plane + i]
    }
  return arrays({
    ...{ width: side, height: side, channels: 3, pixels, labels },
    classes: classes ?? Array.from({ length: count }, (_, i) => String(i)),
    name: files.map((f) => f.name).join(' + '),
  })
}
