/**
 * Sources of models and images: what `load` and `classify` accept, and the code that Node and pages share. Classes that
 * exist only in a page are looked up in the available types, so that a Node project without the DOM's types compiles.
 */
import { assert, KingletError } from '../core/index.ts'
import { fromRgba, type RgbImage, rgbImage } from '../data/index.ts'

type OfPage<Name extends string> = typeof globalThis extends { readonly [K in Name]: { prototype: infer T } }
  ? T
  : never

/**
 * A model file: its path (Node), its URL, its bytes, or a `Blob` or `File`. In a page a string is a URL. Bytes are not
 * copied: they must not change while the network is in use.
 */
export type ModelSource = string | URL | Blob | ArrayBuffer | Uint8Array

/**
 * Pixels in memory: `ImageData`, an {@link RgbImage}, or another object with RGBA (not premultiplied) or RGB bytes, row
 * by row from the top left.
 */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array | Uint8ClampedArray
}

/**
 * An image: an image file (path, URL, bytes, `Blob` or `File`) or pixels. In a page also an image, video or canvas
 * element, an `OffscreenCanvas`, an `ImageBitmap` or a `VideoFrame`. In a page a string is a URL.
 */
export type ImageSource =
  | string
  | URL
  | Blob
  | ArrayBuffer
  | Uint8Array
  | Pixels
  | OfPage<'ImageData'>
  | OfPage<'HTMLImageElement'>
  | OfPage<'HTMLVideoElement'>
  | OfPage<'HTMLCanvasElement'>
  | OfPage<'OffscreenCanvas'>
  | OfPage<'ImageBitmap'>
  | OfPage<'VideoFrame'>

/** Options of a fetch. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  /** Called as bytes arrive, with the number received and the total (undefined when the server does not give it). */
  readonly onProgress?: ((loaded: number, total: number | undefined) => void) | undefined
}

/** The kind of `source`, for errors: `[object ImageBitmap]` is an `ImageBitmap`. */
export const kindOf = (source: unknown): string => Object.prototype.toString.call(source).slice(8, -1)

/** The name of a file, for errors, if it has one. */
export const nameOfSource = (source: unknown, otherwise: string): string =>
  source instanceof Blob && 'name' in source ? String(source.name) : otherwise

/** Bytes in memory as a `Uint8Array`; undefined for anything else. */
export async function bytesInMemory(source: unknown): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (source instanceof Uint8Array) return source as Uint8Array<ArrayBuffer>
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer())
  return undefined
}

/** Pixels as an image; undefined for anything else. */
export function imageOfPixels(source: unknown): RgbImage | undefined {
  if (typeof source !== 'object' || source === null || !('data' in source)) return undefined
  const { width, height, data } = source as Pixels
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) return undefined
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length)
  const channels = data.length / (width * height)
  assert(
    channels === 3 || channels === 4,
    `image: ${data.length} bytes given for ${width}x${height} pixels: RGB has ${width * height * 3}, RGBA ` +
      `${width * height * 4}`,
  )
  return channels === 3 ? rgbImage(width, height, bytes) : fromRgba(width, height, bytes)
}

/** Fetches the bytes of `url`. Throws a `KingletError` that names it, or the signal's reason. */
export async function fetchBytes(url: string, { signal, onProgress }: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
  const name = url.startsWith('data:') ? 'data: URL' : url
  let loaded = 0
  const failed = (cause: unknown): never => {
    signal?.throwIfAborted()
    const { message, cause: deeper } = cause as Error
    const reason = deeper instanceof Error ? deeper.message : message
    const what = loaded > 0 ? `the connection broke after ${loaded} bytes` : 'could not be fetched'
    throw new KingletError(`${name}: ${what} (${reason}): check the address and the connection`, { cause })
  }
  const response = await fetch(url, { signal: signal ?? null }).catch(failed)
  assert(response.ok, `${name}: the server answered ${response.status} ${response.statusText}: check the address`)
  const { headers } = response
  // The length of a compressed response is not the number of bytes that arrive here.
  const total = (!headers.get('content-encoding') && Number(headers.get('content-length'))) || undefined
  const chunks: Uint8Array[] = []
  const reader = response.body?.getReader()
  for (;;) {
    const { done, value } = (await reader?.read().catch(failed)) ?? { done: true, value: undefined }
    if (done) break
    chunks.push(value)
    loaded += value.length
    onProgress?.(loaded, total)
  }
  const bytes = new Uint8Array(loaded)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
