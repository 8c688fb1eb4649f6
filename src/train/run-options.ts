/** The complete options of a run, as checkpoints record them. */
import type { Augmentation, Preprocessing } from '../data/index.ts'
import type { FullOptimizer } from './optimizer.ts'
import type { FullSchedule } from './schedule.ts'

/** All options that the weights depend on, as JSON. A run resumes only with equal values. */
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
