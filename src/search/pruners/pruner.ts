/**
 * The interface of a pruner, which decides after each report whether a trial continues. A function of the trials alone.
 */
import type { Problem, Trial } from '../trial.ts'

export type Decision = 'continue' | 'prune' | 'pause'

export interface Pruner {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** Decides `trial`, one of `trials`, from its reports so far. `pause` waits for other trials of the same rung. */
  decide(problem: Problem, trials: readonly Trial[], trial: Trial): Decision
}
