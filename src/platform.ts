/** What Node and a page do each in their own way. The front doors hand theirs to what they have in common. */
import type { RgbImage } from './data/index.ts'
import type { FetchOptions, ImageSource, ModelSource } from './sources.ts'

export interface Platform {
  /** The bytes of a model file, and what errors call it. */
  read(source: ModelSource, options: FetchOptions): Promise<{ bytes: Uint8Array; name: string }>
  /** A picture as RGB bytes: upright, alpha over white, in sRGB. */
  decode(image: ImageSource, signal: AbortSignal | undefined): Promise<RgbImage>
  /** Puts a model file where a person finds it. */
  write(to: string | URL, bytes: Uint8Array<ArrayBuffer>): void
}
