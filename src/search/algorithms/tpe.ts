/**
 * Multivariate tree-structured Parzen estimator (Bergstra et al. 2011, section 4; group sizes and weights as in
 * Optuna's `TPESampler`). The trials so far are split into the best few and the others, and each group has a density.
 * Candidates are drawn from the density of the best few; the proposal is the one with the highest ratio of the two
 * densities. Running and failed trials count as others, so that parallel workers do not try the same point. A trial
 * that exceeds a budget is worse than one that does not.
 */
import { checks } from '../../core/index.ts'
import { drawValid, mutatePoint, samplePoint } from '../space/points.ts'
import type { Point } from '../space/space.ts'
import type { Algorithm } from './algorithm.ts'
import { mixtureOf } from './mixture.ts'
import { drawUntried, observationsOf, orderOf, resolveOptions, rngOf, wasTried } from './observations.ts'

export interface TpeOptions {
  /** Random trials before the densities are used. Default 10. */
  readonly startup: number
  /** Candidates drawn from the density of the best few. Default 24. */
  readonly candidates: number
  /** Share of trials that count as the best few. Default 0.1. */
  readonly gamma: number
  /** Upper bound on the number of the best few. Default 25. */
  readonly best: number
  /** Weight of the whole space in each density, relative to 1 for a trial. Default 1. */
  readonly prior: number
}

const defaults: TpeOptions = { startup: 10, candidates: 24, gamma: 0.1, best: 25, prior: 1 }

/** Weights of trials, oldest first: 1 for the newest `recent`, and less the older a trial is. */
const recent = 25
const weightsOf = (count: number): number[] => {
  const older = Math.max(0, count - recent)
  return Array.from({ length: count }, (_, i) =>
    i < older && older > 1 ? 1 / count + ((1 - 1 / count) * i) / (older - 1) : 1,
  )
}

/** See {@link algorithmOf}. */
export function tpe(options: Partial<TpeOptions> = {}): Algorithm {
  const own = resolveOptions('tpe', options, defaults, {
    startup: checks.whole,
    candidates: checks.count,
    gamma: checks.fraction,
    best: checks.count,
    prior: checks.positive,
  })
  return {
    name: 'tpe',
    options: { ...own },
    ask(problem, trials, number) {
      const { space } = problem
      const rng = rngOf('tpe', problem, number)
      const observed = observationsOf(problem, trials)
      if (observed.length < Math.max(1, own.startup)) return samplePoint(space, rng)
      const few = Math.min(own.best, Math.ceil(own.gamma * observed.length))
      const best = new Set(
        orderOf(observed)
          .slice(0, few)
          .map((i) => observed[i].trial),
      )
      const densityOf = (points: readonly Point[]) => mixtureOf(space, points, weightsOf(points.length), own.prior)
      const inside = densityOf(trials.filter((t) => best.has(t)).map((t) => t.point))
      const outside = densityOf(trials.filter((t) => !best.has(t)).map((t) => t.point))
      const ranked = Array.from({ length: own.candidates }, () => {
        const point = drawValid(space, () => inside.sample(rng))
        return { point, score: inside.logDensity(point) - outside.logDensity(point) }
      }).sort((a, b) => b.score - a.score)
      const untried = ranked.find(({ point }) => !wasTried(trials, point))
      return untried?.point ?? drawUntried(trials, () => mutatePoint(space, ranked[0].point, rng))
    },
  }
}
