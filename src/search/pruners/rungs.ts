/**
 * Rungs: the steps at which trials are compared, and how they are ranked there. What a trial has at a rung is its first
 * report at that step or after it, so it never changes once it is there.
 */
import { isFeasible } from '../pareto.ts'
import type { Objective, Trial } from '../trial.ts'

export interface Rung {
  /** Trials that come so far. */
  readonly count: number
  /** Epochs, or whatever the evaluation counts. */
  readonly step: number
}

/** Successive halving from `count` trials at `first` steps: a rung for each division by `eta`, while `max` allows it. */
export function rungsOf(count: number, first: number, max: number, eta: number): Rung[] {
  const rungs: Rung[] = []
  // The hair is for steps that are made by division: 81 / 3 ** 4 * 3 ** 4.
  for (let i = 0; first * eta ** i <= max * (1 + 1e-9) && Math.floor(count / eta ** i) >= 1; i++)
    rungs.push({ count: Math.floor(count / eta ** i), step: Math.max(1, Math.round(first * eta ** i)) })
  return rungs
}

/**
 * A trial's value at `step`; NaN, which is worse than all, if it failed before or was above a budget and so never judged;
 * undefined while it may still come there. One that was complete sooner has its last value there.
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

/** The best `count`, by value, the earlier trial first where they are equal. */
export function best(ranked: readonly Ranked[], count: number, { direction }: Objective): Ranked[] {
  const sign = direction === 'minimize' ? 1 : -1
  const cost = ({ value }: Ranked) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : sign * value)
  // Two infinities have no difference.
  const compare = (a: Ranked, b: Ranked) => (cost(a) === cost(b) ? a.trial.number - b.trial.number : cost(a) - cost(b))
  return [...ranked].sort(compare).slice(0, count)
}

/**
 * Index of the rung that the trial came to with its last report; -1 if it came to none. Between rungs nothing is decided:
 * who went on once is not stopped there by those that come later.
 */
export function rungReached(rungs: readonly Pick<Rung, 'step'>[], { reports }: Trial): number {
  const [before, now] = [reports.at(-2)?.step ?? 0, reports.at(-1)?.step ?? 0]
  return rungs.findLastIndex(({ step }) => step > before && step <= now)
}
