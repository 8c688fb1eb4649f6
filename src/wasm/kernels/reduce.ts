/**
 * Sums of elementwise expressions over axes. Several sums over one space (a batch norm's two) share one pass. Rows are
 * summed in blocks that depend only on the shape. Each block has its own partial sums, which are added in order. So the
 * result does not depend on the number of threads, and errors grow with the block, not with the batch.
 */
import { bytesOf, size } from '../../core/index.ts'
import { type Expr, type FunctionBuilder, f32, f32x4, i32, type Local, v128 } from '../assembler/index.ts'
import type { Target } from '../target.ts'
import { elementBytes } from './elements.ts'
import type { Addresses, Family, Phase } from './kernel.ts'
import { contentOf, emitExpressions, expressionKey, splat } from './lanes.ts'
import { mergeDimensions, offsetAt } from './loops.ts'

/**
 * Blocks of rows: the minimum rows of a block, and the maximum blocks per kept outer index. Blocks fix the order of a sum,
 * so they are the same for every target.
 */
const leastRows = 32
const mostBlocks = 64

export const reduce: Family = (v, target) => {
  const { roots, placeholders } = contentOf(v)
  const full = roots[0].inputs[0].shape
  const axes = roots[0].attrs.axes as readonly number[]
  const space = mergeDimensions(
    full,
    placeholders.map((p) => p.shape),
    axes,
  )
  const { sizes, kept } = space
  const last = sizes.length - 1
  const inner = sizes[last]
  const dims = (keep: boolean) => sizes.flatMap((_, i) => (i < last && kept[i] === keep ? [i] : []))
  const [keptDims, summedDims] = [dims(true), dims(false)]
  const outer = size(keptDims.map((i) => sizes[i]))
  const rows = size(summedDims.map((i) => sizes[i]))
  const blockRows = Math.max(leastRows, Math.ceil(rows / mostBlocks))
  const blocks = Math.ceil(rows / blockRows)
  const across = kept[last]
  const columns = across ? inner : 1
  const sums = roots.length
  // y is [sums, outer, columns]; partial sums are [outer, blocks, sums, columns].
  const pick = (dims: readonly number[], from: readonly number[]) => dims.map((i) => from[i])
  const expressions = roots.map((r) => r.inputs[0])
  const bytes = elementBytes(v)
  const { channelVectors } = target
  const key = `reduce ${axes} ${expressionKey(roots, placeholders)}`

  /** The operands' addresses for kept index `o` and row `r`. */
  const basesAt = (f: FunctionBuilder, at: Addresses, o: Expr<'i32'>, r: Expr<'i32'>) =>
    placeholders.map((_, i) => {
      const s = space.strides[i]
      const each = elementBytes(placeholders[i])
      const a = offsetAt(o, pick(keptDims, sizes), pick(keptDims, s), each)
      const b = offsetAt(r, pick(summedDims, sizes), pick(summedDims, s), each)
      return f.let(i32.add(at.inputs[i], i32.add(a, b)))
    })

  const valuesAt = (
    f: FunctionBuilder,
    bases: readonly Expr<'i32'>[],
    column: Expr<'i32'>,
    offset: number,
    lanes: 4 | 1,
  ) =>
    emitExpressions(f, expressions, (leaf) => {
      const i = placeholders.indexOf(leaf)
      if (i < 0) return undefined
      if (space.strides[i][last] === 0) return v128.load32Splat(bases[i])
      return (lanes === 4 ? v128.load : v128.load32Zero)(i32.add(bases[i], column), offset)
    })

  /** Sums rows `first` <= r < `end` of `count` vectors (or single columns), starting at byte `column`, into `store`. */
  const sumRows = (
    f: FunctionBuilder,
    at: Addresses,
    o: Expr<'i32'>,
    [first, end]: readonly [Expr<'i32'>, Expr<'i32'>],
    column: Expr<'i32'>,
    count: number,
    lanes: 4 | 1,
    store: (sum: number, offset: number, value: Expr<'v128'>) => void,
  ) => {
    const totals = roots.map(() => Array.from({ length: count }, () => f.local('v128')))
    for (const t of totals.flat()) f.set(t, splat(0))
    f.for(first, end, 1, (r) => {
      const bases = basesAt(f, at, o, r)
      for (let j = 0; j < count; j++)
        for (const [s, value] of valuesAt(f, bases, column, j * 16, lanes).entries())
          f.set(totals[s][j], f32x4.add(totals[s][j], value))
    })
    for (const [s, list] of totals.entries()) for (const [j, t] of list.entries()) store(s, j * 16, t)
  }

  const partial: Phase = {
    key: `${key} partial`,
    pieces: outer * blocks,
    emit(f, from, to, at) {
      f.for(from, to, 1, (p) => {
        const o = f.let(i32.divU(p, blocks))
        const block = f.let(i32.remU(p, blocks))
        const first = f.let(i32.mul(block, blockRows))
        const end = f.let(i32.add(first, blockRows))
        f.if(i32.gtU(end, rows), () => f.set(end, rows))
        const sumAt = (sum: number): Expr<'i32'> =>
          blocks === 1
            ? i32.add(at.y, i32.mul(i32.add(o, sum * outer), columns * bytes))
            : i32.add(at.scratch, i32.mul(i32.add(i32.mul(p, sums), sum), columns * bytes))
        if (across) sumAcross(f, at, o, [first, end], sumAt)
        else sumAlong(f, at, o, [first, end], sumAt)
      })
    },
  }

  type Range = readonly [Local<'i32'>, Local<'i32'>]
  /** The last dimension is kept: four channels per vector, several vectors at once. */
  const sumAcross = (
    f: FunctionBuilder,
    at: Addresses,
    o: Expr<'i32'>,
    range: Range,
    target: (sum: number) => Expr<'i32'>,
  ) => {
    const bases = roots.map((_, s) => f.let(target(s)))
    const wide = 4 * channelVectors
    const whole = columns - (columns % wide)
    f.for(0, whole * bytes, wide * bytes, (c) =>
      sumRows(f, at, o, range, c, channelVectors, 4, (s, offset, t) => f.store(i32.add(bases[s], c), t, offset)),
    )
    const vectors = Math.floor((columns - whole) / 4)
    const start = i32.const(whole * bytes)
    if (vectors > 0)
      sumRows(f, at, o, range, start, vectors, 4, (s, offset, t) => f.store(i32.add(bases[s], start), t, offset))
    f.for((whole + vectors * 4) * bytes, columns * bytes, bytes, (c) =>
      sumRows(f, at, o, range, c, 1, 1, (s, _, t) => f.storeLane32(i32.add(bases[s], c), t, 0)),
    )
  }

  /** The last dimension is summed too: the lanes are partial sums, added at the end in a fixed order. */
  const sumAlong = (
    f: FunctionBuilder,
    at: Addresses,
    o: Expr<'i32'>,
    [first, end]: Range,
    target: (sum: number) => Expr<'i32'>,
  ) => {
    const totals = roots.map(() => f.local('v128'))
    const tails = roots.map(() => f.local('v128'))
    for (const t of [...totals, ...tails]) f.set(t, splat(0))
    f.for(first, end, 1, (r) => {
      const bases = basesAt(f, at, o, r)
      const whole = inner - (inner % 4)
      const into = (targets: readonly Local<'v128'>[], lanes: 4 | 1) => (c: Local<'i32'>) => {
        for (const [s, value] of valuesAt(f, bases, c, 0, lanes).entries())
          f.set(targets[s], f32x4.add(targets[s], value))
      }
      f.for(0, whole * bytes, 4 * bytes, into(totals, 4))
      f.for(whole * bytes, inner * bytes, bytes, into(tails, 1))
    })
    for (const [s, t] of totals.entries()) {
      const lane = (i: 0 | 1 | 2 | 3) => f32x4.extractLane(t, i)
      const four = f32.add(f32.add(lane(0), lane(1)), f32.add(lane(2), lane(3)))
      f.store(target(s), f32.add(four, f32x4.extractLane(tails[s], 0)))
    }
  }

  return blocks === 1
    ? { phases: [partial] }
    : {
        phases: [partial, combine(target, { sums, outer, blocks, columns })],
        scratchBytes: partialBytes({ sums, outer, blocks, columns }),
      }
}

/** The layout of partial sums in working memory: [outer, blocks, sums, columns]. */
interface Partial {
  readonly sums: number
  readonly outer: number
  readonly blocks: number
  readonly columns: number
}

/** Bytes of a partial sum, which is f32. */
const sumBytes = bytesOf('f32')

/** Bytes of all partial sums. */
export const partialBytes = ({ sums, outer, blocks, columns }: Partial): number =>
  outer * blocks * sums * columns * sumBytes

/** Adds the partial sums of all blocks, in order: y is [sums, outer, columns]. */
export function combine({ pieces }: Target, { sums, outer, blocks, columns }: Partial): Phase {
  const combined = pieces.partialSums
  const values = outer * sums * columns
  const vectors = columns % 4 === 0
  return {
    key: `combine ${sums} ${outer} ${blocks} ${columns}`,
    pieces: Math.ceil(values / combined),
    emit(f, from, to, at) {
      const end = f.let(i32.mul(to, combined))
      f.if(i32.gtU(end, values), () => f.set(end, values))
      f.for(i32.mul(from, combined), end, vectors ? 4 : 1, (i) => {
        // i indexes y [sums, outer, columns].
        const c = f.let(i32.remU(i, columns))
        const so = f.let(i32.divU(i, columns))
        const o = f.let(i32.remU(so, outer))
        const s = f.let(i32.divU(so, outer))
        const source = f.let(
          i32.add(at.scratch, i32.mul(i32.add(i32.mul(i32.add(i32.mul(o, blocks * sums), s), columns), c), sumBytes)),
        )
        const total = f.let(splat(0))
        const load = vectors ? v128.load : v128.load32Zero
        f.for(0, blocks * sums * columns * sumBytes, sums * columns * sumBytes, (b) =>
          f.set(total, f32x4.add(total, load(i32.add(source, b)))),
        )
        const target = i32.add(at.y, i32.mul(i, sumBytes))
        if (vectors) f.store(target, total)
        else f.storeLane32(target, total, 0)
      })
    },
  }
}
