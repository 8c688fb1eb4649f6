/** The platform of a page: files by URL, images through the browser's decoders and a canvas. */
import { after, UsageError } from '../../core/index.ts'
import type { Platform } from '../platform.ts'
import { bytesInMemory, fetchBytes, kindOf, nameOfSource } from '../sources.ts'
import { imageInPage } from './images.ts'

export const pagePlatform: Platform = {
  async read(source, options) {
    options.signal?.throwIfAborted()
    if (typeof source === 'string' || source instanceof URL)
      return { bytes: await fetchBytes(String(source), options), name: String(source) }
    const bytes = await bytesInMemory(source)
    if (bytes) return { bytes, name: nameOfSource(source, 'model') }
    throw new UsageError(`load: ${kindOf(source)} is not a model file: give its URL, bytes or a Blob`)
  },
  decode: imageInPage,
  write(to, bytes) {
    if (typeof document === 'undefined')
      throw new UsageError(`save: a worker cannot offer ${to} as a download: send toBytes() to its page`)
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
    link.download = String(to)
    link.click()
    // The browser reads the bytes right after the click. A slow browser gets a minute.
    after(60_000, () => URL.revokeObjectURL(link.href))
  },
  async open(folder) {
    throw new UsageError(`${folder}: a page cannot open a folder: give a dataset (arrays makes one)`)
  },
  pool: () => undefined,
}
