/**
 * One reward from several objectives, for any algorithm: MnasNet's product ACC x (LAT / TARGET)^w (Tan et al. 2019,
 * arXiv:1807.11626, equations 2 and 3), or a weighted sum. More is better. Refuses objectives that the study does not
 * have.
 */
import { assertOptions, type Check, checks, nearest, oneOf, UsageError } from '../core/index.ts'
import type { Algorithm } from './algorithms/algorithm.ts'
import type { Objective, Trial } from './trial.ts'

/** `value x (cost / target)^alpha` where the cost is at most the target, otherwise with `beta` as the exponent. */
export interface MnasReward {
  readonly kind: 'mnasnet'
  /** Name of the objective to be high: `accuracy`. */
  readonly value: string
  /** Name of the objective to be low: `latencyMs`. */
  readonly cost: string
  /** In the unit of the cost. */
  readonly target: number
  /**
   * Default -0.07, as in the paper: half the latency is worth five per cent of accuracy. 0 makes the target a hard one.
   */
  readonly alpha?: number
  /** Default -0.07; -1 with a hard target. The search for V3-Small used -0.15. */
  readonly beta?: number
}

/** The sum of objectives times weights. An objective to be minimised has a negative weight. */
export interface WeightedReward {
  readonly kind: 'weighted'
  readonly weights: Readonly<Record<string, number>>
}

export type Reward = MnasReward | WeightedReward

const text: Check = { is: (v) => typeof v === 'string' && v !== '', must: 'the name of an objective' }
const { number } = checks
const kinds = {
  mnasnet: { kind: checks.given, value: text, cost: text, target: checks.positive, alpha: number, beta: number },
  weighted: {
    kind: checks.given,
    weights: {
      is: (v) =>
        typeof v === 'object' && v !== null && Object.values(v).length > 0 && Object.values(v).every(number.is),
      must: 'a number for each objective, { accuracy: 1, latencyMs: -0.01 }',
    },
  },
} as const satisfies Record<Reward['kind'], Record<string, Check>>

/** Throws a `UsageError` for a missing or invalid member of a reward. */
function assertReward(reward: Reward): void {
  const members: Record<string, Check> | undefined = kinds[reward?.kind]
  if (!members)
    throw new UsageError(`reward: kind is ${JSON.stringify(reward?.kind)}: it must be ${oneOf(Object.keys(kinds))}`)
  assertOptions('reward', reward, members)
  const absent = Object.keys(members).find((name) => !['alpha', 'beta'].includes(name) && !Object.hasOwn(reward, name))
  if (absent) throw new UsageError(`reward: ${absent} is missing: it must be ${members[absent].must}`)
}

/** The reward among an algorithm's options, if there is one. */
export function rewardIn({ reward }: Algorithm['options']): Reward | undefined {
  return Object.hasOwn(kinds, (reward as Reward | undefined)?.kind ?? '') ? (reward as Reward) : undefined
}

/** Throws a `UsageError` for an objective that the study does not have. */
function assertObjectives(reward: Reward, objectives: readonly Objective[]): void {
  const names = objectives.map((o) => o.name)
  const told = reward.kind === 'weighted' ? Object.keys(reward.weights) : [reward.value, reward.cost]
  const absent = told.find((name) => !names.includes(name))
  if (absent === undefined) return
  const meant = nearest(absent, names)
  throw new UsageError(
    `reward: no objective ${absent}${meant ? ` (did you mean ${meant}?)` : ''}: the study has ${names.join(', ')}`,
  )
}

/**
 * The reward of values. Throws a `UsageError` for an objective that the study does not have.
 *
 * @example
 * ```ts
 * import { rewardOf } from 'kinglet/search'
 *
 * const objectives = [{ name: 'accuracy', direction: 'maximize' }, { name: 'latencyMs', direction: 'minimize' }] as const
 * const soft = { kind: 'mnasnet', value: 'accuracy', cost: 'latencyMs', target: 80 } as const
 * rewardOf(soft, objectives, [0.75, 80]) // => 0.75
 * rewardOf(soft, objectives, [0.75, 160]).toFixed(3) // => '0.714'
 * rewardOf({ ...soft, alpha: 0, beta: -1 }, objectives, [0.75, 160]) // => 0.375
 * rewardOf({ kind: 'weighted', weights: { accuracy: 1, latencyMs: -0.01 } }, objectives, [0.75, 50]) // => 0.25
 * ```
 */
export function rewardOf(reward: Reward, objectives: readonly Objective[], values: readonly number[]): number {
  assertObjectives(reward, objectives)
  const valueFor = (name: string): number => values[objectives.findIndex((o) => o.name === name)]
  if (reward.kind === 'weighted')
    return Object.entries(reward.weights).reduce((sum, [name, weight]) => sum + weight * valueFor(name), 0)
  const ratio = valueFor(reward.cost) / reward.target
  return valueFor(reward.value) * ratio ** (ratio <= 1 ? (reward.alpha ?? -0.07) : (reward.beta ?? -0.07))
}

/**
 * An algorithm that sees only the reward, as a single objective. It sees no reports, which are values of one objective.
 * `ask` throws a `UsageError` for an objective that the study does not have, before anything is evaluated.
 */
export function withReward(algorithm: Algorithm, reward: Reward): Algorithm {
  assertReward(reward)
  return {
    name: algorithm.name,
    options: { ...algorithm.options, reward },
    ask({ space, seed, objectives }, trials, number) {
      assertObjectives(reward, objectives)
      const rewarded = trials.map(
        (trial): Trial => ({
          ...trial,
          reports: [],
          ...(trial.values && { values: [rewardOf(reward, objectives, trial.values)] }),
        }),
      )
      return algorithm.ask({ space, seed, objectives: [{ name: 'reward', direction: 'maximize' }] }, rewarded, number)
    },
  }
}
