/**
 * The data that Gaussian processes are fitted to, from a study's trials: encoded points, one value each to be
 * minimised, and violations of budgets.
 */
import type { Rng } from '../../../core/index.ts'
import { isFeasible } from '../../pareto.ts'
import { encodePoint } from '../../space/points.ts'
import type { Point } from '../../space/space.ts'
import type { Problem, Trial } from '../../trial.ts'
import { type Observation, observationsOf } from '../observations.ts'

/** Rows of encoded points, and one number for each row. */
export interface Data {
  readonly rows: Float64Array
  readonly values: Float64Array
}

export interface History {
  /** Points of trials that have ended. */
  readonly points: readonly Point[]
  /** The values, their points, and whether each point is known to meet all budgets. Left out while none is known to. */
  readonly objective?: Data & { readonly points: readonly Point[]; readonly feasible: readonly boolean[] }
  /** For each budget, the trials with a known violation. */
  readonly limits: readonly Data[]
  /** Points in evaluation. */
  readonly pending: readonly Point[]
}

/** Weight of the sum beside the maximum in the augmented Tchebycheff function (Knowles 2006, ParEGO). */
const augmentation = 0.05

/**
 * One value for each trial. Several objectives are weighted at random, each on the scale of the values seen. The value
 * is the largest weighted cost plus a small share of their sum, so that over many trials the whole front is approached
 * (Knowles 2006).
 */
function scalarize(costs: readonly (readonly number[])[], rng: Rng): number[] {
  const count = costs[0].length
  if (count === 1) return costs.map(([v]) => v)
  const draws = Array.from({ length: count }, () => -Math.log(1 - rng.uniform()))
  const total = draws.reduce((a, b) => a + b, 0)
  const low = draws.map((_, i) => Math.min(...costs.map((c) => c[i])))
  const range = draws.map((_, i) => Math.max(...costs.map((c) => c[i])) - low[i] || 1)
  return costs.map((own) => {
    const terms = own.map((v, i) => (draws[i] / total) * ((v - low[i]) / range[i]))
    return Math.max(...terms) + augmentation * terms.reduce((a, b) => a + b, 0)
  })
}

const dataOf = ({ space }: Problem, points: readonly Point[], values: readonly number[]): Data => ({
  rows: Float64Array.from(points.flatMap((p) => encodePoint(space, p))),
  values: Float64Array.from(values),
})

/**
 * The objective's data from ended trials. A trial above a budget counts only if it did better than the worst feasible
 * one: such networks are mostly not trained, and their accuracy of 0 would be a cliff at the border where the best
 * networks are. A failed trial, or one that ended without a number, costs as much as the worst, so that the search
 * leaves its neighbourhood.
 */
function objectiveOf(
  problem: Problem,
  ended: readonly Trial[],
  observed: readonly Observation[],
  rng: Rng,
): History['objective'] {
  const costs = new Map(observed.flatMap((t) => (t.costs.every(Number.isFinite) ? [[t.trial, t.costs]] : [])))
  const within = ended.filter((t) => costs.has(t) && isFeasible(t)).map((t) => costs.get(t)![0])
  if (within.length === 0) return undefined
  const cliff = Math.max(...within)
  const trials = ended.filter((t) => isFeasible(t) || (costs.get(t)?.[0] ?? cliff) < cliff)
  const known = trials.map((t) => costs.get(t))
  const worst = problem.objectives.map((_, i) => Math.max(...known.flatMap((c) => (c ? [c[i]] : []))))
  const points = trials.map((t) => t.point)
  const values = scalarize(
    known.map((c) => c ?? worst),
    rng,
  )
  const feasible = trials.map((t, i) => known[i] !== undefined && isFeasible(t))
  return { ...dataOf(problem, points, values), points, feasible }
}

/** The data of a study's trials. */
export function historyOf(problem: Problem, trials: readonly Trial[], rng: Rng): History {
  const observed = observationsOf(problem, trials)
  const isObserved = new Set(observed.map((t) => t.trial))
  const isPending = (t: Trial) => t.state === 'running' || (t.state === 'paused' && !isObserved.has(t))
  const ended = trials.filter((t) => !isPending(t))
  const budgets = Math.max(0, ...ended.map((t) => t.violations?.length ?? 0))
  const objective = objectiveOf(problem, ended, observed, rng)
  return {
    points: ended.map((t) => t.point),
    ...(objective && { objective }),
    limits: Array.from({ length: budgets }, (_, i) => {
      const telling = ended.filter((t) => Number.isFinite(t.violations?.[i]))
      return dataOf(
        problem,
        telling.map((t) => t.point),
        telling.map((t) => t.violations![i]),
      )
    }).filter((limit) => limit.values.length > 0),
    pending: trials.filter(isPending).map((t) => t.point),
  }
}
