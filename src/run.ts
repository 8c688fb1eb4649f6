/**
 * `kinglet/run` in Node: loads model files and runs them, without what builds, trains and saves networks. `kinglet` has
 * the same names; a page that loads its code on demand loads less of it from here.
 */
export { KingletError, UsageError } from './core/index.ts'
export { type Preprocessing, type RgbImage, rgbImage } from './data/index.ts'
export type { LoadOptions } from './door/index.ts'
export {
  Classifier,
  type ClassifyOptions,
  type EngineName,
  type EngineOptions,
  engineOf,
  type Prediction,
} from './door/index.ts'
export { load } from './door/node.ts'
export type { Provenance } from './formats/index.ts'
export type { FetchOptions, ImageSource, ModelSource, Pixels } from './platform/index.ts'
