/** Options of a training run: their defaults and checks. */
import { assertOptions, type Checks, checks, UsageError } from '../core/index.ts'
import {
  type Augmentation,
  type AugmentationName,
  assertPreprocessing,
  augmentationOf,
  type LoaderPool,
  type Preprocessing,
} from '../data/index.ts'
import type { Engine } from '../engine/index.ts'
import type { Network } from '../nn/index.ts'
import { type Selection, select } from './names.ts'
import { type Optimizer, type OptimizerName, optimizerOf, ruleOf } from './optimizer.ts'
import type { RunOptions } from './run-options.ts'
import type { RunStore } from './runs/store.ts'
import { type Schedule, type ScheduleName, scheduleOf } from './schedule.ts'

/** Options of a training run. `engine`, `epochs` and `preprocessing` are required. */
export interface TrainOptions {
  readonly engine: Engine
  /** Passes over the training images. */
  readonly epochs: number
  /** Preprocessing of images, which the model file records. */
  readonly preprocessing: Preprocessing
  /** Images per step. Default 32, or all images of a smaller set. */
  readonly batch?: number
  /** Default `adamw`. */
  readonly optimizer?: OptimizerName | Optimizer
  /** Peak learning rate of the schedule. Default: 0.003 for `adamw`, 0.05 for `sgd`, 0.005 for `rmsprop`. */
  readonly learningRate?: number
  /** Default: a cosine down to 0 after a warm-up of a tenth of the run, at most one epoch. */
  readonly schedule?: ScheduleName | Schedule
  /**
   * Weight decay of convolutions and linear layers, never of biases and batch norm. This share of each weight is added
   * to the gradient (`sgd`, `rmsprop`) or to the step (`adamw`). Default 0.02 for `adamw`, else 4e-5.
   */
  readonly weightDecay?: number
  /** Whether depthwise filters decay too. Default false, as MobileNet V1 advises (arXiv:1704.04861, section 3). */
  readonly decayDepthwise?: boolean
  /** Share of each target that is spread over all classes. Default 0.1. */
  readonly labelSmoothing?: number
  /** Upper bound of the norm of all gradients together. Default 0: no clipping. */
  readonly clipNorm?: number
  /**
   * Decay of a running average of the weights, which replaces them in validation and at the end. Long runs use 0.999 or
   * 0.9999. Default 0: no average.
   */
  readonly ema?: number
  /** Layers that keep their weights and batch norm statistics. Default none. */
  readonly freeze?: Selection
  /** Seed of all random choices: order, augmentation, dropout. Default 0. */
  readonly seed?: number
  /** Random changes of training images. Default `none`. */
  readonly augmentation?: AugmentationName | Augmentation
  /** Threads that read and prepare images. Without a pool, the calling thread does so. */
  readonly pool?: LoaderPool
  /** Saves the run. In Node `openRun` returns a store for a folder. */
  readonly store?: RunStore
  /** Ends the run after the current step, which `store` saves. */
  readonly signal?: AbortSignal
}

const { given } = checks
const members: Checks<TrainOptions> = {
  engine: { is: (e) => typeof (e as Engine | null)?.compile === 'function', must: 'an engine' },
  epochs: checks.count,
  preprocessing: given,
  batch: checks.count,
  optimizer: given,
  learningRate: checks.positive,
  schedule: given,
  weightDecay: checks.nonNegative,
  decayDepthwise: checks.flag,
  labelSmoothing: checks.share,
  clipNorm: checks.nonNegative,
  ema: checks.share,
  freeze: given,
  seed: checks.whole,
  augmentation: given,
  pool: given,
  store: given,
  signal: given,
}

/** Returns the options with their defaults. Throws a `UsageError` for an unknown name or an invalid value. */
export function resolveTrainOptions(net: Network, images: number, options: TrainOptions): RunOptions {
  assertOptions('train', options, members)
  for (const name of ['engine', 'epochs', 'preprocessing'] as const)
    if (options[name] === undefined) throw new UsageError(`train: ${name} is missing: it must be given`)
  assertPreprocessing(options.preprocessing, 'preprocessing')
  const optimizer = optimizerOf(options.optimizer ?? 'adamw')
  const rule = ruleOf(optimizer)
  const { epochs } = options
  return {
    epochs,
    batch: options.batch ?? Math.min(32, images),
    optimizer,
    learningRate: options.learningRate ?? rule.learningRate,
    schedule: scheduleOf(options.schedule ?? { name: 'cosine', warmup: Math.min(1, epochs / 10) }),
    weightDecay: options.weightDecay ?? rule.weightDecay,
    decayDepthwise: options.decayDepthwise ?? false,
    labelSmoothing: options.labelSmoothing ?? 0.1,
    clipNorm: options.clipNorm ?? 0,
    ema: options.ema ?? 0,
    freeze: [...select(net.weights.keys(), options.freeze ?? [], 'freeze')],
    seed: options.seed ?? 0,
    augmentation: augmentationOf(options.augmentation ?? 'none'),
    preprocessing: options.preprocessing,
  }
}
