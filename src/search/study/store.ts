/**
 * The interface of a store. A store holds a study's description and the state of its trials, and hands out trials so
 * that no two workers have the same one. A function that it is given (`work.ts`) decides what to do next, so all stores
 * behave alike. The implementations are `memory.ts`, `folder/node-store.ts` and `postgres/node-store.ts`;
 * `test/search/study/store-contract.ts` tests what each must do.
 */
import { isObject, KingletError } from '../../core/index.ts'
import type { SpaceData } from '../space/index.ts'
import type { Point } from '../space/space.ts'
import type { Objective, StepReport, Trial } from '../trial.ts'

/** An algorithm, a pruner or an evaluator, as data. */
export interface Named {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
}

/** The description of a study: plain data (JSON). */
export interface Study {
  readonly name: string
  readonly space: SpaceData
  readonly objectives: readonly Objective[]
  /** The seed of every random choice. */
  readonly seed: number
  readonly algorithm: Named
  readonly pruner?: Named
  readonly evaluator: Named
  /** Upper bounds on resources, by name: `latencyMs`. */
  readonly budgets: Readonly<Record<string, number>>
  /** The wanted number of trials. The only member that may change when the study is opened again. */
  readonly trials: number
}

/** A trial as the store keeps it. */
export interface StoredTrial extends Trial {
  /** Number of tries since the trial last paused. It is 1 for a trial that was never interrupted. */
  readonly tries: number
  /** Whether a live worker has the trial, as far as the store can know. False for ended and paused trials. */
  readonly held: boolean
  /** The worker that has the trial, or had it last. */
  readonly worker: string
}

/** The result of a trial. */
export type Result =
  | {
      readonly state: 'complete'
      readonly values: readonly number[]
      readonly violations?: readonly number[]
      /** File paths by kind, relative to the lease's folder. */
      readonly files?: Readonly<Record<string, string>>
    }
  | { readonly state: 'pruned' | 'failed'; readonly reason: string }

/** What to do next. */
export type Work =
  /** Start a new trial. */
  | { readonly do: 'begin'; readonly number: number; readonly point: Point }
  /** Resume a trial that is paused, or running and not held. */
  | { readonly do: 'resume'; readonly number: number }
  /** End such a trial without evaluating it. */
  | { readonly do: 'finish'; readonly number: number; readonly result: Result }
  /** Wait: others are at work, and there may be work later. */
  | { readonly do: 'wait' }
  /** Stop: all trials have ended. */
  | { readonly do: 'nothing' }

/** Chooses work from the trials, which are in order of number. It is called again when another worker was faster. */
export type Choose = (trials: readonly StoredTrial[]) => Work

/** A trial handed out to a worker. */
export interface Lease {
  readonly number: number
  readonly point: Point
  readonly tries: number
  /**
   * How many times the trial was handed out before. The store uses it to recognise a lease that has passed to another.
   */
  readonly turn: number
  /** As in {@link StoredTrial.worker}. */
  readonly worker: string
  /** The trial's own folder, with the files of earlier tries. */
  readonly folder?: string
}

/**
 * A caller may repeat any method after it failed half-way or its process was killed: completed work is not done twice.
 * Methods reject with a `KingletError` when the place cannot be read or written.
 */
export interface Store {
  /** The location, for people: a path, or an address without its password. */
  readonly place: string
  /** Seconds within which a lease must be renewed, for stores that cannot see whether a process is alive. */
  readonly leaseSeconds?: number
  study(): Promise<Study>
  /** The current trials in order of number. */
  trials(): Promise<readonly StoredTrial[]>
  /**
   * Calls `choose` and does what it returns, atomically: of all workers that want a trial at the same time, one gets
   * it. `worker` is a name that no other worker of this store object has. Taking a trial gives up the worker's previous
   * one.
   */
  take(worker: string, choose: Choose): Promise<Lease | 'wait' | 'nothing'>
  /** Records the value after a step. If a step is reported twice, the first value counts. */
  report(lease: Lease, report: StepReport): Promise<void>
  /**
   * Records the result of a trial. The first result counts, whichever worker reports it, since a trial is a function of
   * its number and point. Returns false if the trial had ended before.
   */
  finish(lease: Lease, result: Result): Promise<boolean>
  /** Pauses the trial, which then waits for others. Its count of tries starts again. */
  pause(lease: Lease): Promise<void>
  /** Gives the trial back. This does not count as a failed try; the next worker resumes it. */
  giveBack(lease: Lease): Promise<void>
  /** The bytes of a file that a trial left, by its name in `Trial.files`. Undefined where there is none. */
  file(name: string): Promise<Uint8Array | undefined>
  /** Renews the lease. Returns false if another worker has the trial or it has ended. */
  renew(lease: Lease): Promise<boolean>
  /** Gives back all trials that are still held. The store cannot be used afterwards. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Throws a `KingletError` with the first differing member and both values, unless the study at `place` is `asked`. The
 * number of trials may differ.
 */
export function assertSameStudy(place: string, kept: Study, asked: Study): void {
  const { trials: _, ...was } = kept
  const { trials: __, ...now } = asked
  const found = difference(was, JSON.parse(JSON.stringify(now)), '')
  if (!found) return
  const [what, before, after] = found
  throw new KingletError(
    `${place}: it holds another study (${kept.name}): its ${what} is ${before}, now it is ${after}: ` +
      'resume it with its own settings, or choose another place',
  )
}

/** The path and both values of the first difference between two JSON values. */
function difference(a: unknown, b: unknown, path: string): readonly [string, string, string] | undefined {
  const show = (value: unknown) => JSON.stringify(value) ?? 'left out'
  const [left, right] = Array.isArray(a) && Array.isArray(b) ? [{ ...a }, { ...b }] : [a, b]
  if (!isObject(left) || !isObject(right)) return Object.is(a, b) ? undefined : [path, show(a), show(b)]
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  for (const name of names) {
    const found = difference(left[name], right[name], path ? `${path}.${name}` : name)
    if (found) return found
  }
  // The order of choices matters, since they are drawn in that order.
  const [was, now] = [left, right].map((o) => Object.keys(o).join(', '))
  return path === 'space.choices' && was !== now ? [path, was, now] : undefined
}
