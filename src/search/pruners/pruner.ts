/** When a trial is stopped on its way: asked after each report, a function of the trials alone. */
import type { Problem, Trial } from '../trial.ts'

export type Decision = 'continue' | 'prune' | 'pause'

export interface Pruner {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** What becomes of `trial`, one of `trials`, given its reports so far. `pause`: wait for others of the same rung. */
  decide(problem: Problem, trials: readonly Trial[], trial: Trial): Decision
}
