/** The search algorithms by name, with their options checked. */
import { nearest, oneOf, UsageError } from '../../core/index.ts'
import { type Reward, withReward } from '../rewards.ts'
import type { Problem } from '../trial.ts'
import type { Algorithm } from './algorithm.ts'
import { evolution } from './evolution.ts'
import { gaussianProcess } from './gp/gp.ts'
import { grid } from './grid.ts'
import { nsga2 } from './nsga2.ts'
import { random } from './random.ts'
import { reinforce } from './reinforce.ts'
import { tpe } from './tpe.ts'

const algorithms: Readonly<Record<string, (options: object) => Algorithm>> = {
  random,
  grid,
  evolution,
  tpe,
  gp: gaussianProcess,
  reinforce,
  nsga2,
}

/**
 * The names that {@link algorithmOf} accepts.
 *
 * @example
 * ```ts
 * import { algorithmNames } from 'kinglet/search'
 *
 * algorithmNames.includes('evolution') // => true
 * ```
 */
export const algorithmNames: readonly string[] = Object.keys(algorithms)

/** Options of an algorithm. Every algorithm also takes `reward`, which combines several objectives into one. */
export type AlgorithmOptions = Readonly<Record<string, unknown>> & { readonly reward?: Reward }

/**
 * Returns the algorithm of this name; docs/search.md lists the options of each. Throws a `UsageError` for an unknown
 * name, an unknown option or an invalid value.
 *
 * @example
 * ```ts
 * import { algorithmOf, defineSpace, type Trial } from 'kinglet/search'
 *
 * const space = defineSpace('parabola', { x: { kind: 'real', low: -1, high: 1 } })
 * const problem = { space, objectives: [{ name: 'square', direction: 'minimize' }], seed: 1 } as const
 * const search = algorithmOf('tpe', { startup: 5 })
 * const trials: Trial[] = []
 * for (let number = 0; number < 40; number++) {
 *   const point = search.ask(problem, trials, number)
 *   trials.push({ number, point, state: 'complete', values: [Number(point.x) ** 2], reports: [] })
 * }
 * Math.min(...trials.map((trial) => trial.values![0])) < 0.001 // => true
 * ```
 */
export function algorithmOf(name: string, options: AlgorithmOptions = {}): Algorithm {
  if (!Object.hasOwn(algorithms, name)) {
    const meant = nearest(name, algorithmNames)
    throw new UsageError(
      `no algorithm ${name}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(algorithmNames)}`,
    )
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return algorithms[name](options)
  const { reward, ...own } = options
  const algorithm = algorithms[name](own)
  return reward === undefined ? algorithm : withReward(algorithm, reward)
}

/**
 * Throws a `UsageError` when the algorithm has fewer points than `trials`. Only `grid` has a limit, as it visits each
 * point of a space once. Call it before training starts: `grid` itself reports the shortage only after its last point.
 *
 * @example
 * ```ts
 * import { algorithmOf, assertTrials, defineSpace } from 'kinglet/search'
 *
 * const space = defineSpace('few', { kernel: { kind: 'categorical', values: [3, 5, 7] } })
 * const problem = { space, objectives: [{ name: 'accuracy', direction: 'maximize' }], seed: 0 } as const
 * assertTrials(algorithmOf('grid'), problem, 3) // 4 would be refused
 * assertTrials(algorithmOf('tpe'), problem, 1000)
 * ```
 */
export function assertTrials(algorithm: Algorithm, problem: Problem, trials: number): void {
  if (algorithm.name === 'grid') algorithm.ask(problem, [], trials - 1)
}
