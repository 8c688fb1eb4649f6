/**
 * `train` and `evaluate` of the front door: `fit` and `evaluate` with defaults for engine, threads, preprocessing and
 * data.
 */

import { assertOptions, type Checks, checks, KingletError, UsageError } from '../core/index.ts'
import {
  type Dataset,
  type LoaderPool,
  type Preprocessing,
  type PreprocessingName,
  preprocessingPreset,
} from '../data/index.ts'
import type { Network } from '../nn/index.ts'
import type { Platform } from '../platform/index.ts'
import { kindOf } from '../platform/index.ts'
import {
  type EvaluateOptions as EvaluateWith,
  type Evaluation,
  evaluate,
  type TrainOptions as FitWith,
  fit,
  type TrainData,
  type TrainStep,
} from '../train/index.ts'
import { Classifier, networkGiven } from './classifier.ts'
import { type EngineOptions, engineOf } from './engine.ts'
import { preprocessingFor } from './preprocessing.ts'

interface Found extends EngineOptions {
  /**
   * Preprocessing of images. Default: that of the last load or training of the network, else `whole` up to 64 pixels
   * and `imagenet` above.
   */
  readonly preprocessing?: PreprocessingName | Preprocessing
}

/** Options of `train`; only `epochs` is required. In Node, threads prepare images by default. */
export interface TrainOptions extends Found, Omit<FitWith, keyof Found> {}

/** Options of `evaluate`. */
export interface EvaluateOptions extends Found, Omit<EvaluateWith, keyof Found> {}

const { given } = checks
const evaluateMembers: Checks<EvaluateOptions> = {
  engine: given,
  threads: given,
  deterministic: given,
  preprocessing: given,
  batch: checks.count,
  pool: given,
  signal: given,
}

/** Images to train on: a set, or a training and a validation set; in Node also a folder for `openDataset`. */
export type TrainingData = string | URL | Dataset | { readonly train: Dataset; readonly val?: Dataset | undefined }

const isFolder = (data: unknown): data is string | URL => typeof data === 'string' || data instanceof URL
const isSet = (data: unknown): data is Dataset =>
  typeof data === 'object' && data !== null && 'classes' in data && 'image' in data

/** Completes the options for `fit` and `evaluate` of `train/`. */
function completed<O extends Found>(net: Network, options: O, pool: LoaderPool | undefined) {
  const {
    engine,
    threads,
    deterministic,
    preprocessing = net.meta.preprocessing ?? preprocessingFor(net),
    ...rest
  } = options
  const [height, width] = net.inputShape
  return {
    ...rest,
    engine: engineOf({ engine, threads, deterministic }),
    preprocessing:
      typeof preprocessing === 'string' ? preprocessingPreset(preprocessing, [height, width]) : preprocessing,
    ...(pool && { pool }),
  }
}

/** Trains on `platform`. */
export async function* trainOn(
  platform: Platform,
  net: Network,
  data: TrainingData,
  options: TrainOptions,
): AsyncGenerator<TrainStep, void, undefined> {
  if (net instanceof Classifier)
    throw new UsageError('train: a classifier cannot be trained: give its network (model.network) or a result of build')
  networkGiven('train', net)
  if (!options) throw new UsageError('train: options are missing: give at least epochs, such as { epochs: 20 }')
  const own = options.pool ? undefined : platform.pool()
  const pool = options.pool ?? own
  const before = net.weights
  let last: TrainStep | undefined
  try {
    const parts = await partsOf(platform, data, { seed: options.seed, signal: options.signal, pool })
    const settings = completed(net, options, pool)
    try {
      for await (const step of fit(net, parts, settings)) yield (last = step)
    } finally {
      if (last && net.weights !== before) {
        const { classes, length: images } = parts.train
        const { epochs, step, steps, validation } = last
        const provenance = {
          ...(isFolder(data) && { trainedOn: String(data) }),
          ...{ images, epochs: (epochs * step) / steps, seed: options.seed ?? 0 },
          ...(validation && { accuracy: validation.top1, evaluatedOn: validation.count }),
        }
        net.meta = { classes, preprocessing: settings.preprocessing, provenance }
      }
    }
  } finally {
    await own?.close()
  }
}

async function partsOf(
  platform: Platform,
  data: TrainingData,
  options: Parameters<Platform['open']>[1],
): Promise<TrainData> {
  if (isSet(data)) return { train: data }
  const { train, val } = isFolder(data) ? await platform.open(data, options) : (data ?? {})
  if (isSet(train)) return { train, ...(val && { val }) }
  throw new UsageError(
    `train: ${kindOf(data)} is not data: give a folder, a set (from openDataset or arrays), or { train, val } of sets`,
  )
}

/** Evaluates on `platform`. */
export async function evaluateOn(
  platform: Platform,
  model: Network | Classifier,
  data: string | URL | Dataset,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const net = networkGiven('evaluate', model)
  assertOptions('evaluate', options, evaluateMembers)
  const { classes } = net.meta
  const own = options.pool ? undefined : platform.pool()
  const pool = options.pool ?? own
  const open = async (folder: string | URL) => {
    const { test, val, train } = await platform.open(folder, { classes, validation: 0, signal: options.signal, pool })
    return test ?? val ?? train
  }
  try {
    const set = isFolder(data) ? await open(data) : data
    if (classes) assertSameClasses(classes, set.classes)
    return await evaluate(net, set, completed(net, options, pool))
  } finally {
    await own?.close()
  }
}

function assertSameClasses(model: readonly string[], data: readonly string[]): void {
  const at = model.findIndex((name, i) => name !== data[i])
  if (at < 0 || model.length !== data.length) return
  throw new KingletError(
    `evaluate: class ${at} is ${model[at]} in the model and ${data[at]} in the data: open the data with the model's ` +
      'classes in its order (option classes of openDataset)',
  )
}
