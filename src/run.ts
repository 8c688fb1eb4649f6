/**
 * `kinglet/run` in Node: loads model files and runs them, without what builds, trains and saves networks. `kinglet` has
 * the same names; a page that loads its code on demand loads less of it from here.
 */
import type { Classifier } from './door/index.ts'
import { engineOf, type LoadOptions, loadOn } from './door/index.ts'
import { trainable } from './nn/index.ts'
import type { ModelSource } from './platform/index.ts'
import { nodePlatform } from './platform/node/index.ts'

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
export type { Provenance } from './formats/index.ts'
export type { FetchOptions, ImageSource, ModelSource, Pixels } from './platform/index.ts'

/**
 * Loads a model file: its path, URL, bytes or a `Blob`. The classifier has its engine compiled and ready. Throws a
 * `KingletError` that names the file when it cannot be had, is damaged or is no model file; rejects with the signal's
 * reason when that is aborted.
 *
 * @example
 * ```ts
 * import { build, load, rgbImage, save } from 'kinglet'
 *
 * await save(build('mobilenet_v3_small', { width: 0.35, size: 32, classes: 2 }), 'pets.safetensors', {
 *   classes: ['cat', 'dog'],
 * })
 * using model = await load('pets.safetensors')
 * const top = await model.classify(rgbImage(2, 2, new Uint8Array(12)), { top: 1 })
 * top.length // => 1
 * const logits = await model.run(new Float32Array(3 * 32 * 32 * 3))
 * logits.shape // => [3, 2]
 * ```
 */
export const load = (source: ModelSource, options?: LoadOptions): Promise<Classifier> =>
  loadOn({ ...nodePlatform, kit: trainable, engineOf }, source, options)
