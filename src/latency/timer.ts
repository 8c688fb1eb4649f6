/**
 * Times programs on a machine that does other things too. A burst is one run that is not counted, which brings the
 * program back into the caches, and a few that are: the fastest of them stands for the burst, since whatever else the
 * machine does can only add. Rounds of bursts go through all programs of a group in turn, and a program's time is the
 * median of its bursts, which one lucky moment cannot move as it does a minimum.
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
  /** Milliseconds of runs before all rounds: JavaScript engines compile anew what runs often. Default 10. */
  readonly warmupMs?: number
  readonly signal?: AbortSignal | undefined
}

/** How times are taken: on an engine, or as tests pretend it. */
export interface Timer {
  /** The smallest difference that its clock shows, in milliseconds: a page's is coarse. */
  readonly tickMs: number
  /** Milliseconds of each burst: `[graph][round]`. Rejects with the signal's reason when that is aborted. */
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

/** Times on an engine: graphs are compiled for inference, with weights of any values. */
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
