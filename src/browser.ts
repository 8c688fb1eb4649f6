/** The front door, in a page or a worker of one: the same names as in Node (`index.ts`), with what a page has. */

import type { Dataset } from './data/index.ts'
import type { Classifier } from './door/index.ts'
import {
  type EvaluateOptions,
  engineOf,
  evaluateOn,
  type LoadOptions,
  loadOn,
  type SaveOptions,
  saveOn,
  type TrainingData,
  type TrainOptions,
  trainOn,
} from './door/index.ts'
import { type Network, trainable } from './nn/index.ts'
import type { ModelSource } from './platform/index.ts'
import { pagePlatform } from './platform/page/index.ts'
import type { Evaluation, TrainStep } from './train/index.ts'

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
export type { EvaluateOptions, LoadOptions, TrainingData, TrainOptions } from './door/index.ts'
export {
  Classifier,
  type ClassifyOptions,
  type EngineName,
  type EngineOptions,
  engineOf,
  type Prediction,
  type SaveOptions,
  toBytes,
} from './door/index.ts'
export type { Engine } from './engine/index.ts'
export type { Provenance } from './formats/index.ts'
export { type Analysis, analyse } from './graph/index.ts'
export { type BuildOptions, build, type Model, type ModelInfo, type ModelName, models, twin } from './models/index.ts'
export type { Network } from './nn/index.ts'
export type { FetchOptions, ImageSource, ModelSource, Pixels } from './platform/index.ts'
export type { Evaluation, TrainStep } from './train/index.ts'

/** As in Node; a string is a URL, relative to the page. */
export const load = (source: ModelSource, options?: LoadOptions): Promise<Classifier> =>
  loadOn({ ...pagePlatform, kit: trainable, engineOf }, source, options)

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
