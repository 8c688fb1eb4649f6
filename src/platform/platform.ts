/**
 * What Node and a page do each in their own way. The front doors hand theirs to what they have in common: a `Reader` to
 * what runs models, a `Platform` to what trains and saves them too.
 */
import type { Dataset, LoaderPool, RgbImage } from '../data/index.ts'
import type { FetchOptions, ImageSource, ModelSource } from './sources.ts'

/** How a folder of images is opened: some options of `openDataset`. */
export interface OpenFolderOptions {
  readonly classes?: readonly string[] | undefined
  readonly validation?: number | undefined
  readonly seed?: number | undefined
  readonly pool?: LoaderPool | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Reader {
  /** The bytes of a model file, and what errors call it. */
  read(source: ModelSource, options: FetchOptions): Promise<{ bytes: Uint8Array; name: string }>
  /** A picture as RGB bytes: upright, alpha over white, in sRGB. */
  decode(image: ImageSource, signal: AbortSignal | undefined): Promise<RgbImage>
}

export interface Platform extends Reader {
  /** Puts a model file where a person finds it. */
  write(to: string | URL, bytes: Uint8Array<ArrayBuffer>): void
  /** A folder of images. */
  open(
    folder: string | URL,
    options: OpenFolderOptions,
  ): Promise<{ readonly train: Dataset; readonly val: Dataset | undefined; readonly test: Dataset | undefined }>
  /** Threads that prepare images, where there are any. */
  pool(): LoaderPool | undefined
}
