/** The reader of a page: files by URL, images through the browser's decoders and a canvas. */
import { UsageError } from '../../core/index.ts'
import type { Reader } from '../platform.ts'
import { bytesInMemory, fetchBytes, kindOf, nameOfSource } from '../sources.ts'
import { imageInPage } from './images.ts'

export const pageReader: Reader = {
  async read(source, options) {
    options.signal?.throwIfAborted()
    if (typeof source === 'string' || source instanceof URL)
      return { bytes: await fetchBytes(String(source), options), name: String(source) }
    const bytes = await bytesInMemory(source)
    if (bytes) return { bytes, name: nameOfSource(source, 'model') }
    throw new UsageError(`load: ${kindOf(source)} is not a model file: give its URL, bytes or a Blob`)
  },
  decode: imageInPage,
}
