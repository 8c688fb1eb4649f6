/**
 * A study: algorithm, evaluator, pruner and store tied together. The algorithm asks, the evaluator answers, the store
 * keeps; whoever is killed where, the next one goes on. With one worker the same seed gives the same trials; with more,
 * what an algorithm asks depends on what it was told by then, and each trial is still a function of its number and
 * point.
 */
import { assertOptions, checks, sleep } from '../../core/index.ts'
import type { Algorithm } from '../algorithms/algorithm.ts'
import type { Evaluator } from '../evaluate/evaluator.ts'
import type { Pruner } from '../pruners/pruner.ts'
import { spaceData } from '../space/index.ts'
import type { Space } from '../space/space.ts'
import { attempt } from './attempt.ts'
import { assertSameStudy, type Named, type Store, type StoredTrial, type Study } from './store.ts'
import { type StudySummary, summarise } from './summary.ts'
import { nextWork, type WorkRules } from './work.ts'

/** The parts of a study, each exchangeable. */
export interface StudyParts {
  readonly space: Space
  readonly algorithm: Algorithm
  readonly evaluator: Evaluator
  readonly pruner?: Pruner
}

export interface StudyOptions extends StudyParts {
  readonly name: string
  readonly trials: number
  /** Default 0. */
  readonly seed?: number
  /** What changes the evaluator's values, as data: with another one, it is another study. */
  readonly evaluatorOptions?: Readonly<Record<string, unknown>>
  readonly budgets?: Readonly<Record<string, number>>
}

const named = ({ name, options }: Named): Named => ({ name, options })

/**
 * A study as data, to begin or open it in a store. Throws a `UsageError` for a number of trials or a seed that cannot be.
 *
 * @example
 * ```ts
 * import { defineSpace, samplePoint, studyOf } from 'kinglet/search'
 * import { key, Rng } from 'kinglet/core'
 *
 * const study = studyOf({
 *   name: 'parabola',
 *   trials: 10,
 *   space: defineSpace('line', { x: { kind: 'real', low: -1, high: 1 } }),
 *   algorithm: { name: 'mine', options: {}, ask: ({ space, seed }, _, n) => samplePoint(space, new Rng(key(seed, n))) },
 *   evaluator: {
 *     name: 'parabola',
 *     objectives: [{ name: 'loss', direction: 'minimize' }],
 *     evaluate: async ({ x }) => ({ values: [Number(x) ** 2] }),
 *   },
 * })
 * study.seed // => 0
 * ```
 */
export function studyOf(options: StudyOptions): Study {
  const { name, trials, seed = 0, evaluatorOptions = {}, budgets = {}, space, algorithm, evaluator, pruner } = options
  assertOptions('study', { trials, seed, budgets }, { trials: checks.count, seed: checks.whole, budgets: checks.given })
  return {
    name,
    space: spaceData(space),
    objectives: evaluator.objectives,
    seed,
    algorithm: named(algorithm),
    ...(pruner && { pruner: named(pruner) }),
    evaluator: { name: evaluator.name, options: evaluatorOptions },
    budgets,
    trials,
  }
}

export interface StudyProgress extends StudySummary {
  /** The trial that began or ended just now, as it is. */
  readonly trial: StoredTrial
  /** All of them. Others may have ended trials meanwhile, and a pruner those that waited. */
  readonly trials: readonly StoredTrial[]
  /** At the pace since `runStudy` was called; unknown until a trial has ended. */
  readonly secondsLeft?: number
}

export interface RunStudyOptions extends StudyParts {
  readonly store: Store
  /** Evaluations at the same time in this process. Default 1. */
  readonly workers?: number
  /** Most that one try of a trial may take; it fails after that. */
  readonly trialSeconds?: number
  /** How often a trial is taken up whose worker ended in the middle of it, before it counts as failed. Default 3. */
  readonly tries?: number
  /** Stops the study: trials that are under way are given back. */
  readonly signal?: AbortSignal
  /** How often to look again where others have all that is left. Default 0.5. */
  readonly pollSeconds?: number
  readonly onProgress?: (progress: StudyProgress) => void
}

const members = {
  workers: checks.count,
  trialSeconds: checks.positive,
  tries: checks.count,
  pollSeconds: checks.positive,
}

/** How often `runStudy` was called: several calls may share a store, and their workers must have names of their own. */
let runs = 0

/**
 * Works on the study in `store` until all its trials have ended, or `signal` is aborted; gives the trials. Any number of
 * processes may do so at the same time. A trial that throws, diverges, exceeds its time or loses its process is recorded
 * with its reason, and the study goes on. Throws a `KingletError` where the store holds another study, and what the
 * store or the algorithm throws.
 *
 * @example
 * ```ts
 * import { key, Rng } from 'kinglet/core'
 * import { defineSpace, memoryStore, runStudy, samplePoint, type StudyParts, studyOf } from 'kinglet/search'
 *
 * const parts: StudyParts = {
 *   space: defineSpace('line', { x: { kind: 'real', low: -1, high: 1 } }),
 *   algorithm: { name: 'mine', options: {}, ask: ({ space, seed }, _, n) => samplePoint(space, new Rng(key(seed, n))) },
 *   evaluator: {
 *     name: 'parabola',
 *     objectives: [{ name: 'loss', direction: 'minimize' }],
 *     evaluate: async ({ x }) => ({ values: [Number(x) ** 2] }),
 *   },
 * }
 * const store = memoryStore(studyOf({ name: 'parabola', trials: 10, ...parts }))
 * const trials = await runStudy({ store, ...parts })
 * trials.filter((trial) => trial.state === 'complete').length // => 10
 * ```
 */
export async function runStudy(options: RunStudyOptions): Promise<readonly StoredTrial[]> {
  const { store, space, algorithm, evaluator, pruner, onProgress } = options
  const { workers = 1, trialSeconds, tries = 3, pollSeconds = 0.5 } = options
  assertOptions('runStudy', { workers, trialSeconds, tries, pollSeconds }, members)
  const study = await store.study()
  assertParts(store.place, study, options)
  const failure = new AbortController()
  const signal = AbortSignal.any([failure.signal, ...(options.signal ? [options.signal] : [])])
  const rules: WorkRules = { study, space, algorithm, ...(pruner && { pruner }), tries }
  const pace = new Pace()
  const tell = async (number: number) => {
    if (!onProgress) return
    const trials = await store.trials()
    const summary = summarise(study, trials)
    onProgress({ ...summary, trials, trial: trials.find((t) => t.number === number)!, ...pace.left(summary) })
  }
  const work = async (worker: string) => {
    while (!signal.aborted) {
      let before: StoredTrial | undefined
      const lease = await store.take(worker, (trials) => {
        const next = nextWork(rules, trials)
        before = next.do === 'resume' ? trials.find((t) => t.number === next.number) : undefined
        return next
      })
      if (lease === 'nothing') return
      if (lease === 'wait') {
        await sleep(1000 * pollSeconds, signal)
        continue
      }
      await tell(lease.number)
      await attempt(lease, {
        ...rules,
        store,
        evaluator,
        signal,
        before,
        ...(trialSeconds !== undefined && { trialSeconds }),
      })
      await tell(lease.number)
    }
  }
  const run = runs++
  const all = Array.from({ length: workers }, (_, i) => work(`${run}.${i}`).catch((error) => failure.abort(error)))
  await Promise.all(all)
  failure.signal.throwIfAborted()
  return store.trials()
}

function assertParts(place: string, study: Study, { space, algorithm, evaluator, pruner }: StudyParts): void {
  const { pruner: _, ...rest } = study
  assertSameStudy(place, study, {
    ...rest,
    space: spaceData(space),
    objectives: evaluator.objectives,
    algorithm: named(algorithm),
    evaluator: { ...study.evaluator, name: evaluator.name },
    ...(pruner && { pruner: named(pruner) }),
  })
}

/** How fast trials end, whoever works on them. */
class Pace {
  readonly #began = performance.now()
  #endedBefore: number | undefined

  left({ ended, total }: StudySummary): { secondsLeft?: number } {
    this.#endedBefore ??= ended
    const done = ended - this.#endedBefore
    if (done <= 0) return {}
    return { secondsLeft: ((performance.now() - this.#began) / 1000 / done) * Math.max(0, total - ended) }
  }
}
