/** The front door, in a page or a worker of one: the same names as in Node (`index.ts`), with what a page has. */

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
export { evaluate, load, save, train } from './door/page/index.ts'
export type { Engine } from './engine/index.ts'
export type { Provenance } from './formats/index.ts'
export { type Analysis, analyse } from './graph/index.ts'
export { type BuildOptions, build, type Model, type ModelInfo, type ModelName, models, twin } from './models/index.ts'
export type { Network } from './nn/index.ts'
export type { FetchOptions, ImageSource, ModelSource, Pixels } from './platform/index.ts'
export type { Evaluation, TrainStep } from './train/index.ts'
