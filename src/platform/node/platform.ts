/** The platform of Node: files by path, images decoded by sharp. */
import { fileURLToPath } from 'node:url'
import { UsageError } from '../../core/index.ts'
import { decodeImage, loaderPool, openDataset, readBytes } from '../../data/node.ts'
import type { Platform } from '../platform.ts'
import { bytesInMemory, type FetchOptions, fetchBytes, imageOfPixels, kindOf, nameOfSource } from '../sources.ts'
import { writeFileAtomic } from './files.ts'

/** A string is a URL when it begins with one of these. `C:\photo.jpg` is not a URL. */
const url = /^(https?|data|blob|file):/i

const pathOf = (path: string | URL): string => (path instanceof URL ? fileURLToPath(path) : path)

/** Reads a file from any kind of source. Returns its bytes, and its name for errors; undefined for other values. */
async function read(
  source: unknown,
  what: string,
  options: FetchOptions,
): Promise<{ bytes: Uint8Array; name: string } | undefined> {
  options.signal?.throwIfAborted()
  if (source instanceof URL || (typeof source === 'string' && url.test(source))) {
    const { href, protocol } = new URL(source)
    if (protocol !== 'file:') return { bytes: await fetchBytes(href, options), name: href }
    source = fileURLToPath(href)
  }
  if (typeof source === 'string') return { bytes: await readBytes(source), name: source }
  const bytes = await bytesInMemory(source)
  return bytes && { bytes, name: nameOfSource(source, what) }
}

export const nodePlatform: Platform = {
  async read(source, options) {
    const found = await read(source, 'model', options)
    if (found) return found
    throw new UsageError(`load: ${kindOf(source)} is not a model file: give its path, URL, bytes or a Blob`)
  },
  async decode(image, signal) {
    const pixels = imageOfPixels(image)
    if (pixels) return pixels
    const found = await read(image, 'image', { signal })
    if (found) return decodeImage(found.bytes, found.name)
    throw new UsageError(
      `classify: ${kindOf(image)} is not an image: give a file's path, URL, bytes or a Blob, or pixels ` +
        '({ width, height, data })',
    )
  },
  write: (to, bytes) => writeFileAtomic(pathOf(to), bytes),
  open: (folder, options) => openDataset(pathOf(folder), options),
  pool: loaderPool,
}
