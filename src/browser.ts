/** The front door, in a page or a worker of one: the same names as in Node (`index.ts`), with what a page has. */

import type { Dataset } from './data/index.ts'
import type { Classifier } from './door/classifier.ts'
import { type SaveOptions, saveOn } from './door/save.ts'
import { type EvaluateOptions, evaluateOn, type TrainingData, type TrainOptions, trainOn } from './door/training.ts'
import type { Network } from './graph/index.ts'
import { pagePlatform } from './platform/page/platform.ts'
import type { Evaluation, TrainStep } from './train/index.ts'

export { load } from './browser-run.ts'
export { DivergedError, KingletError, UsageError } from './core/index.ts'
export {
  type Augmentation,
  arrays,
  type Dataset,
  type Preprocessing,
  preprocessingPreset,
  type RgbImage,
  rgbImage,
} from './data/index.ts'
export { Classifier, type ClassifyOptions, type Prediction } from './door/classifier.ts'
export { type EngineName, type EngineOptions, engineOf } from './door/engine.ts'
export type { LoadOptions } from './door/load.ts'
export { type SaveOptions, toBytes } from './door/save.ts'
export type { EvaluateOptions, TrainingData, TrainOptions } from './door/training.ts'
export type { Provenance } from './formats/index.ts'
export { type Analysis, analyse, type Engine, type Network } from './graph/index.ts'
export { type BuildOptions, build, type Model, type ModelInfo, type ModelName, models, twin } from './models/index.ts'
export type { FetchOptions, ImageSource, ModelSource, Pixels } from './platform/sources.ts'
export type { Evaluation, TrainStep } from './train/index.ts'

/** As in Node, but `to` is the name under which the browser offers the file as a download. */
export const save = (model: Network | Classifier, to: string | URL, options?: SaveOptions): Promise<void> =>
  saveOn(pagePlatform, model, to, options)

/** As in Node; `data` is a set (`arrays` makes one), or `{ train, val }`, and images are prepared on this thread. */
export const train = (
  net: Network,
  data: TrainingData,
  options: TrainOptions,
): AsyncGenerator<TrainStep, void, undefined> => trainOn(pagePlatform, net, data, options)

/** As in Node; `data` is a set. */
export const evaluate = (
  model: Network | Classifier,
  data: string | URL | Dataset,
  options?: EvaluateOptions,
): Promise<Evaluation> => evaluateOn(pagePlatform, model, data, options)
