/** Compares sums over layers with the times of whole networks, both measured on the same device. */
import { type Quartiles, quartiles, spearman } from '../core/index.ts'
import type { Network } from '../nn/index.ts'
import { latencyOf } from './latency.ts'
import { unitsOf } from './layers.ts'
import { defaultTiming, longWarmup } from './measure.ts'
import { timeQuietly } from './quiet.ts'
import type { LatencyTable } from './table.ts'
import type { Timer, TimingOptions } from './timer.ts'
import { weightsOf } from './units.ts'

/** A network whose sum is compared with its measured time. */
export interface CheckedNetwork {
  readonly model: Network
  /** The sum over its layers by the table, in ms. */
  readonly sumMs: number
  /** The time of the whole network, in ms. */
  readonly wholeMs: Quartiles
  /** Relative error of the sum: -0.1 where it is a tenth too low. */
  readonly error: number
}

export const checkedNetwork = (model: Network, sumMs: number, wholeMs: Quartiles): CheckedNetwork => ({
  ...{ model, sumMs, wholeMs },
  error: sumMs / wholeMs.median - 1,
})

/**
 * Times each of `models` as a whole and returns it with its sum, in the order of `models`. Rejects with the signal's
 * reason once that is aborted.
 */
export async function checkSums(
  timer: Timer,
  table: LatencyTable,
  models: readonly Network[],
  options: Partial<TimingOptions> & { onProgress?(done: number, of: number): void } = {},
): Promise<CheckedNetwork[]> {
  const { rounds = defaultTiming.rounds, runs = defaultTiming.runs, signal, onProgress } = options
  const items = models.map((model, index) => ({
    ...{ model, index },
    sumMs: latencyOf(table, model),
    graphs: () => [model.graph()],
    count: 1,
    values: unitsOf(model).reduce((n, unit) => n + weightsOf(unit), 0),
  }))
  const found: CheckedNetwork[] = []
  let done = 0
  const groups = timeQuietly(timer, items, { rounds, runs, signal, ...longWarmup }, table.referenceMs)
  for await (const { items: own, times } of groups) {
    // Groups of a busy machine are timed again, and so end in another order.
    for (const [i, { model, index, sumMs }] of own.entries())
      found[index] = checkedNetwork(model, sumMs, quartiles(times[i][0]))
    done += own.length
    onProgress?.(done, models.length)
  }
  return found
}

export interface Agreement {
  /** Errors without their signs. */
  readonly medianError: number
  readonly worstError: number
  /** Spearman's rank correlation between sums and times; undefined for fewer than three networks. */
  readonly rankCorrelation: number | undefined
}

/** Summarizes the errors of several networks. */
export function agreementOf(checked: readonly CheckedNetwork[]): Agreement {
  const errors = checked.map(({ error }) => Math.abs(error))
  return {
    medianError: quartiles(errors).median,
    worstError: Math.max(...errors),
    rankCorrelation:
      checked.length < 3
        ? undefined
        : spearman(
            checked.map(({ sumMs }) => sumMs),
            checked.map(({ wholeMs }) => wholeMs.median),
          ),
  }
}
