/**
 * A controller learned by REINFORCE (Williams 1992), as in MnasNet's search (Tan et al. 2019, section 4.2), there with a
 * recurrent policy and PPO: here the policy is a softmax for each choice. It is rebuilt from the trials at every question:
 * each moves it along the gradient of its point's log-probability, by how much its reward exceeds the running mean, and
 * along that of the policy's entropy. The reward is the trial's place among all, so that scales and outliers do not
 * matter, and several objectives and budgets are rewards too. Numbers are cut into levels, and reals drawn evenly within one.
 */

import type { Rng } from '../../core/index.ts'
import { checks } from '../../core/index.ts'
import { drawValid, fromUnit, toUnit } from '../space/points.ts'
import { type Choice, makePoint, type Scalar, valuesIn } from '../space/space.ts'
import type { Algorithm } from './algorithm.ts'
import { drawUntried, type Observation, observationsOf, orderOf, resolveOptions, rngOf } from './observations.ts'

export interface ReinforceOptions {
  /** Size of a step of the policy's logits. Default 0.5. */
  readonly learningRate: number
  /** How much of the running mean and variance of rewards is kept at each trial. Default 0.95. */
  readonly baseline: number
  /** Weight of the policy's entropy, which keeps it from settling early. Default 0.1. */
  readonly entropy: number
  /** Into how many parts reals and long ranges of integers are cut. Default 5. */
  readonly levels: number
}

/** A reward so many standard deviations off counts as this many: one outlier must not fix the policy. */
const farthest = 3

/** How many parts a choice has, in which part a value is, and a value of a part. */
function partsOf(c: Choice, levels: number) {
  const values = valuesIn(c)
  if (c.kind === 'categorical')
    return { count: values, indexOf: (v: Scalar) => c.values.indexOf(v), draw: (i: number) => c.values[i] }
  const count = Math.min(values, levels)
  const whole = c.kind === 'integer'
  // An integer's place is the middle of its own share of the line, so that parts hold equally many, or nearly.
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

/** What each trial is worth, more is better: its place from the worst. */
function rewardsOf(observed: readonly Observation[]): number[] {
  const rewards: number[] = []
  for (const [place, i] of orderOf(observed).entries()) rewards[i] = -place
  return rewards
}

/** Rewards less their running mean, in running standard deviations. */
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

/** What share each logit has, written into `shares`: this runs for every choice of every trial. */
function softmax(logits: Float64Array, shares: Float64Array): Float64Array {
  let [most, sum] = [Number.NEGATIVE_INFINITY, 0]
  for (const x of logits) most = Math.max(most, x)
  for (let i = 0; i < logits.length; i++) sum += shares[i] = Math.exp(logits[i] - most)
  for (let i = 0; i < logits.length; i++) shares[i] /= sum
  return shares
}

/** A share that has become 0 adds nothing. */
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
