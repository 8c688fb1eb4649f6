/**
 * Compares the time of several functions on a machine with other load. Each round runs every function once, so that
 * background load affects all of them alike. Callers report the median and the quartiles.
 */
import { turn } from '../core/index.ts'

export interface RoundOptions {
  /** Rounds before the timed ones. */
  readonly warmup: number
  readonly rounds: number
  readonly signal?: AbortSignal
  /** Called after each round with the number of completed rounds, including the warm-up. */
  onRound?(done: number, of: number): void
}

/** Returns the milliseconds of each run: `[body][round]`. Rejects with the signal's reason once it is aborted. */
export async function timeRounds(
  bodies: readonly (() => Promise<unknown>)[],
  { warmup, rounds, signal, onRound }: RoundOptions,
): Promise<number[][]> {
  const times: number[][] = bodies.map(() => [])
  for (let round = 0; round < warmup + rounds; round++) {
    for (const [i, body] of bodies.entries()) {
      await turn()
      signal?.throwIfAborted()
      const began = performance.now()
      await body()
      if (round >= warmup) times[i].push(performance.now() - began)
    }
    onRound?.(round + 1, warmup + rounds)
  }
  return times
}
