/**
 * Successive halving (Jamieson and Talwalkar 2016, arXiv:1502.07943) and Hyperband (Li et al. 2018, JMLR 18(185),
 * algorithm 1), both synchronous. A trial waits at a rung until every trial of its bracket that gets there has arrived;
 * then the best continue and the others are pruned. A trial's number determines its bracket. With `trials`, the last
 * bracket of a study may be smaller than the others. Without it, that bracket's trials wait for trials that never
 * start, and the study decides them.
 */
import { assertOptions, atLeast, type Checks, checks, UsageError } from '../../core/index.ts'
import type { Problem, Trial } from '../trial.ts'
import type { Decision, Pruner } from './pruner.ts'
import { best, type Ranked, type Rung, rungReached, rungsOf, valueAt } from './rungs.ts'

export interface HalvingOptions {
  /** Number of trials in a bracket. Default: the number that leaves one trial at the last rung. */
  readonly count?: number
  /** Steps (epochs) before the first rung. Default 1. */
  readonly min?: number
  /** Steps of a whole evaluation. */
  readonly max: number
  /** One trial of `eta` continues. Default 3. */
  readonly eta?: number
  /** Number of trials that the study wants. Not stored with the study, which may want more later. */
  readonly trials?: number
}

export interface HyperbandOptions {
  /** Steps (epochs) of a whole evaluation: R. */
  readonly max: number
  /** One trial of `eta` continues. Default 3. */
  readonly eta?: number
  /** Number of trials that the study wants. Not stored with the study, which may want more later. */
  readonly trials?: number
}

const common = { max: checks.count, eta: atLeast(2), trials: checks.count }
const halvingMembers: Checks<HalvingOptions> = { count: checks.count, min: checks.count, ...common }
const hyperbandMembers: Checks<HyperbandOptions> = common

/** Throws a `UsageError` when `max` is left out. */
export function assertMax(what: string, max: unknown): void {
  if (max === undefined)
    throw new UsageError(`${what}: max is missing: it must be given, the steps (epochs) of a whole evaluation`)
}

/** The largest n with `by` ** n <= `ratio`. */
function divisions(ratio: number, by: number): number {
  let n = 0
  while (by ** (n + 1) <= ratio) n++
  return n
}

/**
 * Successive halving: of every `count` trials, one of `eta` continues at each rung.
 *
 * @example
 * ```ts
 * import { halving } from 'kinglet/search'
 *
 * const pruner = halving({ max: 9 })
 * pruner.options // => { count: 9, min: 1, max: 9, eta: 3 }
 * ```
 */
export function halving(options: HalvingOptions): Pruner {
  assertOptions('halving', options, halvingMembers)
  assertMax('halving', options.max)
  const { min = 1, max, eta: by = 3 } = options
  if (min > max) throw new UsageError(`halving: min is ${min}, max is ${max}: min must not be above max`)
  const count = options.count ?? Math.ceil(by ** divisions(max / min, by))
  const bracket: Bracket = { count, rungs: (n) => rungsOf(n, min, max, by) }
  return bracketed('halving', { count, min, max, eta: by }, [bracket], options.trials)
}

/**
 * The brackets of Hyperband, the most aggressive first. Each is a list of rungs with their trial counts and
 * steps. Trials fill the brackets in order of their numbers, and start over after the last bracket.
 *
 * @example
 * ```ts
 * import { hyperbandBrackets } from 'kinglet/search'
 *
 * hyperbandBrackets({ max: 9 })[1] // => [{ count: 5, step: 3 }, { count: 1, step: 9 }]
 * ```
 */
export const hyperbandBrackets = (options: HyperbandOptions): (readonly Rung[])[] =>
  bracketsOf(options).map(({ count, rungs }) => rungs(count))

/** The number of trials in a bracket, and the rungs of a bracket of `count` trials. */
interface Bracket {
  readonly count: number
  rungs(count: number): Rung[]
}

function bracketsOf(options: HyperbandOptions): Bracket[] {
  assertOptions('hyperband', options, hyperbandMembers)
  assertMax('hyperband', options.max)
  const { max, eta: by = 3 } = options
  const most = divisions(max, by)
  return Array.from({ length: most + 1 }, (_, i) => {
    const s = most - i
    const count = Math.ceil(((most + 1) * by ** s) / (s + 1))
    return { count, rungs: (n) => rungsOf(n, max / by ** s, max, by) }
  })
}

/**
 * Hyperband: runs successive halving with several trade-offs of many trials against many steps, one after the other.
 *
 * @example
 * ```ts
 * import { hyperband } from 'kinglet/search'
 *
 * hyperband({ max: 81 }).options // => { max: 81, eta: 3 }
 * ```
 */
export const hyperband = (options: HyperbandOptions): Pruner =>
  bracketed('hyperband', { max: options.max, eta: options.eta ?? 3 }, bracketsOf(options), options.trials)

/** Assigns trials to brackets in turn. The last bracket has what is left of `wanted`. */
function bracketed(
  name: string,
  options: Pruner['options'],
  brackets: readonly Bracket[],
  wanted = Number.POSITIVE_INFINITY,
): Pruner {
  const round = brackets.reduce((n, { count }) => n + count, 0)
  const decide = (problem: Problem, trials: readonly Trial[], trial: Trial): Decision => {
    let from = Math.floor(trial.number / round) * round
    let index = 0
    while (trial.number >= from + brackets[index].count) from += brackets[index++].count
    const { count: whole, rungs } = brackets[index]
    // A trial beyond `wanted` (from a time when the study wanted more) has a whole bracket.
    const count = trial.number < wanted ? Math.min(whole, wanted - from) : whole
    const own = trials.filter(({ number: n }) => n >= from && n < from + count)
    return decideIn(rungs(count), own, problem, trial)
  }
  return { name, options, decide }
}

function decideIn(rungs: readonly Rung[], bracket: readonly Trial[], { objectives }: Problem, trial: Trial): Decision {
  const at = rungReached(rungs.slice(0, -1), trial)
  let here: readonly Trial[] = bracket
  for (const [i, { count, step }] of rungs.slice(0, at + 1).entries()) {
    const ranked: Ranked[] = here.flatMap((t) => {
      const value = valueAt(t, step)
      return value === undefined ? [] : [{ trial: t, value }]
    })
    if (ranked.length < count) return 'pause'
    here = best(ranked, rungs[i + 1].count, objectives[0]).map((r) => r.trial)
    if (!here.some((t) => t.number === trial.number)) return 'prune'
  }
  return 'continue'
}
