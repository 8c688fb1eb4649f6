/** A study's trials as what Gaussian processes are fitted to: encoded points, one value each to be minimised, violations. */
import type { Rng } from '../../core/index.ts'
import { encodePoint } from '../points.ts'
import type { Point } from '../space.ts'
import type { Problem, Trial } from '../trial.ts'
import { toldOf } from './told.ts'

/** Rows of encoded points, and one number each. */
export interface Data {
  readonly rows: Float64Array
  readonly values: Float64Array
}

export interface History {
  /** Points that have a value, in the order of {@link Data}. */
  readonly points: readonly Point[]
  readonly objective: Data
  /** Whether each point is known to meet all budgets. */
  readonly feasible: readonly boolean[]
  /** For each budget the trials that tell its violation. */
  readonly limits: readonly Data[]
  /** Points that someone works on. */
  readonly pending: readonly Point[]
}

/** Share of the sum beside the worst objective in the augmented Tchebycheff function (Knowles 2006, ParEGO). */
const augmentation = 0.05

/**
 * One value a trial. Several objectives are weighted at random, each on the scale of what was seen of it: the worst counts,
 * and a little of the sum, so that over many trials all of the front is approached (Knowles 2006).
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
 * What trials tell. Failed ones, and others that ended without a number, cost as much as the worst, so that their
 * neighbourhood is left.
 */
export function historyOf(problem: Problem, trials: readonly Trial[], rng: Rng): History {
  const costs = new Map(toldOf(problem, trials).map((t) => [t.trial, t.costs]))
  const isPending = (t: Trial) => t.state === 'running' || (t.state === 'paused' && !costs.has(t))
  const ended = trials.filter((t) => !isPending(t))
  const known = ended.map((t) => costs.get(t)).map((c) => (c?.every(Number.isFinite) ? c : undefined))
  const worst = problem.objectives.map((_, i) => Math.max(...known.flatMap((c) => (c ? [c[i]] : []))))
  const any = worst.every(Number.isFinite)
  const points = any ? ended.map((t) => t.point) : []
  const values = any
    ? scalarize(
        known.map((c) => c ?? worst),
        rng,
      )
    : []
  const budgets = Math.max(0, ...ended.map((t) => t.violations?.length ?? 0))
  return {
    points,
    objective: dataOf(problem, points, values),
    feasible: points.map((_, i) => known[i] !== undefined && (ended[i].violations ?? []).every((v) => v <= 0)),
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
