/**
 * ASHA, asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning",
 * arXiv:1810.05934, algorithm 2). No trial waits for a rung to fill. A trial continues as soon as it is among the best
 * 1 / eta of the trials that have reached its rung. Until then it is paused, and workers start others.
 */
import { assertOptions, atLeast, type Checks, checks, UsageError } from '../../core/index.ts'
import { assertMax } from './halving.ts'
import type { Pruner } from './pruner.ts'
import { best, type Ranked, rungReached, valueAt } from './rungs.ts'

export interface AshaOptions {
  /** Steps (epochs) before the first rung. Default 1. */
  readonly min?: number
  /** Steps of a whole evaluation. */
  readonly max: number
  /** One trial of `eta` continues. Default 3. */
  readonly eta?: number
  /**
   * Number of trials that the study wants. A paused trial is pruned once no other can reach its rung, and the best
   * trial of a rung with fewer than `eta` trials continues. Not stored with the study, which may want more trials
   * later.
   */
  readonly trials?: number
}

const members: Checks<AshaOptions> = {
  min: checks.count,
  max: checks.count,
  trials: checks.count,
  eta: atLeast(2),
}

/**
 * The ASHA pruner. A paused trial continues when enough worse trials have reached its rung. `trials` decides the trials
 * that are still paused when all have started; without it, the study decides.
 *
 * @example
 * ```ts
 * import { asha, defineSpace, type Trial } from 'kinglet/search'
 *
 * const space = defineSpace('rates', { rate: { kind: 'real', low: 0.001, high: 1, log: true } })
 * const problem = { space, objectives: [{ name: 'accuracy', direction: 'maximize' }], seed: 0 } as const
 * const trials = [0.7, 0.5, 0.6].map((value, number): Trial => {
 *   return { number, point: { rate: 0.1 }, state: 'running', reports: [{ step: 1, value }] }
 * })
 * trials.map((trial) => asha({ max: 9 }).decide(problem, trials, trial)) // => ['continue', 'pause', 'pause']
 * ```
 */
export function asha(options: AshaOptions): Pruner {
  assertOptions('asha', options, members)
  assertMax('asha', options.max)
  const { min = 1, max, eta = 3, trials: wanted = Number.POSITIVE_INFINITY } = options
  if (min > max) throw new UsageError(`asha: min is ${min}, max is ${max}: min must not be above max`)
  const rungs: { readonly step: number }[] = []
  for (let i = 0; min * eta ** i < max; i++) rungs.push({ step: Math.round(min * eta ** i) })
  return {
    name: 'asha',
    options: { min, max, eta },
    decide({ objectives }, trials, trial) {
      const at = rungReached(rungs, trial)
      if (at < 0) return 'continue'
      const { step } = rungs[at]
      const rung = trials.flatMap((t): Ranked[] => {
        const value = valueAt(t, step)
        return value === undefined || Number.isNaN(value) ? [] : [{ trial: t, value }]
      })
      const isFinal = trials.length >= wanted && trials.every((t) => valueAt(t, step) !== undefined)
      const count = Math.max(isFinal ? 1 : 0, Math.floor(rung.length / eta))
      if (best(rung, count, objectives[0]).some((r) => r.trial.number === trial.number)) return 'continue'
      return isFinal ? 'prune' : 'pause'
    },
  }
}
