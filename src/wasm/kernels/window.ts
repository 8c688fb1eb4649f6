/**
 * How one axis of a sliding window is traversed, forwards (y from x) and backwards (dx from dy): the source position that
 * output `o` reads at tap `k`. Columns are planned when code is emitted, in tiles of neighbours; the plan includes the
 * borders. Emitted code finds the rows.
 */
import { type Expr, type FunctionBuilder, i32, type Local } from '../assembler/index.ts'

export interface Axis {
  /** Number of results along the axis, of taps in the window, and of source positions. */
  readonly outputs: number
  readonly taps: number
  readonly limit: number
  readonly stride: number
  readonly dilation: number
  /** Zeros before the first pixel. */
  readonly before: number
  /**
   * Forwards, the source is x: o stride + k dilation - before. Backwards, it is dy: (o + before - k dilation) / stride, if
   * that is an integer.
   */
  readonly backwards: boolean
}

/** The source position of output `o` at tap `k`; undefined if there is none. */
export function sourceAt({ limit, stride, dilation, before, backwards }: Axis, o: number, k: number) {
  const at = backwards ? (o + before - k * dilation) / stride : o * stride + k * dilation - before
  return Number.isInteger(at) && at >= 0 && at < limit ? at : undefined
}

/** The number of taps of output `o` that have a source. */
export const tapsOf = (axis: Axis, o: number): number =>
  Array.from({ length: axis.taps }, (_, k) => sourceAt(axis, o, k)).filter((at) => at !== undefined).length

/** A product of a tile: output `o` (from 0) reads, at tap `k`, the source `at` positions after the tile's first. */
export interface Term {
  readonly o: number
  readonly k: number
  readonly at: number
}

/** Consecutive tiles with the same products: `count` tiles of `outputs` results each. */
export interface Run {
  readonly first: number
  readonly count: number
  readonly outputs: number
  /** Source position of `at` 0 in the first tile, and its step from tile to tile. */
  readonly source: number
  readonly step: number
  readonly terms: readonly Term[]
}

/** Cuts the outputs of an axis into tiles of `outputs` (backwards a multiple of the stride), and groups equal ones. */
export function planRuns(axis: Axis, outputs: number): Run[] {
  const step = axis.backwards ? outputs / axis.stride : outputs * axis.stride
  const runs: { -readonly [K in keyof Run]: Run[K] }[] = []
  for (let first = 0; first < axis.outputs; first += outputs) {
    const count = Math.min(outputs, axis.outputs - first)
    const found: Term[] = []
    for (let o = 0; o < count; o++)
      for (let k = 0; k < axis.taps; k++) {
        const at = sourceAt(axis, first + o, k)
        if (at !== undefined) found.push({ o, k, at })
      }
    const source = Math.min(...found.map((t) => t.at))
    const terms = found.map((t) => ({ ...t, at: t.at - source })).sort((a, b) => a.at - b.at || a.k - b.k)
    const last = runs.at(-1)
    const follows =
      last?.outputs === count &&
      (found.length === 0 || source === last.source + last.count * step) &&
      JSON.stringify(last.terms) === JSON.stringify(terms)
    if (follows) last.count++
    else runs.push({ first, count: 1, outputs: count, source: found.length ? source : 0, step, terms })
  }
  return runs
}

/** The taps of an output that have a source: `count` taps, starting with `tap`, whose source is `source`. */
export interface Taps {
  readonly tap: Local<'i32'>
  readonly source: Local<'i32'>
  readonly count: Local<'i32'>
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/** Steps of taps and of sources, from one tap that has a source to the next. */
export function tapSteps({ stride, dilation, backwards }: Axis): { readonly tap: number; readonly source: number } {
  if (!backwards) return { tap: 1, source: dilation }
  const g = gcd(stride, dilation)
  return { tap: stride / g, source: -dilation / g }
}

/** Emits code that finds the taps of output `o`. */
export function findTaps(f: FunctionBuilder, axis: Axis, o: Expr<'i32'>): Taps {
  const { taps, limit, stride, dilation, before, backwards } = axis
  const step = tapSteps(axis)
  const at = f.let(i32.add(o, before))
  const tap = f.let(backwards ? firstTap(f, axis, at) : i32.const(0))
  const source = f.let(
    backwards ? i32.divS(i32.sub(at, i32.mul(tap, dilation)), stride) : i32.sub(i32.mul(o, stride), before),
  )
  const isOutside = (p: Expr<'i32'>) => i32.geU(p, limit)
  f.while(
    () => i32.and(i32.ltU(tap, taps), isOutside(source)),
    () => {
      f.set(tap, i32.add(tap, step.tap))
      f.set(source, i32.add(source, step.source))
    },
  )
  const count = f.let(i32.const(0))
  const [next, place] = [f.let(tap), f.let(source)]
  f.while(
    () => i32.and(i32.ltU(next, taps), i32.eqz(isOutside(place))),
    () => {
      f.set(count, i32.add(count, 1))
      f.set(next, i32.add(next, step.tap))
      f.set(place, i32.add(place, step.source))
    },
  )
  return { tap, source, count }
}

/** The first tap with an integer source position, by the remainder of `at` divided by the stride. */
function firstTap(f: FunctionBuilder, { taps, stride, dilation }: Axis, at: Local<'i32'>): Expr<'i32'> {
  const rest = stride === 1 ? i32.const(0) : f.let(i32.remU(at, stride))
  const firsts = Array.from({ length: stride }, (_, r) => {
    const first = Array.from({ length: taps }, (_, k) => k).find((k) => (k * dilation) % stride === r)
    return i32.const(first ?? taps)
  })
  return firsts.reduce((found, first, r) => i32.select(first, found, i32.eq(rest, r)))
}
