/**
 * k-fold cross-validation: one training for each fold, validated on the images of that fold. It suits sets so small
 * that a single validation part says little. After each fold it reports the mean so far.
 */
import { assert, key, keyOf } from '../../core/index.ts'
import { type Dataset, subset } from '../../data/index.ts'
import type { TrainData } from '../../train/index.ts'
import type { StepReport } from '../trial.ts'
import type { Evaluator } from './evaluator.ts'
import { accuracy, accuracySpread, objectivesOf, outcome } from './network.ts'
import { type TrainingSetup, train, withinBudget } from './training.ts'

export interface KFoldEvaluationOptions extends TrainingSetup {
  readonly data: Dataset
  /** Number of folds. Default 5. */
  readonly folds?: number
  /** Seed of the assignment of images to folds. Default 0. */
  readonly foldSeed?: number
  /**
   * Whether the standard deviation over the folds is also an objective, `accuracySpread`, to be minimised. Default
   * false.
   */
  readonly spread?: boolean
}

/**
 * Evaluates a point by its mean accuracy over k folds, and optionally its spread. Throws a `KingletError` for fewer
 * than two folds, or more folds than images in a class.
 *
 * @example
 * ```ts
 * import { arrays } from 'kinglet/data'
 * import { build } from 'kinglet/models'
 * import { kFoldEvaluation } from 'kinglet/search'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const pixels = new Uint8Array(8 * 256).map((_, i) => (i < 4 * 256 ? i % 100 : 255 - (i % 100)))
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1]
 * const evaluator = kFoldEvaluation({
 *   networkOf: ({ width }) => build('mobilenet_v1', { width: Number(width), size: 16, reduction: 8, classes: 2 }),
 *   data: arrays({ width: 16, height: 16, channels: 1, pixels, labels, classes: ['dark', 'light'] }),
 *   engine: wasmEngine({ threads: 1 }),
 *   epochs: 1,
 *   folds: 2,
 *   spread: true,
 * })
 * evaluator.objectives.map((o) => o.name) // => ['accuracy', 'accuracySpread']
 * ```
 */
export function kFoldEvaluation(options: KFoldEvaluationOptions): Evaluator {
  const { data, folds = 5, foldSeed = 0, spread = false, demands = [] } = options
  const parts = foldsOf(data, folds, foldSeed)
  const first = (mean: number, deviation: number) => (spread ? [mean, deviation] : [mean])
  return {
    name: 'k-fold',
    objectives: [accuracy, ...(spread ? [accuracySpread] : []), ...objectivesOf(demands)],
    evaluate(point, context) {
      return withinBudget(
        options,
        point,
        context,
        async (_, costs) => {
          const epochs = options.trainingOf?.(point).epochs ?? options.epochs
          const found: number[] = []
          const files: Record<string, string> = {}
          for (const [i, part] of parts.entries()) {
            const folder = context.folder === undefined ? undefined : `${context.folder}/fold-${i}`
            const model = await options.networkOf(point, context.seed)
            // The last epoch of a fold is reported as the mean so far.
            const report = async ({ step, value }: StepReport) => {
              if (step === epochs) await context.report({ step: i + 1, value: meanOf([...found, value]) })
            }
            const trained = await train(model, part, options, { point, context, folder, report })
            found.push(trained.reached)
            for (const [what, path] of Object.entries(trained.files)) files[`${what}${i}`] = `fold-${i}/${path}`
          }
          return outcome(first(meanOf(found), deviationOf(found)), costs, files)
        },
        first(0, 0),
      )
    },
  }
}

export const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** The sample standard deviation (n - 1), or 0 for a single value. */
export const deviationOf = (values: readonly number[]): number => {
  const mean = meanOf(values)
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, values.length - 1))
}

/**
 * Splits a set into `count` parts, each with the rest of the set to train on. Every class is spread evenly. The fold of
 * an image depends on the seed and the image's name.
 *
 * @example
 * ```ts
 * import { arrays } from 'kinglet/data'
 * import { foldsOf } from 'kinglet/search'
 *
 * const labels = Array.from({ length: 20 }, (_, i) => i % 2)
 * const set = arrays({ width: 1, height: 1, channels: 1, pixels: new Uint8Array(20), labels, classes: ['a', 'b'] })
 * foldsOf(set, 5).map(({ train, val }) => [train.length, val.length])[4] // => [16, 4]
 * ```
 */
export function foldsOf(dataset: Dataset, count: number, seed = 0): (TrainData & { readonly val: Dataset })[] {
  assert(Number.isInteger(count) && count > 1, `folds is ${count}: it must be an integer, 2 or more`)
  const classes: number[][] = dataset.classes.map(() => [])
  for (let i = 0; i < dataset.length; i++) classes[dataset.label(i)].push(i)
  const foldOf = new Uint32Array(dataset.length)
  const rank = (i: number) => key(keyOf('fold'), seed, keyOf(dataset.name(i)))
  let next = 0
  for (const [label, images] of classes.entries()) {
    assert(
      images.length === 0 || images.length >= count,
      () =>
        `folds is ${count}, class ${dataset.classes[label]} has ${images.length} images: use ` +
        `${Math.max(2, images.length)} folds at most, or more images`,
    )
    const ranks = new Map(images.map((i) => [i, rank(i)]))
    // Each class continues where the previous one ended, so folds have nearly equal sizes.
    for (const i of images.sort((a, b) => ranks.get(a)! - ranks.get(b)! || a - b)) foldOf[i] = next++ % count
  }
  const all = Array.from({ length: dataset.length }, (_, i) => i)
  return Array.from({ length: count }, (_, fold) => ({
    train: subset(
      dataset,
      all.filter((i) => foldOf[i] !== fold),
    ),
    val: subset(
      dataset,
      all.filter((i) => foldOf[i] === fold),
    ),
  }))
}
