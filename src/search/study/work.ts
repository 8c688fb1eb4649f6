/** Chooses the next work in a study. A function of its trials alone, whichever worker asks. */
import type { Algorithm } from '../algorithms/algorithm.ts'
import type { Pruner } from '../pruners/pruner.ts'
import { assertPoint, type Space } from '../space/space.ts'
import type { Problem } from '../trial.ts'
import type { StoredTrial, Study, Work } from './store.ts'

export interface WorkRules {
  readonly study: Study
  readonly space: Space
  readonly algorithm: Algorithm
  readonly pruner?: Pruner
  /** How many times a trial is handed out before the end of its workers counts as its own failure. */
  readonly tries: number
}

export const problemOf = ({ study, space }: Pick<WorkRules, 'study' | 'space'>): Problem => ({
  space,
  objectives: study.objectives,
  seed: study.seed,
})

const lastStep = ({ reports }: StoredTrial): number => reports.at(-1)?.step ?? 0

/**
 * The order of work: first trials whose worker ended; then paused trials that may continue, those with the most steps
 * first (as in ASHA, Li et al. 2020, algorithm 2); then a new trial. When all remaining trials wait for each other, the
 * first one continues, so a study cannot deadlock.
 */
export function nextWork(rules: WorkRules, trials: readonly StoredTrial[]): Work {
  const { study, space, algorithm, pruner, tries } = rules
  const problem = problemOf(rules)
  const left = trials.find((t) => t.state === 'running' && !t.held)
  if (left) {
    const { number } = left
    if (left.tries < tries) return { do: 'resume', number }
    const times = left.tries === 1 ? 'once' : `${left.tries} times`
    return { do: 'finish', number, result: { state: 'failed', reason: `its worker ended ${times} before it was done` } }
  }
  const paused = trials.filter((t) => t.state === 'paused')
  for (const trial of [...paused].sort((a, b) => lastStep(b) - lastStep(a) || a.number - b.number)) {
    const { number } = trial
    const decision = pruner?.decide(problem, trials, trial) ?? 'continue'
    if (decision === 'continue') return { do: 'resume', number }
    if (decision === 'prune') return { do: 'finish', number, result: { state: 'pruned', reason: prunedBy(pruner!) } }
  }
  const have = new Set(trials.map((t) => t.number))
  let number = 0
  while (have.has(number)) number++
  if (number < study.trials) {
    const before = trials.filter((t) => t.number < number)
    const point = algorithm.ask(problem, before, number)
    assertPoint(space, point)
    return { do: 'begin', number, point }
  }
  if (trials.some((t) => t.held)) return { do: 'wait' }
  return paused.length ? { do: 'resume', number: paused[0].number } : { do: 'nothing' }
}

/** The reason of a pruned trial. */
export const prunedBy = ({ name }: Pruner): string => `${name}: others did better`
