/** Options of a supernet's training, and their valid values. */
import { type Checks, checks } from '../../core/index.ts'
import type { Augmentation, AugmentationName, LoaderPool, PreprocessingName } from '../../data/index.ts'
import type { Engine } from '../../engine/index.ts'
import type { Optimizer, OptimizerName, Schedule, ScheduleName } from '../../train/index.ts'
import { listed } from '../space/points.ts'
import { assertPoint, makePoint, type Point, type Scalar, type Space } from '../space/space.ts'
import type { Slicing } from './slices.ts'

/**
 * The largest or smallest point of a space: of each choice the largest or smallest number, `true` or `false`, or the
 * last or first of other values. Throws a `KingletError` when that is not a point of the space.
 *
 * @example
 * ```ts
 * import { defineSpace, extremePoint } from 'kinglet/search'
 *
 * const space = defineSpace('blocks', {
 *   depth: { kind: 'integer', low: 2, high: 4 },
 *   se: { kind: 'categorical', values: [false, true] },
 * })
 * extremePoint(space, 'largest') // => { depth: 4, se: true }
 * ```
 */
export function extremePoint(space: Space, which: 'largest' | 'smallest'): Point {
  const point = makePoint(space, (_, c): Scalar => {
    if (c.kind === 'real') return which === 'largest' ? c.high : c.low
    const values = [...listed(c)]
    if (values.every((v) => typeof v !== 'string')) values.sort((a, b) => Number(a) - Number(b))
    return values[which === 'largest' ? values.length - 1 : 0]
  })
  assertPoint(space, point)
  return point
}

export interface SupernetOptions extends Slicing {
  readonly space: Space
  /** Default: {@link extremePoint} of the space. */
  readonly smallest?: Point
  readonly engine: Engine
  /** Number of batches that the supernet sees. */
  readonly rounds: number
  /** Number of random sub-networks in a round. Default 2. */
  readonly random?: number
  /** Number of rounds that random sub-networks stay: compiling one takes longer than its step. Default 4. */
  readonly hold?: number
  /** Default 32, or the whole set if that is smaller. */
  readonly batch?: number
  /** Default `sgd`. */
  readonly optimizer?: OptimizerName | Optimizer
  /** The highest rate of the schedule. Default: the optimiser's own. */
  readonly learningRate?: number
  /** Default: a cosine down to 0, after a warm-up of a twentieth of the rounds. */
  readonly schedule?: ScheduleName | Schedule
  readonly weightDecay?: number
  /** Default 0.1. */
  readonly labelSmoothing?: number
  /** Default 1. */
  readonly clipNorm?: number
  readonly augmentation?: AugmentationName | Augmentation
  /** Default `whole`. */
  readonly preprocessing?: PreprocessingName
  /** Seed of every random choice. Default 0. */
  readonly seed?: number
  readonly pool?: LoaderPool
  /** Ends the training after the current step by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

const { count, nonNegative, positive, given } = checks
export const supernetMembers: Checks<SupernetOptions> = {
  space: given,
  networkOf: given,
  largest: given,
  smallest: given,
  depthsOf: given,
  engine: given,
  rounds: count,
  random: checks.whole,
  hold: count,
  batch: count,
  optimizer: given,
  learningRate: positive,
  schedule: given,
  weightDecay: nonNegative,
  labelSmoothing: checks.share,
  clipNorm: nonNegative,
  augmentation: given,
  preprocessing: given,
  seed: checks.whole,
  pool: given,
  signal: given,
}
