/** Datasets of image files: a list of paths in shared memory. An image is decoded when it is read. */
import { join, resolve } from 'node:path'
import { readImage } from '../images/node-decode.ts'
import { assertIndex, type Dataset, type FileSource, sharedBytes, sharedWords } from './dataset.ts'

/** The source of a dataset of files. `paths` are relative to `root`, with `/` as the separator. */
export function fileSource(root: string, paths: readonly string[], labels: readonly number[]): FileSource {
  const encoder = new TextEncoder()
  const ends = sharedWords(new Uint32Array(paths.length))
  let end = 0
  for (const [i, path] of paths.entries()) ends[i] = end += Buffer.byteLength(path)
  const bytes = sharedBytes(end)
  for (const [i, path] of paths.entries()) bytes.set(encoder.encode(path), i === 0 ? 0 : ends[i - 1])
  return { kind: 'files', root: resolve(root), paths: bytes, ends, labels: sharedWords(labels) }
}

/** The dataset that `source` describes. */
export function openFiles(source: FileSource, classes: readonly string[]): Dataset {
  const { root, paths, ends, labels } = source
  const bytes = Buffer.from(paths.buffer, paths.byteOffset, paths.length)
  const name = (i: number): string => {
    assertIndex(ends.length, i)
    return bytes.toString('utf8', i === 0 ? 0 : ends[i - 1], ends[i])
  }
  return {
    classes,
    length: ends.length,
    source,
    name,
    label(i) {
      assertIndex(labels.length, i)
      return labels[i]
    },
    image(i, atLeast) {
      const path = name(i)
      return readImage(join(root, path), atLeast, path)
    },
  }
}
