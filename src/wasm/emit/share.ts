/**
 * Divides the pieces of a phase between the threads of a program. Each thread starts with its own range, the same in
 * every run, so that its data is still in its cache. Then it takes pieces that other threads have not started, so that
 * a slow core does not delay the others. The result is bit-identical whichever thread computes a piece.
 *
 * Threads draw the pieces of a range from a counter that is never reset. In a run every thread draws from it until one
 * draw fails, so a run advances the counter by a known amount. The number of earlier runs gives its value at the start.
 */
import { type FunctionBuilder, i32, type Local } from '../assembler/index.ts'

/** Bytes between counters: one cache line each, so that threads that draw do not disturb each other. */
const counterBytes = 64

/** Bytes of the counters of one call. */
export const countersBytes = (threads: number): number => threads * counterBytes

export interface Sharing {
  readonly threads: number
  readonly pieces: number
  /** Upper bound of the draws that a range is cut into. */
  readonly draws: number
  /** Number of earlier runs of the program. */
  readonly turn: Local<'i32'>
  readonly thread: Local<'i32'>
  /** Address of the call's counters, which start at 0. */
  readonly counters: Local<'i32'>
}

/** Emits `work(from, to)` in a loop that ends when every piece has been started, by this thread or another. */
export function sharePieces(
  f: FunctionBuilder,
  { threads, pieces, draws: mostDraws, turn, thread, counters }: Sharing,
  work: (from: Local<'i32'>, to: Local<'i32'>) => void,
): void {
  const each = Math.ceil(pieces / threads / mostDraws)
  const range = f.let(thread)
  f.for(0, threads, 1, () => {
    const next = f.let(i32.add(range, 1))
    const first = f.let(i32.divU(i32.mul(range, pieces), threads))
    const end = f.let(i32.divU(i32.mul(next, pieces), threads))
    const draws = f.let(i32.divU(i32.add(i32.sub(end, first), each - 1), each))
    const before = f.let(i32.mul(turn, i32.add(draws, threads)))
    const counter = f.let(i32.add(counters, i32.mul(range, counterBytes)))
    const draw = () => i32.sub(i32.atomicRmwAdd(counter, 1), before)
    const drawn = f.let(draw())
    f.while(
      () => i32.ltU(drawn, draws),
      () => {
        const from = f.let(i32.add(first, i32.mul(drawn, each)))
        const to = f.let(i32.add(from, each))
        f.if(i32.gtU(to, end), () => f.set(to, end))
        work(from, to)
        f.set(drawn, draw())
      },
    )
    f.set(range, i32.remU(next, threads))
  })
}
