/** The reader of a page: files by URL, images through the browser's decoders and a canvas. */
import { UsageError } from '../../core/index.ts'
import type { Reader } from '../platform.ts'
import { bytesInMemory, fetchBytes, type ImageSource, imageOfPixels, kindOf, nameOfSource } from '../sources.ts'

export const pageReader: Reader = {
  async read(source, options) {
    options.signal?.throwIfAborted()
    if (typeof source === 'string' || source instanceof URL)
      return { bytes: await fetchBytes(String(source), options), name: String(source) }
    const bytes = await bytesInMemory(source)
    if (bytes) return { bytes, name: nameOfSource(source, 'model') }
    throw new UsageError(`load: ${kindOf(source)} is not a model file: give its URL, bytes or a Blob`)
  },
  async decode(image, signal) {
    signal?.throwIfAborted()
    const pixels = isInSrgb(image) ? imageOfPixels(image) : undefined
    // A page that has its pixels at hand, as from a camera's frames, does not load what draws.
    return pixels ?? (await import('./images.ts')).drawnImage(image, signal)
  },
}

/** Bytes of `ImageData` may be those of another colour space; all others are taken to be sRGB. */
const isInSrgb = (image: ImageSource): boolean =>
  kindOf(image) !== 'ImageData' || (image as ImageData).colorSpace === 'srgb'
