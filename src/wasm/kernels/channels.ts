/** Loops over the channels of a pixel and the pixels of a window, for pooling and resizing. */
import type { Value } from '../../ops/index.ts'
import { type Expr, type FunctionBuilder, type I32, i32, type Local } from '../assembler/index.ts'
import type { Target } from '../target.ts'
import { elementBytes } from './elements.ts'

/** Bytes of a pixel of images [N, H, W, C]. */
export const pixelBytes = (v: Pick<Value, 'shape' | 'dtype'>): number => v.shape[3] * elementBytes(v)

/**
 * Runs `body(offset, lanes)` for blocks of f32 channels, each of as many vectors as the target processes together.
 * `offset` is the block's place in bytes; `lanes` has the number of channels in each vector. Only the last vector can have
 * fewer than four: it may be loaded in full (`readSlack`), and is stored by `storeLanes`.
 */
export function channelBlocks(
  f: FunctionBuilder,
  { channelVectors }: Target,
  channels: number,
  body: (offset: Expr<'i32'>, lanes: readonly number[]) => void,
): void {
  const wide = 4 * channelVectors
  const rest = channels % wide
  const all = Array.from({ length: channelVectors }, () => 4)
  f.for(0, (channels - rest) * 4, wide * 4, (offset) => body(offset, all))
  if (rest === 0) return
  const lanes = Array.from({ length: Math.ceil(rest / 4) }, (_, i) => Math.min(4, rest - i * 4))
  body(i32.const((channels - rest) * 4), lanes)
}

export type Range = readonly [first: Local<'i32'>, end: Local<'i32'>]

/** The rows (or columns), of `limit`, that a window of `taps` neighbours covers at position `at`. */
export function seen(
  f: FunctionBuilder,
  at: Expr<'i32'>,
  { stride, before, taps, limit }: { stride: number; before: number; taps: number; limit: number },
): Range {
  const first = f.let(i32.sub(i32.mul(at, stride), before))
  const end = f.let(i32.add(first, taps))
  if (before) f.if(i32.ltS(first, 0), () => f.set(first, 0))
  f.if(i32.gtU(end, limit), () => f.set(end, limit))
  return [first, end]
}

/** Runs `body` with the address of each pixel of `rows` x `columns` in an image at `image`, `width` pixels wide. */
export function eachPixel(
  f: FunctionBuilder,
  image: Expr<'i32'>,
  { width, pixel }: { readonly width: number; readonly pixel: number },
  [firstRow, endRow]: Range,
  [firstColumn, endColumn]: Range,
  body: (address: Local<'i32'>) => void,
): void {
  const at = (row: I32, column: I32) => i32.add(image, i32.mul(i32.add(i32.mul(row, width), column), pixel))
  f.for(firstRow, endRow, 1, (row) => f.for(at(row, firstColumn), at(row, endColumn), pixel, body))
}
