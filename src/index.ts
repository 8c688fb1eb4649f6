/**
 * The front door, in Node: what most people need, by the names that they would guess. `browser.ts` has the same names
 * for pages. Everything else is in `kinglet/graph`, `kinglet/models`, `kinglet/data`, `kinglet/train` and so on.
 */
import type { Classifier } from './classifier.ts'
import type { Network } from './graph/index.ts'
import { type LoadOptions, loadOn } from './load.ts'
import { nodePlatform } from './node-platform.ts'
import { type SaveOptions, saveOn } from './save.ts'
import type { ModelSource } from './sources.ts'

export { Classifier, type ClassifyOptions, type Prediction } from './classifier.ts'
export { KingletError, UsageError } from './core/index.ts'
export { arrays, type Dataset, type Preprocessing, preprocessingPreset, type RgbImage, rgbImage } from './data/index.ts'
export { type EngineName, engineOf } from './engine.ts'
export type { Provenance } from './formats/index.ts'
export { type Analysis, analyse, type Network } from './graph/index.ts'
export type { LoadOptions } from './load.ts'
export { type BuildOptions, build, type Model, type ModelInfo, type ModelName, models, twin } from './models/index.ts'
export { type SaveOptions, toBytes } from './save.ts'
export type { FetchOptions, ImageSource, ModelSource, Pixels } from './sources.ts'

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
  loadOn(nodePlatform, source, options)

/**
 * Saves a network, or a classifier, as a model file; the old file stays whole until the new one is. The classes and the
 * preprocessing are those with which it was trained or loaded, unless `options` has others. `to` is a path or a `file:`
 * URL; in a page it is the name under which the file is offered as a download.
 *
 * @example
 * ```ts
 * import { build, save } from 'kinglet'
 *
 * const net = build('mobilenet_v2', { width: 0.1, size: 32, classes: 2 })
 * await save(net, 'pets.safetensors', { classes: ['cat', 'dog'] })
 * ```
 */
export const save = (model: Network | Classifier, to: string | URL, options?: SaveOptions): Promise<void> =>
  saveOn(nodePlatform, model, to, options)
