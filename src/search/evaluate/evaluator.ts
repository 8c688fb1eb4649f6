/**
 * An evaluation strategy says how good a point is. It knows nothing of how points are chosen, nor of how results are
 * kept: it is given a point and a context, and answers with a value for each of its objectives.
 */
import type { Point } from '../space/space.ts'
import type { Objective, StepReport } from '../trial.ts'

/** What an evaluation is given beside its point. */
export interface EvaluationContext {
  /** Number of the trial. */
  readonly number: number
  /** Start of the evaluation's random choices: a function of the study's seed and the number. */
  readonly seed: number
  /** Aborted when the study is stopped, or the trial's time is over. */
  readonly signal: AbortSignal
  /** A folder of the trial's own, for checkpoints and models; what lies in it is from an earlier try of the same trial. */
  readonly folder?: string
  /**
   * Tells a value on the way. Rejects with {@link Pruned} or {@link Paused} when the study says so: let it pass through,
   * with a checkpoint kept in `folder` before.
   */
  report(report: StepReport): Promise<void>
}

/** What an evaluation found. */
export interface Outcome {
  /** In the order of the evaluator's objectives. */
  readonly values: readonly number[]
  /** See {@link Trial.violations}. */
  readonly violations?: readonly number[]
  /** Files that it left in its folder, by what they are (`model`). */
  readonly files?: Readonly<Record<string, string>>
}

export interface Evaluator {
  readonly name: string
  readonly objectives: readonly Objective[]
  /** A point's values. What it throws is the trial's reason; `Pruned` and `Paused` are no failures. */
  evaluate(point: Point, context: EvaluationContext): Promise<Outcome>
}

/** Thrown by `report`: the trial is not worth going on with. */
export class Pruned extends Error {
  override readonly name = 'Pruned'
}

/** Thrown by `report`: the trial waits until others have come as far; it is taken up again from its folder. */
export class Paused extends Error {
  override readonly name = 'Paused'
}
