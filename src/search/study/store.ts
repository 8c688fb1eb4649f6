/**
 * Where a study is kept. A store holds what a study is and what became of its trials, and hands trials out so that no
 * two workers have the same one; what to do next is said by a function that it is given (`work.ts`), so that all
 * stores behave alike. `memory.ts`, `node-folder.ts` and `node-postgres.ts` are the implementations, and
 * `test/search/study/store-contract.ts` says what each must do.
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

/** What a study is: plain data (JSON). */
export interface Study {
  readonly name: string
  readonly space: SpaceData
  readonly objectives: readonly Objective[]
  /** Start of every random choice. */
  readonly seed: number
  readonly algorithm: Named
  readonly pruner?: Named
  readonly evaluator: Named
  /** Most that a resource may be, by its name: `latencyMs`. */
  readonly budgets: Readonly<Record<string, number>>
  /** How many trials are wanted. Alone of all members it may be another one when the study is opened again. */
  readonly trials: number
}

/** A trial as it is kept. */
export interface StoredTrial extends Trial {
  /** How often it was handed out since it last paused: 1 for one that nothing befell. */
  readonly tries: number
  /** Whether a worker has it that is alive, as far as the store can know. Never of trials that ended or are paused. */
  readonly held: boolean
  /** Who has it, or had it last. */
  readonly worker: string
}

/** How a trial ended. */
export type Result =
  | {
      readonly state: 'complete'
      readonly values: readonly number[]
      readonly violations?: readonly number[]
      /** By what they are: paths, relative to the lease's folder. */
      readonly files?: Readonly<Record<string, string>>
    }
  | { readonly state: 'pruned' | 'failed'; readonly reason: string }

/** What is to be done next. */
export type Work =
  /** A trial that is not there yet. */
  | { readonly do: 'begin'; readonly number: number; readonly point: Point }
  /** One that is running and not held, or paused. */
  | { readonly do: 'resume'; readonly number: number }
  /** One of these ends without being worked on. */
  | { readonly do: 'finish'; readonly number: number; readonly result: Result }
  /** Nothing now, perhaps later: others are at work. */
  | { readonly do: 'wait' }
  /** All trials have ended. */
  | { readonly do: 'nothing' }

/** A function of the trials, which are in the order of their numbers: called again when others were faster. */
export type Choose = (trials: readonly StoredTrial[]) => Work

/** A trial in the hands of a worker. */
export interface Lease {
  readonly number: number
  readonly point: Point
  readonly tries: number
  /** How often it was handed out before: with this, the store knows a lease that is another's by now. */
  readonly turn: number
  /** As in {@link StoredTrial.worker}. */
  readonly worker: string
  /** A folder of the trial's own: it has the files that earlier tries left. */
  readonly folder?: string
}

/**
 * Every method may be called again after it failed half-way, or after the caller was killed: what was done already is
 * not done twice. Rejects with a `KingletError` where the place cannot be read or written.
 */
export interface Store {
  /** Where it is, for people: a path, or an address without its password. */
  readonly place: string
  /** Seconds within which a lease must be renewed, for stores that cannot see whether a process lives. */
  readonly leaseSeconds?: number
  study(): Promise<Study>
  /** In the order of their numbers, as they are now. */
  trials(): Promise<readonly StoredTrial[]>
  /**
   * Asks `choose` and does what it says, in one move: of all that want a trial at the same time, one gets it. `worker`
   * is a name that no other worker of this store object has; it must be done with the trial that it took before.
   */
  take(worker: string, choose: Choose): Promise<Lease | 'wait' | 'nothing'>
  /** The value after a step; the first one counts if it is told again. */
  report(lease: Lease, report: StepReport): Promise<void>
  /**
   * The trial has ended. The first end that is told counts, whoever tells it: a trial is a function of its number and
   * point. False if it had ended before.
   */
  finish(lease: Lease, result: Result): Promise<boolean>
  /** The trial waits for others. Its tries are counted anew. */
  pause(lease: Lease): Promise<void>
  /** The worker cannot go on with it, and that was not the trial's fault: the next one takes it up. */
  giveBack(lease: Lease): Promise<void>
  /** The bytes of a file that a trial left, by its name in `Trial.files`; undefined where there is none. */
  file(name: string): Promise<Uint8Array | undefined>
  /** The worker is alive. False if another one has the trial meanwhile, or it ended. */
  renew(lease: Lease): Promise<boolean>
  /** Gives back what was taken and not finished. The store is not used after. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Throws a `KingletError`, which names the first member that differs and both values, unless the study at `place` is
 * `asked`. The number of trials may differ.
 */
export function assertSameStudy(place: string, kept: Study, asked: Study): void {
  const { trials: _, ...was } = kept
  const { trials: __, ...now } = asked
  const found = difference(was, JSON.parse(JSON.stringify(now)), '')
  if (!found) return
  const [what, before, after] = found
  throw new KingletError(
    `${place}: it holds another study (${kept.name}): its ${what} is ${before}, now it is ${after}: ` +
      'go on with it as it was begun, or choose another place',
  )
}

/** Path and both values of the first difference between two pieces of JSON. */
function difference(a: unknown, b: unknown, path: string): readonly [string, string, string] | undefined {
  const show = (value: unknown) => JSON.stringify(value) ?? 'left out'
  const [left, right] = Array.isArray(a) && Array.isArray(b) ? [{ ...a }, { ...b }] : [a, b]
  if (!isObject(left) || !isObject(right)) return Object.is(a, b) ? undefined : [path, show(a), show(b)]
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  for (const name of names) {
    const found = difference(left[name], right[name], path ? `${path}.${name}` : name)
    if (found) return found
  }
  // The order of choices is the order in which they are drawn.
  const [was, now] = [left, right].map((o) => Object.keys(o).join(', '))
  return path === 'space.choices' && was !== now ? [path, was, now] : undefined
}
