/**
 * Copies and zeroes runs of bytes whose lengths are known when code is emitted, and cuts them into pieces. Short runs are
 * consecutive vectors; longer ones are calls of memory.copy and memory.fill. The target has the limit between them.
 */
import { type Expr, type FunctionBuilder, i32, type Local, v128 } from '../assembler/index.ts'
import type { Target } from '../target.ts'
import { vectorBytes } from './elements.ts'
import { splat } from './lanes.ts'

/** Bytes of the accesses that make up a run, widest first. */
const widths = { vector: vectorBytes, word: 4, byte: 1 } as const
type Width = keyof typeof widths

/** The widest access that fits in `bytes` bytes, and offsets that cover them. The last may overlap the one before. */
function cover(bytes: number): { width: Width; offsets: number[] } {
  const width = (Object.keys(widths) as Width[]).find((w) => widths[w] <= bytes) ?? 'byte'
  const each = widths[width]
  const offsets = Array.from({ length: Math.floor(bytes / each) }, (_, i) => i * each)
  if (bytes % each) offsets.push(bytes - each)
  return { width, offsets }
}

/** The start of a run: an address (evaluated more than once, so preferably a local) and an immediate. */
export interface Place {
  readonly address: Expr<'i32'>
  readonly offset?: number
}

const addressOf = ({ address, offset = 0 }: Place): Expr<'i32'> => (offset ? i32.add(address, offset) : address)

type Move = (f: FunctionBuilder, to: Expr<'i32'>, there: number, from: Expr<'i32'>, here: number) => void
const copies: Readonly<Record<Width, Move>> = {
  vector: (f, to, there, from, here) => f.store(to, v128.load(from, here), there),
  word: (f, to, there, from, here) => f.store(to, i32.load(from, here), there),
  byte: (f, to, there, from, here) => f.store8(to, i32.load8U(from, here), there),
}
type Clear = (f: FunctionBuilder, to: Expr<'i32'>, there: number) => void
const clears: Readonly<Record<Width, Clear>> = {
  vector: (f, to, there) => f.store(to, splat(0), there),
  word: (f, to, there) => f.store(to, i32.const(0), there),
  byte: (f, to, there) => f.store8(to, 0, there),
}

/** Copies `bytes` bytes between places that do not overlap. */
export function copyRun(f: FunctionBuilder, { moves }: Target, to: Place, from: Place, bytes: number): void {
  if (bytes > moves.longestCopy) {
    f.memoryCopy(addressOf(to), addressOf(from), bytes)
    return
  }
  const { width, offsets } = cover(bytes)
  for (const i of offsets) copies[width](f, to.address, (to.offset ?? 0) + i, from.address, (from.offset ?? 0) + i)
}

/** Zeroes `bytes` bytes. */
export function zeroRun(f: FunctionBuilder, { moves }: Target, to: Place, bytes: number): void {
  if (bytes > moves.longestFill) {
    f.memoryFill(addressOf(to), 0, bytes)
    return
  }
  const { width, offsets } = cover(bytes)
  for (const i of offsets) clears[width](f, to.address, (to.offset ?? 0) + i)
}

export interface Pieces {
  readonly pieces: number
  /** The range that pieces `from` <= p < `to` cover: the first index, and the index after the last. */
  range(f: FunctionBuilder, from: Local<'i32'>, to: Local<'i32'>): readonly [first: Local<'i32'>, end: Local<'i32'>]
}

/** Pieces of `count` items (rows, elements) with `elements` elements each. */
export function piecesOf(target: Target, count: number, elements = 1): Pieces {
  const each = Math.max(1, Math.floor(target.pieces.elements / elements))
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
