/**
 * Rungs: the steps at which trials are compared, and the ranking there. A trial's value at a rung is its first report
 * at or after that step, so it never changes afterwards.
 */
import { isFeasible } from '../pareto.ts'
import type { Objective, Trial } from '../trial.ts'

export interface Rung {
  /** Number of trials that reach this rung. */
  readonly count: number
  /** Epochs, or whatever the evaluation counts. */
  readonly step: number
}

/**
 * Rungs of successive halving, from `count` trials at `first` steps: one for each division by `eta`, up to `max` steps.
 */
export function rungsOf(count: number, first: number, max: number, eta: number): Rung[] {
  const rungs: Rung[] = []
  // The tolerance covers steps computed by division, such as 81 / 3 ** 4 * 3 ** 4.
  for (let i = 0; first * eta ** i <= max * (1 + 1e-9) && Math.floor(count / eta ** i) >= 1; i++)
    rungs.push({ count: Math.floor(count / eta ** i), step: Math.max(1, Math.round(first * eta ** i)) })
  return rungs
}

/**
 * A trial's value at `step`. NaN ranks below every number: the trial failed or was pruned before, or exceeds a budget
 * and was never evaluated. Undefined while the trial may still reach the step. A trial that completed sooner keeps its
 * last value.
 */
export function valueAt(trial: Trial, step: number): number | undefined {
  const report = trial.reports.find((r) => r.step >= step)
  if (report) return report.value
  if (trial.state === 'complete')
    return trial.reports.at(-1)?.value ?? (isFeasible(trial) ? trial.values?.[0] : undefined) ?? Number.NaN
  return trial.state === 'failed' || trial.state === 'pruned' ? Number.NaN : undefined
}

export interface Ranked {
  readonly trial: Trial
  readonly value: number
}

/** The best `count` by value. Of equal values the earlier trial comes first. */
export function best(ranked: readonly Ranked[], count: number, { direction }: Objective): Ranked[] {
  const sign = direction === 'minimize' ? 1 : -1
  const cost = ({ value }: Ranked) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : sign * value)
  // Infinity minus infinity is NaN.
  const compare = (a: Ranked, b: Ranked) => (cost(a) === cost(b) ? a.trial.number - b.trial.number : cost(a) - cost(b))
  return [...ranked].sort(compare).slice(0, count)
}

/**
 * Index of the rung that the trial's last report reached, or -1. Nothing is decided between rungs: a trial that
 * continued is not stopped there by later arrivals.
 */
export function rungReached(rungs: readonly Pick<Rung, 'step'>[], { reports }: Trial): number {
  const [before, now] = [reports.at(-2)?.step ?? 0, reports.at(-1)?.step ?? 0]
  return rungs.findLastIndex(({ step }) => step > before && step <= now)
}
