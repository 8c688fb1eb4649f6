/**
 * Evaluation by full training: the value of a point is its network's accuracy on validation images after the last
 * epoch. It reports the accuracy after each epoch, for pruners.
 */
import { KingletError, UsageError } from '../../core/index.ts'
import type { LoaderPool, PreprocessingName } from '../../data/index.ts'
import type { Engine } from '../../engine/index.ts'
import type { Model } from '../../models/index.ts'
import { fit, type RunStore, type TrainData, type TrainOptions } from '../../train/index.ts'
import type { Point } from '../space/space.ts'
import type { StepReport } from '../trial.ts'
import { type EvaluationContext, type Evaluator, type Outcome, Paused } from './evaluator.ts'
import { accuracy, costsOf, type Demand, type NetworkOf, objectivesOf, outcome, preprocessingFor } from './network.ts'

/** A training run stored in a trial's folder. Made by `keepInFolder` in Node. */
export interface Kept {
  readonly store: RunStore
  /** Accuracies after the epochs already in the folder. */
  readonly reached: readonly StepReport[]
  /** The last step certainly reported to the study, or 0. */
  readonly heard: number
  /** Records that this step was reported. */
  hear(step: number): void
  /** Files that the run leaves, by kind: paths relative to the folder. */
  readonly files: Readonly<Record<string, string>>
}

/** Options of training that {@link trainingEvaluation} and {@link kFoldEvaluation} share. */
export interface TrainingSetup {
  readonly networkOf: NetworkOf
  readonly engine: Engine
  readonly epochs: number
  /** Training options that a point sets: learning rate, weight decay, augmentation. */
  readonly trainingOf?: (point: Point) => Partial<TrainOptions>
  /** Default `whole`. */
  readonly preprocessing?: PreprocessingName
  readonly pool?: LoaderPool
  /** Objectives and budgets beside accuracy. */
  readonly demands?: readonly Demand[]
  /**
   * What to do with a network above a budget: give it accuracy 0 without training (`skip`), or evaluate it (`judge`).
   * Default `skip`.
   */
  readonly overBudget?: 'skip' | 'judge'
  /** Stores the training in the trial's folder, so that it resumes where it stopped. */
  readonly keep?: (folder: string) => Kept
}

export interface TrainingEvaluationOptions extends TrainingSetup {
  readonly data: TrainData
}

/**
 * Evaluates points by full training. Objectives: `accuracy` on `data.val`, then the minimised demands. Throws a
 * `UsageError` when there are no validation images.
 *
 * @example
 * ```ts
 * import { arrays } from 'kinglet/data'
 * import { analyse } from 'kinglet/graph'
 * import { build } from 'kinglet/models'
 * import { trainingEvaluation } from 'kinglet/search'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const pixels = new Uint8Array(8 * 256).map((_, i) => (i < 4 * 256 ? i % 100 : 255 - (i % 100)))
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1]
 * const set = arrays({ width: 16, height: 16, channels: 1, pixels, labels, classes: ['dark', 'light'] })
 * const evaluator = trainingEvaluation({
 *   networkOf: ({ width }) => build('mobilenet_v1', { width: Number(width), size: 16, reduction: 8, classes: 2 }),
 *   data: { train: set, val: set },
 *   engine: wasmEngine({ threads: 1 }),
 *   epochs: 2,
 *   demands: [{ name: 'macs', value: (model) => analyse(model.graph()).total.macs, minimize: true, atMost: 1e6 }],
 * })
 * const steps: number[] = []
 * const report = async ({ step }: { step: number }) => void steps.push(step)
 * const context = { number: 0, seed: 1, signal: new AbortController().signal, report }
 * const { values, violations } = await evaluator.evaluate({ width: 0.05 }, context)
 * evaluator.objectives.map((o) => o.name) // => ['accuracy', 'macs']
 * values.length // => 2
 * violations![0] < 0 // => true
 * steps // => [1, 2]
 * ```
 */
export function trainingEvaluation(options: TrainingEvaluationOptions): Evaluator {
  const { data, demands = [] } = options
  if (!data.val || data.val.length === 0)
    throw new UsageError('trainingEvaluation: data has no val: give the images on which networks are validated')
  return {
    name: 'training',
    objectives: [accuracy, ...objectivesOf(demands)],
    evaluate: (point, context) =>
      withinBudget(options, point, context, async (model, costs) => {
        const { reached, files } = await train(model, data, options, { point, context, folder: context.folder })
        return outcome([reached], costs, files)
      }),
  }
}

/** Calls `judge` with the point's network, unless the network is above a budget and `overBudget` is `skip`. */
export async function withinBudget(
  { networkOf, demands = [], overBudget = 'skip' }: Pick<TrainingSetup, 'networkOf' | 'demands' | 'overBudget'>,
  point: Point,
  { seed }: EvaluationContext,
  judge: (model: Model, costs: Awaited<ReturnType<typeof costsOf>>) => Promise<Outcome>,
  first: readonly number[] = [0],
): Promise<Outcome> {
  const model = await networkOf(point, seed)
  const costs = await costsOf(model, demands)
  return overBudget === 'skip' && costs.violations.some((v) => v > 0) ? outcome(first, costs) : judge(model, costs)
}

export interface Training {
  readonly point: Point
  readonly context: EvaluationContext
  readonly folder: string | undefined
  /** Receives the accuracies. Default: the context's `report`. */
  readonly report?: (report: StepReport) => Promise<void>
}

/** Trains `model`, or resumes the training in `folder`. Returns the accuracy after the last epoch. */
export async function train(
  model: Model,
  data: TrainData,
  options: TrainingSetup,
  { point, context, folder, report = context.report }: Training,
): Promise<{ readonly reached: number; readonly files: Readonly<Record<string, string>> }> {
  const { engine, epochs, pool, trainingOf, preprocessing } = options
  const { seed, signal } = context
  const kept = folder === undefined ? undefined : options.keep?.(folder)
  let reached: number | undefined
  const tell = async (step: StepReport) => {
    reached = step.value
    try {
      await report(step)
    } catch (error) {
      // The trial resumes only when it may continue, so the same step must not pause it again.
      if (error instanceof Paused) kept?.hear(step.step)
      throw error
    }
    kept?.hear(step.step)
  }
  for (const step of kept?.reached ?? []) {
    reached = step.value
    if (step.step > kept!.heard) await tell(step)
  }
  const steps = fit(model, data, {
    ...{ epochs, seed, preprocessing: preprocessingFor(model, preprocessing) },
    ...trainingOf?.(point),
    ...{ engine, signal },
    ...(pool && { pool }),
    ...(kept && { store: kept.store }),
  })
  for await (const { epoch, validation } of steps) if (validation) await tell({ step: epoch, value: validation.top1 })
  if (reached === undefined)
    throw new KingletError(`${folder}: its training has ended, but not its validation: remove it to start again`)
  return { reached, files: kept?.files ?? {} }
}
