/**
 * What algorithms learn from: trials as costs, and their order. Feasibility comes first (Deb 2000, "An efficient
 * constraint handling method for genetic algorithms"): a trial that meets its budgets is better than one that does not,
 * and of two that do not, the one with the smaller excess is better. A pruned or paused trial costs its last report
 * when there is one objective, and infinity when there are several. A failed trial has no costs and is left out.
 */
import { assertOptions, type Checks, key, keyOf, Rng } from '../../core/index.ts'
import { compare, costsOf, crowdingOf, excessOf, frontsOf } from '../pareto.ts'
import type { Point } from '../space/space.ts'
import type { Objective, Problem, Trial } from '../trial.ts'

/** A trial with a known result. */
export interface Observation {
  readonly trial: Trial
  /** One entry for each objective; less is better. */
  readonly costs: readonly number[]
  /** How far the trial exceeds its budgets, each as a share of the worst excess seen; 0 when it meets all of them. */
  readonly excess: number
}

function costsOfTrial(objectives: readonly Objective[], trial: Trial): number[] | undefined {
  if (trial.state === 'complete')
    return trial.values?.every(Number.isFinite) ? costsOf(objectives, trial.values) : undefined
  const last = trial.reports.at(-1)?.value
  if (trial.state === 'pruned' || (trial.state === 'paused' && last !== undefined))
    return last !== undefined && Number.isFinite(last) && objectives.length === 1
      ? costsOf(objectives, [last])
      : objectives.map(() => Number.POSITIVE_INFINITY)
  return undefined
}

/** The trials with a known result, in their order. */
export function observationsOf({ objectives }: Problem, trials: readonly Trial[]): Observation[] {
  const known = trials.flatMap((trial) => {
    const costs = costsOfTrial(objectives, trial)
    return costs ? [{ trial, costs }] : []
  })
  const excess = excessOf(known.map((k) => k.trial))
  return known.map((k, i) => ({ ...k, excess: excess[i] }))
}

/** Indices of `observed`, best first: by cost, or by front and then by crowding. Trials that exceed a budget come last. */
export function orderOf(observed: readonly Observation[]): number[] {
  const all = [...observed.keys()]
  const feasible = all.filter((i) => observed[i].excess === 0)
  const others = all
    .filter((i) => observed[i].excess > 0)
    .sort((a, b) => observed[a].excess - observed[b].excess || a - b)
  if (observed[0]?.costs.length === 1) {
    feasible.sort((a, b) => compare(observed[a].costs[0], observed[b].costs[0]) || a - b)
    return [...feasible, ...others]
  }
  const fronts = frontsOf(feasible.map((i) => observed[i].costs)).map((front) => {
    const own = front.map((f) => feasible[f])
    const crowding = crowdingOf(own.map((i) => observed[i].costs))
    return [...own.keys()].sort((a, b) => compare(crowding[b], crowding[a]) || a - b).map((k) => own[k])
  })
  return [...fronts.flat(), ...others]
}

/** The random numbers of one trial of one algorithm. */
export const rngOf = (name: string, { seed }: Problem, number: number): Rng => new Rng(key(seed, keyOf(name), number))

const isSame = (a: Point, b: Point): boolean => {
  for (const name in a) if (a[name] !== b[name]) return false
  return Object.keys(a).length === Object.keys(b).length
}

/** Whether a trial already has this point. Its values would be the same again. */
export const wasTried = (trials: readonly Trial[], point: Point): boolean =>
  trials.some((trial) => isSame(trial.point, point))

const mostTries = 20

/**
 * Calls `draw` until its point is untried, up to a fixed number of times, since a space may have no untried points
 * left.
 */
export function drawUntried(trials: readonly Trial[], draw: () => Point): Point {
  let point = draw()
  for (let i = 1; i < mostTries && wasTried(trials, point); i++) point = draw()
  return point
}

/**
 * Returns the options with defaults filled in. Throws a `UsageError` that names an invalid option and its valid values.
 */
export function resolveOptions<T extends object>(what: string, given: Partial<T>, defaults: T, members: Checks<T>): T {
  assertOptions(what, given, members)
  return { ...defaults, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }
}
