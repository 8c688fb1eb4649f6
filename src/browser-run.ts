/**
 * `kinglet/run`, in a page or a worker of one: the same names as in Node (`run.ts`), with what a page has. The package has
 * it as dist/page/run.js and the modules that it loads when a network asks for them (scripts/page-build.js). Nothing that
 * is imported here may reach the contracts of ops, so it refuses the engine `reference`. It shares no classes with
 * `kinglet`: a page needs one or the other.
 */
import type { Classifier } from './door/index.ts'
import { engineOfRun, type LoadOptions, loadOn } from './door/index.ts'
import { runnable } from './nn/index.ts'
import type { ModelSource } from './platform/index.ts'
import { pageReader } from './platform/page/index.ts'

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

/** As in Node; a string is a URL, relative to the page. */
export const load = (source: ModelSource, options?: LoadOptions): Promise<Classifier> =>
  loadOn({ ...pageReader, kit: runnable, engineOf: engineOfRun }, source, options)
