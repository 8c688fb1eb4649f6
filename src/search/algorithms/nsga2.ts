/**
 * NSGA-II (Deb et al. 2002, section III). Generations have a fixed size. The best of parents and children together, by
 * front and then by crowding, become the next parents. Each parent of a child wins a tournament of two. Real and
 * integer choices use simulated binary crossover (Deb and Agrawal 1995), reals also polynomial mutation (Deb and Goyal
 * 1996), both on the choice's scale. Categorical choices come from either parent. The generation of a trial is its
 * number divided by the population size.
 */

import type { Rng } from '../../core/index.ts'
import { checks } from '../../core/index.ts'
import { drawValid, fromUnit, mutateValue, samplePoint, sampleValue, toUnit } from '../space/points.ts'
import { type Choice, makePoint, type Point, type Scalar, type Space } from '../space/space.ts'
import type { Problem, Trial } from '../trial.ts'
import type { Algorithm } from './algorithm.ts'
import { drawUntried, type Observation, observationsOf, orderOf, resolveOptions, rngOf } from './observations.ts'

export interface Nsga2Options {
  /** Trials in a generation, and parents of the next one. Default 30. */
  readonly population: number
  /** Probability that two parents are crossed. Otherwise a child is a mutated copy of one parent. Default 0.9. */
  readonly crossover: number
  /** How close a crossed number stays to its parents: higher is closer. Default 5. */
  readonly crossoverIndex: number
  /** How close a mutated number stays to its old value: higher is closer. Default 20. */
  readonly mutationIndex: number
}

/** The parents of generation `generation`, best first. `trials` are those of the generations before it. */
function parentsOf(problem: Problem, trials: readonly Trial[], population: number, generation: number): Observation[] {
  const generations: Observation[][] = Array.from({ length: generation }, () => [])
  for (const observation of observationsOf(problem, trials))
    generations[Math.floor(observation.trial.number / population)].push(observation)
  return generations.reduce((parents: Observation[], children) => {
    const all = parents.concat(children)
    return orderOf(all)
      .slice(0, population)
      .map((i) => all[i])
  }, [])
}

/** {@link parentsOf} with a cache: all trials of a generation have the same parents. */
function rememberedParents(
  population: number,
): (problem: Problem, trials: readonly Trial[], generation: number) => Observation[] {
  let last: { problem: Problem; trials: readonly Trial[]; parents: Observation[] } | undefined
  return (problem, trials, generation) => {
    const before = trials.filter((t) => t.number < generation * population)
    const same =
      last?.problem.objectives === problem.objectives &&
      last.trials.length === before.length &&
      before.every((t, i) => t === last!.trials[i])
    if (!same) last = { problem, trials: before, parents: parentsOf(problem, before, population, generation) }
    return last!.parents
  }
}

/** One of the two children of `a` and `b` in [0, 1], by the bounded form in Deb's code. */
function crossUnits(a: number, b: number, index: number, rng: Rng): number {
  const [low, high] = a < b ? [a, b] : [b, a]
  const [u, upper] = [rng.uniform(), rng.uniform() < 0.5]
  if (high - low < 1e-14) return a
  const room = 1 + (2 * (upper ? 1 - high : low)) / (high - low)
  const alpha = 2 - room ** -(index + 1)
  const beta = (u <= 1 / alpha ? u * alpha : 1 / (2 - u * alpha)) ** (1 / (index + 1))
  return (low + high + (upper ? beta : -beta) * (high - low)) / 2
}

/** A number near `x`, within [0, 1]. */
function mutateUnit(x: number, index: number, rng: Rng): number {
  const u = rng.uniform()
  const power = index + 1
  return u < 0.5
    ? x + (2 * u + (1 - 2 * u) * (1 - x) ** power) ** (1 / power) - 1
    : x + 1 - (2 * (1 - u) + (2 * u - 1) * x ** power) ** (1 / power)
}

const isNumber = (c: Choice): boolean => c.kind !== 'categorical'

function childOf(space: Space, a: Point, b: Point, own: Nsga2Options, rng: Rng): Point {
  const crossed = rng.uniform() < own.crossover
  const rate = 1 / Object.keys(a).length
  const inherit = (name: string, c: Choice): Scalar => {
    if (!Object.hasOwn(a, name)) return crossed && Object.hasOwn(b, name) ? b[name] : sampleValue(c, rng)
    if (!crossed || !Object.hasOwn(b, name) || rng.uniform() < 0.5) return a[name]
    return isNumber(c)
      ? fromUnit(c, crossUnits(toUnit(c, a[name]), toUnit(c, b[name]), own.crossoverIndex, rng))
      : b[name]
  }
  return makePoint(space, (name, c) => {
    const value = inherit(name, c)
    if (rng.uniform() >= rate) return value
    return c.kind === 'real'
      ? fromUnit(c, mutateUnit(toUnit(c, value), own.mutationIndex, rng))
      : mutateValue(c, value, rng)
  })
}

/** See {@link algorithmOf}. */
export function nsga2(options: Partial<Nsga2Options> = {}): Algorithm {
  const own = resolveOptions<Nsga2Options>(
    'nsga2',
    options,
    { population: 30, crossover: 0.9, crossoverIndex: 5, mutationIndex: 20 },
    {
      population: checks.count,
      crossover: checks.fraction,
      crossoverIndex: checks.nonNegative,
      mutationIndex: checks.nonNegative,
    },
  )
  const parentsFor = rememberedParents(own.population)
  return {
    name: 'nsga2',
    options: { ...own },
    ask(problem, trials, number) {
      const { space } = problem
      const rng = rngOf('nsga2', problem, number)
      const parents = parentsFor(problem, trials, Math.floor(number / own.population))
      if (parents.length === 0) return samplePoint(space, rng)
      const parent = () => parents[Math.min(rng.integer(parents.length), rng.integer(parents.length))].trial.point
      return drawUntried(trials, () => {
        const [a, b] = [parent(), parent()]
        return drawValid(space, () => childOf(space, a, b, own, rng))
      })
    },
  }
}
