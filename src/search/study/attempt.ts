/**
 * One try of one trial. Whatever happens in its evaluation becomes a result with its reason; only errors of the store
 * end the study. An evaluation that may exhaust the memory of its process belongs in a process of its own: see
 * `child/node-evaluator.ts`.
 */
import { after, every, KingletError, key } from '../../core/index.ts'
import { type EvaluationContext, type Evaluator, type Outcome, Paused, Pruned } from '../evaluate/evaluator.ts'
import type { StepReport } from '../trial.ts'
import type { Lease, Result, Store, StoredTrial } from './store.ts'
import { problemOf, prunedBy, type WorkRules } from './work.ts'

export interface AttemptOptions extends WorkRules {
  readonly store: Store
  readonly evaluator: Evaluator
  /** Upper bound on the time of one try. */
  readonly trialSeconds?: number
  /** The trial as an earlier try left it. */
  readonly before: StoredTrial | undefined
  /** Aborted when the study stops. */
  readonly signal: AbortSignal
}

/** How a try ends: with a result; with a pause; with the trial given back; or with an error that ends the study. */
type End = Result | 'pause' | 'back' | { readonly state: 'broken'; readonly cause: unknown }

/** How long an aborted evaluation may take to stop. After that it is abandoned. */
const graceSeconds = 10

/** Evaluates the trial and records its result in the store. */
export async function attempt(lease: Lease, options: AttemptOptions): Promise<void> {
  const { evaluator, store, trialSeconds, before } = options
  const began = performance.now()
  const stop = new AbortController()
  let end: End | undefined
  const stopWith = (why: End, error: Error) => {
    end ??= why
    stop.abort(error)
    return error
  }
  const giveUp = () => stopWith('back', new KingletError('the study was stopped'))
  const isLate = (): Error =>
    stopWith(
      failed(`it took longer than ${trialSeconds} s`),
      new KingletError(`trial ${lease.number}: its time limit of ${trialSeconds} s has passed`),
    )
  const react = async (told: StepReport) => {
    const decision = await decided(lease, told, options).catch((cause: Error) => {
      throw stopWith({ state: 'broken', cause }, cause)
    })
    if (decision === 'prune') {
      const reason = prunedBy(options.pruner!)
      end ??= { state: 'pruned', reason }
      throw new Pruned(reason)
    }
    if (decision === 'pause') {
      end ??= 'pause'
      throw new Paused('it waits for others')
    }
  }
  const last = before?.reports.at(-1)
  const evaluate = async () => {
    // The earlier worker may have ended between its last report and the decision on it.
    if (before?.state === 'running' && last) await react(last)
    return evaluator.evaluate(lease.point, context)
  }
  const report = async (told: StepReport) => {
    // Timers do not fire while an evaluation computes without yielding.
    if (performance.now() - began > 1000 * (trialSeconds ?? Number.POSITIVE_INFINITY)) isLate()
    stop.signal.throwIfAborted()
    if (!Number.isFinite(told.value)) {
      const reason = `it diverged: the value after step ${told.step} is ${told.value}`
      throw stopWith(failed(reason), new KingletError(reason))
    }
    // A step that is reported again was decided before.
    if (told.step > (last?.step ?? Number.NEGATIVE_INFINITY)) await react(told)
  }
  const context: EvaluationContext = {
    number: lease.number,
    seed: key(options.study.seed, lease.number),
    signal: stop.signal,
    ...(lease.folder !== undefined && { folder: lease.folder }),
    report(told) {
      const reported = report(told)
      // An evaluation that does not await the report must not end the process.
      reported.catch(() => {})
      return reported
    },
  }

  const cancelLimit = trialSeconds === undefined ? undefined : after(1000 * trialSeconds, isLate)
  const endRenewal =
    store.leaseSeconds === undefined
      ? undefined
      : every(1000 * (store.leaseSeconds / 3), () => renewed(store, lease, giveUp))
  options.signal.addEventListener('abort', giveUp)
  if (options.signal.aborted) giveUp()
  try {
    const found = resultOf(await untilLeft(evaluate, stop.signal), evaluator)
    if (end === undefined || end === 'back') end = found
  } catch (error) {
    end ??= endOf(error)
  } finally {
    cancelLimit?.()
    endRenewal?.()
    options.signal.removeEventListener('abort', giveUp)
  }

  if (end === 'pause') await store.pause(lease)
  else if (end === 'back') await store.giveBack(lease)
  else if (end.state !== 'broken') await store.finish(lease, end)
  else {
    // The store may be what broke. The first error is the one to report.
    await store.giveBack(lease).catch(() => {})
    throw end.cause
  }
}

async function decided(
  lease: Lease,
  told: StepReport,
  options: AttemptOptions,
): Promise<'continue' | 'prune' | 'pause'> {
  const { store, pruner } = options
  await store.report(lease, told)
  if (!pruner) return 'continue'
  const trials = await store.trials()
  return pruner.decide(problemOf(options), trials, trials.find((t) => t.number === lease.number)!)
}

/** Renews the lease, and gives up if the store says that it is lost. A store that does not answer may do so later. */
function renewed(store: Store, lease: Lease, giveUp: () => void): void {
  store.renew(lease).then(
    (isOurs) => isOurs || giveUp(),
    () => {},
  )
}

/** The result of `work`. Once `signal` is aborted, rejects after a grace period instead of waiting longer. */
function untilLeft<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancel: (() => void) | undefined
    const wait = () => {
      cancel = after(1000 * graceSeconds, () => reject(signal.reason))
    }
    signal.addEventListener('abort', wait)
    if (signal.aborted) reject(signal.reason)
    else
      Promise.resolve()
        .then(work)
        .then(resolve, reject)
        .finally(() => {
          cancel?.()
          signal.removeEventListener('abort', wait)
        })
  })
}

function resultOf({ values, violations, files }: Outcome, { name, objectives }: Evaluator): Result {
  if (values.length !== objectives.length)
    return failed(`${name} gave ${values.length} values, for ${objectives.length} objectives`)
  const wrong = values.findIndex((v) => !Number.isFinite(v))
  if (wrong >= 0) return failed(`it diverged: ${objectives[wrong].name} is ${values[wrong]}`)
  return { state: 'complete', values, ...(violations && { violations }), ...(files && { files }) }
}

function endOf(error: unknown): End {
  if (error instanceof Paused) return 'pause'
  if (error instanceof Pruned) return { state: 'pruned', reason: error.message || 'its evaluation said so' }
  return failed(reasonOf(error))
}

const failed = (reason: string): Result => ({ state: 'failed', reason })

/** Messages by which engines report that memory is exhausted. */
const noMemory = /out of memory|allocation failed|could not allocate|cannot allocate/i

/** The reason why an evaluation failed, in one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { name, message } = error
  const [first] = message.split('\n')
  if (error instanceof KingletError) return first
  return noMemory.test(message) ? `out of memory: ${first}` : `${name}: ${first}`
}
