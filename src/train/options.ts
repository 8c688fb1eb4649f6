/** Options of a training run, their values when left out, and what each must be. */
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

/** How a network is trained. `engine`, `epochs` and `preprocessing` must be given. */
export interface TrainOptions {
  readonly engine: Engine
  /** How many times each image is seen. */
  readonly epochs: number
  /** What is done to an image before the network sees it; it belongs into the model's file. */
  readonly preprocessing: Preprocessing
  /** Images in a step. Default 32, or all of a smaller set. */
  readonly batch?: number
  /** Default `adamw`. */
  readonly optimizer?: OptimizerName | Optimizer
  /** The schedule's highest. Default: 0.003 for `adamw`, 0.05 for `sgd`, 0.005 for `rmsprop`. */
  readonly learningRate?: number
  /** Default: a cosine down to 0, after a warm-up of a tenth of the run, of one epoch at most. */
  readonly schedule?: ScheduleName | Schedule
  /**
   * Added to the gradient (`sgd`, `rmsprop`) or to the step (`adamw`) as this share of each weight of a convolution or
   * linear layer; never of biases and batch norm. Default 0.02 for `adamw`, else 4e-5.
   */
  readonly weightDecay?: number
  /** Weight decay of depthwise filters too. Default false, as MobileNet V1 advises (arXiv:1704.04861, section 3). */
  readonly decayDepthwise?: boolean
  /** What the other classes get of each target. Default 0.1. */
  readonly labelSmoothing?: number
  /** All gradients together are made no longer than this. Default 0: as long as they are. */
  readonly clipNorm?: number
  /**
   * Decay of a running average of the weights, which takes their place for validation and at the end: 0.999 or
   * 0.9999 in long runs. Default 0: no average.
   */
  readonly ema?: number
  /** Layers that keep their weights, and their batch norm its statistics. Default none. */
  readonly freeze?: Selection
  /** Start of every random choice: order, augmentation, dropout. Default 0. */
  readonly seed?: number
  /** Random changes of training images. Default `none`. */
  readonly augmentation?: AugmentationName | Augmentation
  /** Threads that read and prepare images; without them, the calling thread does. */
  readonly pool?: LoaderPool
  /** Where the run is kept: `openRun` in Node keeps it in a folder. */
  readonly store?: RunStore
  /** Ends the run after the step that is under way, which is kept in `store`. */
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

/** Fills in what `options` leaves out; throws for a name or a value that cannot be. */
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
