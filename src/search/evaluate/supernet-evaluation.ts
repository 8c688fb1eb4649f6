/**
 * Evaluates networks by their slices of a trained supernet. Batch norm statistics belong to one network alone, so each
 * slice measures its own on some images before it is evaluated (Cai et al. 2020; Yu and Huang 2019, section 3).
 */
import { checks, type Tensor, tensor, UsageError } from '../../core/index.ts'
import type { Dataset, LoaderPool, PreprocessingName } from '../../data/index.ts'
import type { Engine } from '../../engine/index.ts'
import { nameOf } from '../../graph/index.ts'
import { build, type Model } from '../../models/index.ts'
import { input } from '../../ops/index.ts'
import { evaluate, type TrainData } from '../../train/index.ts'
import type { Evaluator } from './evaluator.ts'
import { accuracy, type Demand, drawBatches, objectivesOf, outcome, preprocessingFor } from './network.ts'
import { withoutDropout } from './proxies/proxy.ts'
import { type Slicing, subNetwork } from './slices.ts'
import { withinBudget } from './training.ts'

export interface RecalibrateOptions {
  readonly engine: Engine
  /** Number of batches over which the statistics are averaged. Default 4. */
  readonly batches?: number
  /** Images in a batch. Default 64, or the whole set if that is smaller. */
  readonly batch?: number
  /** Seed of the choice of images. Default 0. */
  readonly seed?: number
  readonly preprocessing?: PreprocessingName
}

/**
 * Replaces the running means and variances of `model` by those measured on images of `dataset`, averaged over some
 * batches. Its other weights do not change.
 *
 * @example
 * ```ts
 * import { arrays } from 'kinglet/data'
 * import { build } from 'kinglet/models'
 * import { recalibrate } from 'kinglet/search'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const pixels = new Uint8Array(4 * 256).map((_, i) => i % 251)
 * const set = arrays({ width: 16, height: 16, channels: 1, pixels, labels: [0, 1, 0, 1], classes: ['a', 'b'] })
 * const model = build('mobilenet_v1', { width: 0.1, size: 16, classes: 2 })
 * const before = model.weights.get('stem.bn.variance')!.data[0]
 * await recalibrate(model, set, { engine: wasmEngine({ threads: 1 }) })
 * before === model.weights.get('stem.bn.variance')!.data[0] // => false
 * ```
 */
export async function recalibrate(model: Model, dataset: Dataset, options: RecalibrateOptions): Promise<void> {
  const { engine, batches: count = 4, batch = Math.min(64, dataset.length), seed = 0, preprocessing: name } = options
  if (!checks.count.is(count)) throw new UsageError(`recalibrate: batches is ${count}: it must be ${checks.count.must}`)
  // With momentum 1, the new running statistics are those of the batch.
  const { name: called, options: own } = model.architecture
  const { updates, logits } = build(called, { ...own, batchNormMomentum: 1 }).forward(
    input('x', [batch, ...model.inputShape]),
    { training: true, seed: input('seed', [], 'i32') },
  )
  const outputs = Object.fromEntries(updates.map(({ target, value }) => [nameOf(target), value]))
  const graph = withoutDropout({ outputs: { ...outputs, logits }, updates: [] })
  const { logits: _, ...statistics } = graph.outputs
  if (Object.keys(statistics).length === 0) return
  const program = await engine.compile({ outputs: statistics, updates: [] }, { weights: model.weights })
  const means = new Map<string, Float64Array>()
  try {
    for (const { x } of await drawBatches(model, dataset, { count, batch, seed, ...(name && { name }) }))
      for (const [statistic, { data }] of Object.entries(await program.run({ x }))) {
        const mean = means.get(statistic) ?? new Float64Array(data.length)
        for (let i = 0; i < data.length; i++) mean[i] += data[i] / count
        means.set(statistic, mean)
      }
  } finally {
    program.dispose()
  }
  model.weights = new Map(
    [...model.weights].map(([parameter, t]): [string, Tensor] => {
      const mean = means.get(parameter)
      return [parameter, mean ? tensor(t.shape, Float32Array.from(mean)) : t]
    }),
  )
}

export interface SupernetEvaluationOptions extends Slicing {
  /** The trained network of the largest point. */
  readonly supernet: Model
  /** `train` has the images for batch norm statistics, `val` those on which slices are evaluated. */
  readonly data: TrainData & { readonly val: Dataset }
  readonly engine: Engine
  /** See {@link RecalibrateOptions}. */
  readonly calibration?: Omit<RecalibrateOptions, 'engine' | 'preprocessing'>
  readonly preprocessing?: PreprocessingName
  readonly pool?: LoaderPool
  /** Objectives and budgets beside accuracy. */
  readonly demands?: readonly Demand[]
  /** See {@link TrainingSetup.overBudget}. Default `skip`. */
  readonly overBudget?: 'skip' | 'judge'
}

/**
 * Evaluates a point by the accuracy of its slice of the supernet, with its own batch norm statistics. It takes seconds
 * and serves for ranking. The quality of the ranking depends on the space and the training: docs/search.md has
 * Kendall's tau against networks trained alone.
 *
 * @example
 * ```ts
 * import { arrays } from 'kinglet/data'
 * import { build } from 'kinglet/models'
 * import { type Point, supernetEvaluation } from 'kinglet/search'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const pixels = new Uint8Array(8 * 256).map((_, i) => (i < 4 * 256 ? i % 100 : 255 - (i % 100)))
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1]
 * const set = arrays({ width: 16, height: 16, channels: 1, pixels, labels, classes: ['dark', 'light'] })
 * const networkOf = ({ width }: Point) =>
 *   build('mobilenet_v1', { width: Number(width), size: 16, reduction: 8, classes: 2 })
 * const largest = { width: 0.2 }
 * const evaluator = supernetEvaluation({
 *   ...{ networkOf, largest, supernet: networkOf(largest) },
 *   data: { train: set, val: set },
 *   engine: wasmEngine({ threads: 1 }),
 * })
 * const context = { number: 0, seed: 1, signal: new AbortController().signal, report: async () => {} }
 * const { values } = await evaluator.evaluate({ width: 0.1 }, context)
 * values[0] >= 0 && values[0] <= 1 // => true
 * ```
 */
export function supernetEvaluation(options: SupernetEvaluationOptions): Evaluator {
  const { supernet, data, engine, calibration, preprocessing, pool, demands = [], overBudget } = options
  return {
    name: 'supernet',
    objectives: [accuracy, ...objectivesOf(demands)],
    evaluate(point, context) {
      const networkOf = () => subNetwork(supernet, point, options)
      const budgets = { networkOf, demands, ...(overBudget && { overBudget }) }
      return withinBudget(budgets, point, context, async (model, costs) => {
        await recalibrate(model, data.train, { engine, ...calibration, ...(preprocessing && { preprocessing }) })
        const { top1 } = await evaluate(model, data.val, {
          ...{ engine, preprocessing: preprocessingFor(model, preprocessing), signal: context.signal },
          ...(pool && { pool }),
        })
        return outcome([top1], costs)
      })
    },
  }
}
