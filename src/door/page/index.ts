/** The functions of the front door in a page or a worker of one: as in Node (`../node.ts`), on the page's platform. */

import type { Classifier } from '../classifier.ts'
import { engineOf, engineOfRun } from '../engine.ts'
import { type LoadOptions, loadOn } from '../load.ts'
import { type SaveOptions, saveOn } from '../save.ts'
import { type EvaluateOptions, evaluateOn, type TrainingData, type TrainOptions, trainOn } from '../training.ts'

// The door comes before what it runs on, for the size of dist/page/run.js (see `browser-run.ts`).

import type { Dataset } from '../../data/index.ts'
import { type Network, runnable, trainable } from '../../nn/index.ts'
import type { ModelSource } from '../../platform/index.ts'
import { pagePlatform, pageReader } from '../../platform/page/index.ts'
import type { Evaluation, TrainStep } from '../../train/index.ts'

/** As in Node; a string is a URL, relative to the page. */
export const load = (source: ModelSource, options?: LoadOptions): Promise<Classifier> =>
  loadOn({ ...pagePlatform, kit: trainable, engineOf }, source, options)

/** As `load`, for the `kinglet/run` of pages: without the engine `reference`, and networks only run. */
export const loadToRun = (source: ModelSource, options?: LoadOptions): Promise<Classifier> =>
  loadOn({ ...pageReader, kit: runnable, engineOf: engineOfRun }, source, options)

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
