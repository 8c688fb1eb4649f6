/** How a study stands: counts, its best trial, and the front. */
import { compare, costsOf, excessOf, frontOf } from '../pareto.ts'
import { rewardIn, rewardOf } from '../rewards.ts'
import type { Trial } from '../trial.ts'
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
  /**
   * Of the complete trials that meet the budgets the one of highest reward, or where the algorithm is told none, of best
   * first objective; where none meets them, the one that is nearest, each budget in shares of its worst excess.
   */
  readonly best?: StoredTrial
  /** The complete trials within all budgets that none is better than in everything, best first objective first. */
  readonly front: readonly StoredTrial[]
}

export function summarise(study: Study, trials: readonly StoredTrial[]): StudySummary {
  const count = (state: Trial['state']) => trials.filter((t) => t.state === state).length
  const [complete, pruned, failed, paused] = (['complete', 'pruned', 'failed', 'paused'] as const).map(count)
  const running = trials.filter((t) => t.held).length
  const best = bestOf(study, trials)
  return {
    total: study.trials,
    ended: complete + pruned + failed,
    ...{ complete, pruned, failed, paused, running },
    left: count('running') - running,
    front: frontOf(study, trials),
    ...(best && { best }),
  }
}

function bestOf({ objectives, algorithm }: Study, trials: readonly StoredTrial[]): StoredTrial | undefined {
  const complete = trials.filter((t) => t.state === 'complete')
  const reward = rewardIn(algorithm.options)
  const costs = complete.map(({ values = [] }) =>
    reward ? -rewardOf(reward, objectives, values) : costsOf(objectives, values)[0],
  )
  const excess = excessOf(complete)
  const order = [...complete.keys()].sort((a, b) => excess[a] - excess[b] || compare(costs[a], costs[b]) || a - b)
  return complete[order[0]]
}
