/**
 * The interface of a search algorithm. An algorithm proposes the point of the next trial from all trials so far. It
 * keeps no state: a proposal is a function of the problem, the trials and the trial's number, so a study can stop and
 * resume anywhere.
 */
import type { Point } from '../space/space.ts'
import type { Problem, Trial } from '../trial.ts'

export interface Algorithm {
  /** The name by which commands and studies select it: `tpe`. */
  readonly name: string
  /** Options that change its proposals. They are stored with a study. */
  readonly options: Readonly<Record<string, unknown>>
  /**
   * Proposes the point of trial `number`. `trials` holds the trials with smaller numbers, in order; some may still be
   * running. Throws a `UsageError` for a problem that the algorithm cannot take, or when no point is left.
   */
  ask(problem: Problem, trials: readonly Trial[], number: number): Point
}
