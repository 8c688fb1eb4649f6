/**
 * Copying and zeroing runs of floats whose lengths are known when code is emitted, and pieces made of them. Short runs
 * are vectors in a row: a call of memory.copy costs what 256 bytes take (measured under Node 20), a fill 128.
 */
import { type Expr, type FunctionBuilder, i32, type Local, v128 } from '../assembler/index.ts'
import { splat } from './lanes.ts'

const longestCopy = 256
const longestFill = 128

/** Byte offsets of the accesses that cover `bytes` bytes (a multiple of 4); the last vector may overlap the one before. */
function cover(bytes: number): { vectors: number[]; words: number[] } {
  if (bytes < 16) return { vectors: [], words: Array.from({ length: bytes / 4 }, (_, i) => i * 4) }
  const vectors = Array.from({ length: Math.floor(bytes / 16) }, (_, i) => i * 16)
  if (bytes % 16) vectors.push(bytes - 16)
  return { vectors, words: [] }
}

/** Where a run begins: an address (evaluated more than once, so best a local) and an immediate. */
export interface Place {
  readonly address: Expr<'i32'>
  readonly offset?: number
}

const addressOf = ({ address, offset = 0 }: Place): Expr<'i32'> => (offset ? i32.add(address, offset) : address)

/** Copies `bytes` bytes, a multiple of 4, between places that do not overlap. */
export function copyRun(f: FunctionBuilder, to: Place, from: Place, bytes: number): void {
  if (bytes > longestCopy) {
    f.memoryCopy(addressOf(to), addressOf(from), bytes)
    return
  }
  const [there, here] = [to.offset ?? 0, from.offset ?? 0]
  const { vectors, words } = cover(bytes)
  for (const i of vectors) f.store(to.address, v128.load(from.address, here + i), there + i)
  for (const i of words) f.store(to.address, i32.load(from.address, here + i), there + i)
}

/** Zeroes `bytes` bytes, a multiple of 4. */
export function zeroRun(f: FunctionBuilder, to: Place, bytes: number): void {
  if (bytes > longestFill) {
    f.memoryFill(addressOf(to), 0, bytes)
    return
  }
  const { vectors, words } = cover(bytes)
  for (const i of vectors) f.store(to.address, splat(0), (to.offset ?? 0) + i)
  for (const i of words) f.store(to.address, i32.const(0), (to.offset ?? 0) + i)
}

/** A piece of work that moves data holds about this many elements. */
const perPiece = 4096

export interface Pieces {
  readonly pieces: number
  /** What pieces `from` <= p < `to` cover: the first index and the one behind the last. */
  range(f: FunctionBuilder, from: Local<'i32'>, to: Local<'i32'>): readonly [first: Local<'i32'>, end: Local<'i32'>]
}

/** Pieces of `count` things (rows, elements) of `elements` elements each. */
export function piecesOf(count: number, elements = 1): Pieces {
  const each = Math.max(1, Math.floor(perPiece / elements))
  return {
    pieces: Math.ceil(count / each),
    range(f, from, to) {
      const first = f.let(i32.mul(from, each))
      const end = f.let(i32.mul(to, each))
      if (count % each) f.if(i32.gtU(end, count), () => f.set(end, count))
      return [first, end]
    },
  }
}
