/**
 * A study connects an algorithm, an evaluator, a pruner and a store. The algorithm proposes, the evaluator evaluates,
 * the store records. A worker may be killed at any point, and the next one resumes. With one worker, the same seed
 * gives the same trials. With several, a proposal depends on the results known at that time, but each trial is still a
 * function of its number and point.
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

/** The parts of a study. Each can be replaced. */
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
  /** Options that change the evaluator's values, as data. With other options it is another study. */
  readonly evaluatorOptions?: Readonly<Record<string, unknown>>
  readonly budgets?: Readonly<Record<string, number>>
}

const named = ({ name, options }: Named): Named => ({ name, options })

/**
 * Describes a study as data, to start or open it in a store. Throws a `UsageError` for an invalid number of trials or
 * seed.
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
  /** The trial that has just started or ended. */
  readonly trial: StoredTrial
  /** All trials. Other workers may have ended trials in the meantime, and a pruner may have ended paused ones. */
  readonly trials: readonly StoredTrial[]
  /** Estimated from the pace since `runStudy` was called. Undefined until a trial has ended. */
  readonly secondsLeft?: number
}

export interface RunStudyOptions extends StudyParts {
  readonly store: Store
  /** Number of concurrent evaluations in this process. Default 1. */
  readonly workers?: number
  /** Upper bound on the time of one try of a trial. A trial that exceeds it fails. */
  readonly trialSeconds?: number
  /**
   * How many times a trial is tried when its worker ends in the middle of it, before it counts as failed. Default 3.
   */
  readonly tries?: number
  /** Stops the study. Running trials are given back. */
  readonly signal?: AbortSignal
  /** Seconds between checks while other workers have all remaining trials. Default 0.5. */
  readonly pollSeconds?: number
  readonly onProgress?: (progress: StudyProgress) => void
}

const members = {
  workers: checks.count,
  trialSeconds: checks.positive,
  tries: checks.count,
  pollSeconds: checks.positive,
}

/** Number of calls of `runStudy`. Several calls may share a store, and each worker needs its own name. */
let runs = 0

/**
 * Works on the study in `store` until all its trials have ended or `signal` is aborted, and returns the trials. Any
 * number of processes may do so at the same time. A trial that throws, diverges, exceeds its time or loses its process
 * is recorded with its reason, and the study continues. Throws a `KingletError` when the store holds another study, and
 * whatever the store or the algorithm throws.
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

/** The rate at which trials end, in all workers. */
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
