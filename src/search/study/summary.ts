/** A summary of a study: counts, the best trial and the front. */
import { compare, costsOf, excessOf, frontOf } from '../pareto.ts'
import { rewardIn, rewardOf } from '../rewards.ts'
import type { Trial } from '../trial.ts'
import type { StoredTrial, Study } from './store.ts'

export interface StudySummary {
  /** Wanted number of trials. */
  readonly total: number
  /** Number of trials that have ended, whatever their state. */
  readonly ended: number
  readonly complete: number
  readonly pruned: number
  readonly failed: number
  readonly paused: number
  /** Number of running trials that a worker holds. */
  readonly running: number
  /** Number of running trials that no worker holds, because their workers ended. The next worker resumes them. */
  readonly left: number
  /**
   * Of the complete trials that meet the budgets, the one with the highest reward, or with the best first objective if
   * the algorithm has no reward. If none meets the budgets, the one with the smallest excess, each budget in shares of
   * its worst excess.
   */
  readonly best?: StoredTrial
  /**
   * The complete trials within all budgets that no other trial dominates, in order of the first objective, best first.
   */
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
