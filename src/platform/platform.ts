/**
 * The interfaces of what Node and a page do differently. Each package entry passes its own to the shared code: a
 * `Reader` to code that only runs models, a `Platform` to code that also trains and saves them.
 */
import type { Dataset, LoaderPool, RgbImage } from '../data/index.ts'
import type { FetchOptions, ImageSource, ModelSource } from './sources.ts'

/** Options for opening a folder of images: a subset of those of `openDataset`. */
export interface OpenFolderOptions {
  readonly classes?: readonly string[] | undefined
  readonly validation?: number | undefined
  readonly seed?: number | undefined
  readonly pool?: LoaderPool | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Reader {
  /** Reads a model file. Returns its bytes, and its name for errors. */
  read(source: ModelSource, options: FetchOptions): Promise<{ bytes: Uint8Array; name: string }>
  /** Reads an image as RGB bytes: upright, alpha composited over white, in sRGB. */
  decode(image: ImageSource, signal: AbortSignal | undefined): Promise<RgbImage>
}

export interface Platform extends Reader {
  /** Writes a model file to a path, or offers it as a download. */
  write(to: string | URL, bytes: Uint8Array<ArrayBuffer>): void
  /** Opens a folder of images. */
  open(
    folder: string | URL,
    options: OpenFolderOptions,
  ): Promise<{ readonly train: Dataset; readonly val: Dataset | undefined; readonly test: Dataset | undefined }>
  /** Starts threads that prepare images, if the platform has them. */
  pool(): LoaderPool | undefined
}
