/**
 * A controller trained by REINFORCE (Williams 1992), after MnasNet's search (Tan et al. 2019, section 4.2). MnasNet
 * uses a recurrent policy and PPO; this policy is one softmax for each choice. Each proposal rebuilds it from the
 * trials. A trial moves the policy along the gradient of its point's log-probability, scaled by how far its reward
 * exceeds the running mean, and along the gradient of the policy's entropy. The reward is the trial's rank among all
 * trials, so scales and outliers do not matter, and it also covers several objectives and budgets. Numbers are cut into
 * levels; a real is drawn uniformly within its level.
 */

import type { Rng } from '../../core/index.ts'
import { checks } from '../../core/index.ts'
import { drawValid, fromUnit, toUnit } from '../space/points.ts'
import { type Choice, makePoint, type Scalar, valuesIn } from '../space/space.ts'
import type { Algorithm } from './algorithm.ts'
import { drawUntried, type Observation, observationsOf, orderOf, resolveOptions, rngOf } from './observations.ts'

export interface ReinforceOptions {
  /** Step size of the policy's logits. Default 0.5. */
  readonly learningRate: number
  /** Decay of the running mean and variance of rewards at each trial. Default 0.95. */
  readonly baseline: number
  /** Weight of the policy's entropy, which prevents early convergence. Default 0.1. */
  readonly entropy: number
  /** Number of levels that reals and long ranges of integers are cut into. Default 5. */
  readonly levels: number
}

/** Advantages are clipped to this many standard deviations, so that one outlier does not fix the policy. */
const farthest = 3

/** The levels of a choice: how many there are, which one holds a value, and a random value of one. */
function partsOf(c: Choice, levels: number) {
  const values = valuesIn(c)
  if (c.kind === 'categorical')
    return { count: values, indexOf: (v: Scalar) => c.values.indexOf(v), draw: (i: number) => c.values[i] }
  const count = Math.min(values, levels)
  const whole = c.kind === 'integer'
  // An integer lies at the middle of its share of the line, so that levels hold equally many values, or nearly.
  const place = (v: Scalar) => (whole ? (toUnit(c, v) * (values - 1) + 0.5) / values : toUnit(c, v))
  return {
    count,
    indexOf: (v: Scalar) => Math.min(count - 1, Math.floor(place(v) * count)),
    draw(i: number, rng: Rng) {
      const u = (i + rng.uniform()) / count
      return fromUnit(c, whole && values > 1 ? Math.floor(u * values) / (values - 1) : u)
    },
  }
}

/** The reward of each trial, higher is better: minus its rank. */
function rewardsOf(observed: readonly Observation[]): number[] {
  const rewards: number[] = []
  for (const [place, i] of orderOf(observed).entries()) rewards[i] = -place
  return rewards
}

/** Rewards minus their running mean, in running standard deviations. */
function advantagesOf(rewards: readonly number[], keep: number): number[] {
  let [weight, sum, squares] = [0, 0, 0]
  return rewards.map((reward) => {
    const mean = weight > 0 ? sum / weight : reward
    const deviation = weight > 0 ? Math.sqrt(squares / weight) : 0
    weight = keep * weight + 1
    sum = keep * sum + reward
    squares = keep * squares + (reward - mean) ** 2
    const scaled = (reward - mean) / (deviation || Math.abs(reward - mean) || 1)
    return Math.max(-farthest, Math.min(farthest, scaled))
  })
}

/**
 * Writes the softmax of `logits` into `shares` and returns it. No allocation: it runs for every choice of every trial.
 */
function softmax(logits: Float64Array, shares: Float64Array): Float64Array {
  let [most, sum] = [Number.NEGATIVE_INFINITY, 0]
  for (const x of logits) most = Math.max(most, x)
  for (let i = 0; i < logits.length; i++) sum += shares[i] = Math.exp(logits[i] - most)
  for (let i = 0; i < logits.length; i++) shares[i] /= sum
  return shares
}

/** The logarithm of a probability. One that has underflowed to 0 adds nothing to the entropy. */
const logOf = (share: number): number => Math.log(Math.max(share, 1e-300))

function drawIndex(shares: Float64Array, rng: Rng): number {
  let [left, i] = [rng.uniform() - shares[0], 0]
  while (left >= 0 && i < shares.length - 1) left -= shares[++i]
  return i
}

/** See {@link algorithmOf}. */
export function reinforce(options: Partial<ReinforceOptions> = {}): Algorithm {
  const own = resolveOptions(
    'reinforce',
    options,
    { learningRate: 0.5, baseline: 0.95, entropy: 0.1, levels: 5 },
    { learningRate: checks.positive, baseline: checks.share, entropy: checks.nonNegative, levels: checks.count },
  )
  return {
    name: 'reinforce',
    options: { ...own },
    ask(problem, trials, number) {
      const { space } = problem
      const rng = rngOf('reinforce', problem, number)
      const policy = Object.fromEntries(
        Object.entries(space.choices).map(([name, c]) => {
          const parts = partsOf(c, own.levels)
          const [logits, shares] = [new Float64Array(parts.count), new Float64Array(parts.count)]
          return [name, { ...parts, logits, shares: softmax(logits, shares) }]
        }),
      )
      const observed = observationsOf(problem, trials)
      for (const [k, advantage] of advantagesOf(rewardsOf(observed), own.baseline).entries()) {
        const { point } = observed[k].trial
        for (const name in point) {
          const { logits, shares, indexOf } = policy[name]
          const taken = indexOf(point[name])
          let entropy = 0
          for (const p of shares) entropy -= p * logOf(p)
          for (let i = 0; i < logits.length; i++) {
            const p = shares[i]
            const towards = advantage * (Number(i === taken) - p) - own.entropy * p * (logOf(p) + entropy)
            logits[i] += own.learningRate * towards
          }
          softmax(logits, shares)
        }
      }
      return drawUntried(trials, () =>
        drawValid(space, () => makePoint(space, (name) => policy[name].draw(drawIndex(policy[name].shares, rng), rng))),
      )
    },
  }
}
