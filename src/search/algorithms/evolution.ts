/**
 * Regularised evolution (Real et al. 2019, "Regularized evolution for image classifier architecture search", algorithm
 * 1). A tournament draws a few members of the population, and the best of them is mutated in one choice. The oldest
 * member dies, not the worst: the population is the most recent trials with a known result.
 */
import { checks } from '../../core/index.ts'
import { mutatePoint, samplePoint } from '../space/points.ts'
import type { Algorithm } from './algorithm.ts'
import { drawUntried, observationsOf, orderOf, resolveOptions, rngOf } from './observations.ts'

export interface EvolutionOptions {
  /** Size of the population. The same number of trials is drawn at random first. Default 20. */
  readonly population: number
  /** Members drawn, with replacement, for each tournament. Default 5. */
  readonly tournament: number
}

/** See {@link algorithmOf}. */
export function evolution(options: Partial<EvolutionOptions> = {}): Algorithm {
  const own = resolveOptions(
    'evolution',
    options,
    { population: 20, tournament: 5 },
    { population: checks.count, tournament: checks.count },
  )
  return {
    name: 'evolution',
    options: { ...own },
    ask(problem, trials, number) {
      const rng = rngOf('evolution', problem, number)
      const alive = observationsOf(problem, trials).slice(-own.population)
      if (number < own.population || alive.length === 0) return samplePoint(problem.space, rng)
      const order = orderOf(alive)
      const drawn = Array.from({ length: own.tournament }, () => rng.integer(order.length))
      const { point } = alive[order[Math.min(...drawn)]].trial
      return drawUntried(trials, () => mutatePoint(problem.space, point, rng))
    },
  }
}
