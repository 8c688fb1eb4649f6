/** How a study stands: counts, its best trial, and the front. */
import { frontOf } from '../pareto.ts'
import type { Objective, Trial } from '../trial.ts'
import type { StoredTrial, Study } from './store.ts'

export interface StudySummary {
  /** Trials wanted. */
  readonly total: number
  /** Trials that have ended, however they did. */
  readonly ended: number
  readonly complete: number
  readonly pruned: number
  readonly failed: number
  readonly paused: number
  /** Held by somebody. */
  readonly running: number
  /** Not held by anybody: their workers ended. The next worker takes them up. */
  readonly left: number
  /** By the first objective, of those that meet the budgets; where none does, the one that is nearest to them. */
  readonly best?: StoredTrial
  /** The complete trials within all budgets that none is better than in everything, best first objective first. */
  readonly front: readonly StoredTrial[]
}

export function summarise(study: Study, trials: readonly StoredTrial[]): StudySummary {
  const count = (state: Trial['state']) => trials.filter((t) => t.state === state).length
  const [complete, pruned, failed, paused] = (['complete', 'pruned', 'failed', 'paused'] as const).map(count)
  const running = trials.filter((t) => t.held).length
  const best = bestOf(study.objectives, trials)
  return {
    total: study.trials,
    ended: complete + pruned + failed,
    ...{ complete, pruned, failed, paused, running },
    left: count('running') - running,
    front: frontOf(study, trials),
    ...(best && { best }),
  }
}

/** By how much a trial exceeds its budgets, in total. */
const excess = ({ violations = [] }: Trial): number => violations.reduce((sum, v) => sum + Math.max(0, v), 0)

function bestOf([{ direction }]: readonly Objective[], trials: readonly StoredTrial[]): StoredTrial | undefined {
  const sign = direction === 'minimize' ? 1 : -1
  return trials
    .filter((t) => t.state === 'complete')
    .sort((a, b) => excess(a) - excess(b) || sign * (a.values![0] - b.values![0]) || a.number - b.number)[0]
}
