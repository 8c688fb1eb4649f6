/**
 * Times programs on a machine that also runs other programs. A burst is one uncounted run, which brings the program back
 * into the caches, and a few counted ones. The fastest counted run is the time of the burst, since other programs can only
 * add to it. Each round runs one burst of every program of a group in turn. A program's time is the median of its bursts:
 * unlike a minimum, one lucky moment does not change it.
 */
import { size, type TypedArrayOf, turn } from '../core/index.ts'
import type { Engine, Program } from '../engine/index.ts'
import { type Graph, inputsOf } from '../graph/index.ts'
import { anyWeights, filled } from './graphs.ts'

export interface TimingOptions {
  /** Bursts of each program. */
  readonly rounds: number
  /** Runs of a burst that are counted. */
  readonly runs: number
  /** Milliseconds of runs before the first round: JavaScript engines recompile code that runs often. Default 10. */
  readonly warmupMs?: number
  readonly signal?: AbortSignal | undefined
}

/** Takes times: on an engine, or simulated in tests. */
export interface Timer {
  /** The resolution of its clock in milliseconds; a page's clock is coarse. */
  readonly tickMs: number
  /** Milliseconds of each burst: `[graph][round]`. Rejects with the signal's reason once that is aborted. */
  time(graphs: readonly Graph[], options: TimingOptions): Promise<number[][]>
}

/** Milliseconds between two changes of this host's clock. */
export function clockTick(now: () => number = () => performance.now()): number {
  let smallest = Number.POSITIVE_INFINITY
  for (let i = 0; i < 5; i++) {
    const began = now()
    let after = now()
    while (after === began) after = now()
    smallest = Math.min(smallest, after - began)
  }
  return smallest
}

interface Timed {
  readonly program: Program
  readonly inputs: Readonly<Record<string, TypedArrayOf>>
}

/** A timer on an engine. It compiles graphs for inference, with arbitrary weights. */
export const engineTimer = (engine: Engine): Timer => ({
  tickMs: clockTick(),
  async time(graphs, { rounds, runs, warmupMs = 10, signal }) {
    const timed: Timed[] = []
    try {
      for (const graph of graphs) {
        signal?.throwIfAborted()
        const program = await engine.compile(graph, { weights: anyWeights(graph), freeze: true })
        const inputs = [...inputsOf(graph)].map(([name, leaf]) => [name, filled(size(leaf.shape))])
        timed.push({ program, inputs: Object.fromEntries(inputs) })
      }
      for (const { program, inputs } of timed)
        for (const began = performance.now(); performance.now() - began < warmupMs; ) {
          await turn()
          signal?.throwIfAborted()
          await program.run(inputs)
        }
      const times: number[][] = graphs.map(() => [])
      for (let round = 0; round < rounds; round++)
        for (const [i, { program, inputs }] of timed.entries()) {
          await turn()
          signal?.throwIfAborted()
          let fastest = Number.POSITIVE_INFINITY
          for (let run = 0; run <= runs; run++) {
            const began = performance.now()
            await program.run(inputs)
            if (run > 0) fastest = Math.min(fastest, performance.now() - began)
          }
          times[i].push(fastest)
        }
      return times
    } finally {
      for (const { program } of timed) program.dispose()
    }
  },
})
