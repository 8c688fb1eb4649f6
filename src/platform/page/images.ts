/**
 * Images in a page as RGB bytes. The browser decodes files, upright and in sRGB. Everything that can be drawn is drawn
 * on a white canvas and read back. Opaque pixels do not change; pixels with alpha may be off by one.
 */
import { assert, KingletError, UsageError } from '../../core/index.ts'
import { fromRgba, type RgbImage } from '../../data/index.ts'
import { bytesInMemory, fetchBytes, type ImageSource, kindOf, nameOfSource } from '../sources.ts'

interface Drawable<T> {
  size(x: T): readonly [width: number, height: number]
  /** Resolves when the image can be drawn; rejects when it never can. */
  ready?(x: T): Promise<unknown>
  /** The error text for an image without pixels. */
  readonly empty: string
}

const drawable = <T>(d: Drawable<T>): Drawable<CanvasImageSource> => d as Drawable<unknown>
const withSides = (empty: string) =>
  drawable<{ readonly width: number; readonly height: number }>({ size: (x) => [x.width, x.height], empty })

/** What a canvas can draw, by class name: an element of another frame has a different class with the same name. */
const drawables: Readonly<Record<string, Drawable<CanvasImageSource>>> = {
  HTMLImageElement: drawable<HTMLImageElement>({
    size: (x) => [x.naturalWidth, x.naturalHeight],
    ready: (x) => x.decode(),
    empty: 'its file could not be loaded or decoded: check its src',
  }),
  HTMLVideoElement: drawable<HTMLVideoElement>({
    size: (x) => (x.readyState < x.HAVE_CURRENT_DATA ? [0, 0] : [x.videoWidth, x.videoHeight]),
    empty: "it has no frame yet: wait for its 'loadeddata' event",
  }),
  VideoFrame: drawable<VideoFrame>({ size: (x) => [x.displayWidth, x.displayHeight], empty: 'it was closed' }),
  ImageBitmap: withSides('it was closed'),
  HTMLCanvasElement: withSides('it has no pixels'),
  OffscreenCanvas: withSides('it has no pixels'),
}

/**
 * Any picture that a page has but pixels in sRGB, which need no drawing. Throws a `KingletError` that says what it is and
 * why it has no pixels.
 */
export async function drawnImage(source: ImageSource, signal: AbortSignal | undefined): Promise<RgbImage> {
  signal?.throwIfAborted()
  const kind = kindOf(source)
  const known = drawables[kind]
  if (known) return draw(source as CanvasImageSource, kind, known)
  if (kind === 'ImageData') return drawDecoded(source as ImageData, kind)
  if (typeof source === 'string' || source instanceof URL) {
    const bytes = await fetchBytes(String(source), { signal })
    return drawDecoded(new Blob([bytes]), String(source).startsWith('data:') ? 'data: URL' : String(source))
  }
  const bytes = await bytesInMemory(source)
  if (bytes) return drawDecoded(source instanceof Blob ? source : new Blob([bytes]), nameOfSource(source, 'image'))
  throw new UsageError(
    `classify: ${kind} is not an image: give a file's URL, bytes or a Blob, pixels ({ width, height, data }), or an ` +
      'image, video or canvas of the page',
  )
}

/** Reads a file, or pixels of another colour space, with the browser's decoder. */
async function drawDecoded(source: Blob | ImageData, name: string): Promise<RgbImage> {
  assert(!(source instanceof Blob) || source.size > 0, `${name}: the file is empty: replace or remove it`)
  const bitmap = await createImageBitmap(source).catch((cause: Error) => {
    throw new KingletError(
      `${name}: this browser cannot decode it (${cause.message}): the file is damaged or not an image: use JPEG, PNG, ` +
        'WebP, AVIF or GIF',
      { cause },
    )
  })
  try {
    return await draw(bitmap, name, withSides('it has no pixels'))
  } finally {
    bitmap.close()
  }
}

async function draw(
  source: CanvasImageSource,
  name: string,
  { size, ready, empty }: Drawable<CanvasImageSource>,
): Promise<RgbImage> {
  await ready?.(source).catch(() => {})
  const [width, height] = size(source)
  assert(width > 0 && height > 0, `${name}: ${empty}`)
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
  assert(context, `${name}: the browser has no memory for a canvas of ${width}x${height} pixels: make it smaller`)
  context.fillStyle = 'white'
  context.fillRect(0, 0, width, height)
  context.drawImage(source, 0, 0, width, height)
  try {
    return fromRgba(width, height, context.getImageData(0, 0, width, height).data)
  } catch (cause) {
    if (!(cause instanceof DOMException) || cause.name !== 'SecurityError') throw cause
    throw new KingletError(
      `${name}: it comes from another site, which does not let this page read its pixels: set crossOrigin = ` +
        "'anonymous' before src, and let that site send Access-Control-Allow-Origin",
      { cause },
    )
  }
}
