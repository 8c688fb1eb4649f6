/**
 * The acquisition function of a point: the logarithm of the expected improvement times the probability that the point
 * meets all budgets (Gardner et al. 2014, "Bayesian optimization with inequality constraints"). While no feasible point
 * is known, it is the probability alone.
 */

import { logExcess, logProbability } from './normal.ts'
import type { Posterior } from './posterior.ts'

export interface Beliefs {
  /** The objective, to be minimised, and the value to improve on. Left out while no feasible point is known. */
  readonly objective?: { readonly model: Posterior; readonly best: number } | undefined
  /** The violation of each budget and its upper bound, on the model's scale. */
  readonly limits: readonly { readonly model: Posterior; readonly most: number }[]
}

/** Returns the acquisition at an encoded point and adds its derivatives with respect to `numbers` to `gradient`. */
export function acquisition(
  { objective, limits }: Beliefs,
  x: Float64Array,
  numbers?: Int32Array,
  gradient?: Float64Array,
): number {
  let value = 0
  /** Adds f((target - mean) / sd) + withSd log(sd) to `value`, and its derivatives to `gradient`. */
  const add = (model: Posterior, target: number, f: typeof logExcess, withSd: number) => {
    const { mean, sd, meanSlope, sdSlope } = model.at(x, numbers)
    const z = (target - mean) / sd
    const { log, slope } = f(z)
    value += log + withSd * Math.log(sd)
    if (gradient)
      for (let i = 0; i < gradient.length; i++)
        gradient[i] += ((withSd - slope * z) * sdSlope[i] - slope * meanSlope[i]) / sd
  }
  if (objective) add(objective.model, objective.best, logExcess, 1)
  for (const { model, most } of limits) add(model, most, logProbability, 0)
  return value
}
