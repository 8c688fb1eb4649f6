/**
 * How the threads of a program share the pieces of a phase. Each begins with a range of its own, the same in every run,
 * so that it finds in its cache what it left there; then it takes what the others have not begun yet, so that a core
 * that something else slows down holds up no one. Which thread does a piece changes none of its bits.
 *
 * The pieces of a range are drawn from a counter that is never set back: in a run every thread draws until it is refused
 * once, so a run moves the counter by a known amount, and the number of runs before tells where it stood.
 */
import { type FunctionBuilder, i32, type Local } from '../assembler/index.ts'

/** Bytes between counters: a cache line each, so that a thread that draws does not disturb another. */
const counterBytes = 64

/** Bytes of the counters of one call. */
export const countersBytes = (threads: number): number => threads * counterBytes

export interface Sharing {
  readonly threads: number
  readonly pieces: number
  /** Draws that a range is cut into at most. */
  readonly draws: number
  /** Runs of the program before this one. */
  readonly turn: Local<'i32'>
  readonly thread: Local<'i32'>
  /** Address of the call's counters, which begin at 0. */
  readonly counters: Local<'i32'>
}

/** Emits `work(from, to)` in a loop that ends when all pieces have been begun, by this thread or another. */
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
