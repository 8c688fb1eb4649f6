/**
 * `kinglet/run`, in a page or a worker of one: the same names as in Node (`run.ts`), with what a page has. The package has
 * it as dist/page/run.js and the modules that it loads when a network asks for them (scripts/page-build.js). Nothing that
 * is imported here may reach the contracts of ops, so it refuses the engine `reference`. It shares no classes with
 * `kinglet`: a page needs one or the other.
 */
export { loadToRun as load } from './door/page/index.ts'

// `load` comes first: modules of dist/page/run.js have the order in which they are imported, and gzip packs this one best.

export { KingletError, UsageError } from './core/index.ts'
export { type Preprocessing, type RgbImage, rgbImage } from './data/index.ts'
export type { LoadOptions } from './door/index.ts'
export {
  Classifier,
  type ClassifyOptions,
  type EngineName,
  type EngineOptions,
  engineOfRun as engineOf,
  type Prediction,
} from './door/index.ts'
export type { Provenance } from './formats/index.ts'
export type { FetchOptions, ImageSource, ModelSource, Pixels } from './platform/index.ts'
