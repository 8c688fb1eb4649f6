/**
 * A search algorithm asks and is told: it names the point of the next trial, given all trials so far. It keeps nothing:
 * what it says is a function of problem, trials and number, so a study can be stopped anywhere and gone on with.
 */
import type { Point } from '../space/space.ts'
import type { Problem, Trial } from '../trial.ts'

export interface Algorithm {
  /** `tpe`: how commands and studies call it. */
  readonly name: string
  /** Values that change what it asks, as they are stored with a study. */
  readonly options: Readonly<Record<string, unknown>>
  /**
   * The point of trial `number`. `trials` are those with smaller numbers, in order; some may still be running. Throws a
   * `UsageError` for a problem that the algorithm cannot take (several objectives, an endless grid).
   */
  ask(problem: Problem, trials: readonly Trial[], number: number): Point
}
