/** The options of a run in full, as checkpoints hold them. */
import type { Augmentation, Preprocessing } from '../data/index.ts'
import type { FullOptimizer } from './optimizer.ts'
import type { FullSchedule } from './schedule.ts'

/** Everything on which the weights depend, in full and as JSON: what a checkpoint must agree with. */
export interface RunOptions {
  readonly epochs: number
  readonly batch: number
  readonly optimizer: FullOptimizer
  readonly learningRate: number
  readonly schedule: FullSchedule
  readonly weightDecay: number
  readonly decayDepthwise: boolean
  readonly labelSmoothing: number
  readonly clipNorm: number
  readonly ema: number
  /** Names of parameters that do not train. */
  readonly freeze: readonly string[]
  readonly seed: number
  readonly augmentation: Augmentation
  readonly preprocessing: Preprocessing
}
