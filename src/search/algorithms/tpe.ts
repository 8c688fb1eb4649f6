/**
 * Tree-structured Parzen estimator, multivariate: trials so far are split into the best few and the others, each has a
 * density, and of some points drawn from that of the best few the one is asked for that is likeliest to be of them
 * (Bergstra et al. 2011, section 4; sizes and weights of the two as in Optuna's `TPESampler`). Running and failed trials
 * count as others, so that nobody else tries the same in the meantime. What exceeds a budget is worse than what does not.
 */
import { checks } from '../../core/index.ts'
import { drawValid, mutatePoint, samplePoint } from '../space/points.ts'
import type { Point } from '../space/space.ts'
import type { Algorithm } from './algorithm.ts'
import { mixtureOf } from './mixture.ts'
import { drawUntried, observationsOf, orderOf, resolveOptions, rngOf, wasTried } from './observations.ts'

export interface TpeOptions {
  /** Trials drawn at random before densities mean something. Default 10. */
  readonly startup: number
  /** Points drawn from the density of the best few, of which one is taken. Default 24. */
  readonly candidates: number
  /** The share of trials that are the best few. Default 0.1. */
  readonly gamma: number
  /** The most of them. Default 25. */
  readonly best: number
  /** Weight of the whole space in each density, where a trial's is 1. Default 1. */
  readonly prior: number
}

const defaults: TpeOptions = { startup: 10, candidates: 24, gamma: 0.1, best: 25, prior: 1 }

/** Weights of trials from the oldest to the newest: the newest `recent` count whole, older ones less and less. */
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
