/**
 * Times several things against each other on a machine that others use too: rounds go through all of them in turn, so
 * that a busy moment falls on each alike. What counts is the median, with its quartiles.
 */
import { turn } from '../core/index.ts'

export interface RoundOptions {
  /** Rounds that are not counted. */
  readonly warmup: number
  readonly rounds: number
  readonly signal?: AbortSignal
  /** Called after each round, with the number of rounds done, those of the warm-up included. */
  onRound?(done: number, of: number): void
}

/** Milliseconds of each run of each body: `[body][round]`. Throws the signal's reason when it is aborted. */
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
