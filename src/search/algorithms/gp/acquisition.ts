/**
 * How promising a point is: the logarithm of the expected improvement times the probability that all budgets are met
 * (Gardner et al. 2014, "Bayesian optimization with inequality constraints"). While no point is known that meets them, the
 * probability alone.
 */

import { logExcess, logProbability } from './normal.ts'
import type { Posterior } from './posterior.ts'

export interface Beliefs {
  /** The objective, to be minimised, and the value to improve on; left out while nothing feasible is known. */
  readonly objective?: { readonly model: Posterior; readonly best: number } | undefined
  /** Each budget's violation and the most that is allowed, on the model's scale. */
  readonly limits: readonly { readonly model: Posterior; readonly most: number }[]
}

/** The acquisition at an encoded point; its derivatives after `numbers` of that are added to `gradient`. */
export function acquisition(
  { objective, limits }: Beliefs,
  x: Float64Array,
  numbers?: Int32Array,
  gradient?: Float64Array,
): number {
  let value = 0
  /** Adds f((target - mean) / sd) and its gradient; returns the prediction and the slope that the deviation has. */
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
