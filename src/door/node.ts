/** The functions of the front door in Node: those of `load.ts`, `save.ts` and `training.ts` on Node's platform. */

import type { Dataset } from '../data/index.ts'
import { type Network, trainable } from '../nn/index.ts'
import type { ModelSource } from '../platform/index.ts'
import { nodePlatform } from '../platform/node/index.ts'
import type { Evaluation, TrainStep } from '../train/index.ts'
import type { Classifier } from './classifier.ts'
import { engineOf } from './engine.ts'
import { type LoadOptions, loadOn } from './load.ts'
import { type SaveOptions, saveOn } from './save.ts'
import { type EvaluateOptions, evaluateOn, type TrainingData, type TrainOptions, trainOn } from './training.ts'

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

/**
 * Trains a network and tells each step; when the loop ends or is left, `net.weights` are the trained ones. `data` is a
 * folder of images (a tenth of which is held out to judge each epoch, unless it has a part for that), a set, or
 * `{ train, val }`. Images that cannot be read are left out; `openDataset` of `kinglet/data` says which.
 *
 * Once `signal` is aborted the step under way is finished and told, and the loop ends by throwing the signal's reason.
 * Throws at the first step when options, data and network do not fit together.
 *
 * @example
 * ```ts
 * import { arrays, build, toBytes, load, train } from 'kinglet'
 *
 * const pixels = new Uint8Array(8 * 16 * 16).map((_, i) => (i < 4 * 256 ? i % 100 : 255 - (i % 100)))
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1]
 * const data = arrays({ width: 16, height: 16, channels: 1, pixels, labels, classes: ['dark', 'light'] })
 * const net = build('mobilenet_v2', { width: 0.1, size: 16, reduction: 8, classes: 2 })
 * const losses: number[] = []
 * for await (const step of train(net, data, { epochs: 5 })) losses.push(step.loss)
 * losses[4] < losses[0] // => true
 *
 * using model = await load(toBytes(net))
 * model.classes // => ['dark', 'light']
 * ```
 */
export const train = (
  net: Network,
  data: TrainingData,
  options: TrainOptions,
): AsyncGenerator<TrainStep, void, undefined> => trainOn(nodePlatform, net, data, options)

/**
 * How well a network, or a classifier, does on images whose classes are known: a folder (its test part if it has one,
 * else its validation part, else all of it) or a set.
 *
 * @example
 * ```ts
 * import { arrays, build, evaluate } from 'kinglet'
 *
 * const pixels = new Uint8Array(3 * 8 * 8)
 * const data = arrays({ width: 8, height: 8, channels: 1, pixels, labels: [0, 1, 1], classes: ['cat', 'dog'] })
 * const net = build('mobilenet_v2', { width: 0.1, size: 8, reduction: 4, classes: 2 })
 * const { count, top5 } = await evaluate(net, data)
 * const found = [count, top5]
 * found // => [3, 1]
 * ```
 */
export const evaluate = (
  model: Network | Classifier,
  data: string | URL | Dataset,
  options?: EvaluateOptions,
): Promise<Evaluation> => evaluateOn(nodePlatform, model, data, options)
