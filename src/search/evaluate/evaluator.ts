/**
 * The interface of an evaluation strategy, which measures how good a point is. It does not know how points are chosen
 * or how results are stored: it takes a point and a context, and returns a value for each of its objectives.
 */
import type { Point } from '../space/space.ts'
import type { Objective, StepReport } from '../trial.ts'

/** The input of an evaluation beside its point. */
export interface EvaluationContext {
  /** Number of the trial. */
  readonly number: number
  /** Seed of the evaluation's random choices: a function of the study's seed and the trial's number. */
  readonly seed: number
  /** Aborted when the study stops or the trial's time limit has passed. */
  readonly signal: AbortSignal
  /** The trial's own folder, for checkpoints and models. Its files come from earlier tries of the same trial. */
  readonly folder?: string
  /**
   * Reports an intermediate value. Rejects with {@link Pruned} or {@link Paused} when the study decides so. Write a
   * checkpoint to `folder` before the call, and do not catch these errors.
   */
  report(report: StepReport): Promise<void>
}

/** The result of an evaluation. */
export interface Outcome {
  /** In the order of the evaluator's objectives. */
  readonly values: readonly number[]
  /** See {@link Trial.violations}. */
  readonly violations?: readonly number[]
  /** Files left in the folder, by kind (`model`). */
  readonly files?: Readonly<Record<string, string>>
}

export interface Evaluator {
  readonly name: string
  readonly objectives: readonly Objective[]
  /**
   * Returns the values of a point. An error becomes the reason of a failed trial; `Pruned` and `Paused` are not
   * failures.
   */
  evaluate(point: Point, context: EvaluationContext): Promise<Outcome>
}

/** Thrown by `report` when the trial is not worth continuing. */
export class Pruned extends Error {
  override readonly name = 'Pruned'
}

/** Thrown by `report` when the trial must wait for others. It is resumed from its folder later. */
export class Paused extends Error {
  override readonly name = 'Paused'
}
