/** What an executor is, and what its kinds have in common: allocation, ranges, workers that start or do not, and one run at a time. */
import { KingletError } from '../../core/index.ts'
import { dataStart } from './control.ts'
import { spawn, type Thread, type ThreadEvents } from './host.ts'
import { type Report, type Start, workerSource } from './worker-source.ts'

export interface Executor {
  readonly threads: number
  /** Copies bytes into linear memory at `offset`. Throws (or rejects) outside of the data. */
  write(offset: number, data: ArrayBufferView): Promise<void> | void
  /** Has `work` write `byteLength` bytes at `offset`, in place where the memory is in reach: they hold zeros or what was written before. */
  fill(offset: number, byteLength: number, work: (bytes: Uint8Array) => void): Promise<void> | void
  /** A copy of `byteLength` bytes at `offset`. */
  read(offset: number, byteLength: number): Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>
  /**
   * Runs the program once. Rejects when a thread traps; the executor cannot be used after that. Only one run may be in
   * flight, and memory is out of reach meanwhile.
   */
  run(): Promise<void>
  /** Ends the threads and lets go of the memory. A run in flight rejects. May be called again. */
  dispose(): void
}

/** What an executor is started with. */
export interface ExecutorStart {
  readonly module: Promise<WebAssembly.Module>
  readonly pages: number
  /** Allocated already, by {@link allocateAhead}. */
  readonly memory: WebAssembly.Memory | undefined
  readonly threads: number
  readonly place: 'here' | 'worker'
  readonly recruits: Recruit[]
  readonly meanwhile: (executor: Executor) => Promise<void> | void
}

/** A worker that comes up while its program is still being made. */
export class Recruit {
  readonly thread: Thread
  #events: ThreadEvents | undefined
  #failed: string | undefined

  constructor() {
    this.thread = spawn(workerSource, {
      message: (data) => this.#events?.message(data),
      failure: (reason) => {
        this.#failed ??= reason
        this.#events?.failure(reason)
      },
    })
  }

  /** From now on `events` hear of it, also of a failure that came before. */
  join(events: ThreadEvents): Thread {
    this.#events = events
    if (this.#failed !== undefined) events.failure(this.#failed)
    return this.thread
  }
}

/** The memory of a program. Throws when there is not enough. */
export function allocate(pages: number, shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
  } catch (cause) {
    throw new KingletError(
      `the program needs ${Math.ceil(pages / 16)} MiB of memory, which cannot be had here: use a smaller batch or image`,
      { cause },
    )
  }
}

/** Throws unless the bytes lie in the data of a memory of `end` bytes. */
export function assertRange(what: 'read' | 'write', offset: number, byteLength: number, end: number): void {
  if (Number.isInteger(offset) && offset >= dataStart && byteLength >= 0 && offset + byteLength <= end) return
  throw new RangeError(
    `${what}: ${byteLength} bytes at ${offset} are outside of the program's data, ${dataStart} to ${end}`,
  )
}

/** The bytes that a view covers. */
export const bytesOfView = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The error of a run that failed in one thread. */
export const threadError = (thread: number, threads: number, reason: string, cause?: unknown): Error =>
  new Error(`thread ${thread} of ${threads} failed: ${reason}`, { cause })

/** Starts a worker as `start` says. `ready` rejects with the reason when it does not come up; `died` is told later ones. */
export function startWorker(
  start: Start,
  report: (report: Report) => void,
  died: (reason: string) => void,
  recruit = new Recruit(),
): { thread: Thread; ready: Promise<void> } {
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined
  const ready = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  // Whoever starts several workers may give up before looking at this one.
  ready.catch(() => {})
  const failure = (reason: string) => {
    died(reason)
    settle?.reject(new Error(reason))
  }
  const thread = recruit.join({
    message(data) {
      const message = data as Report
      if (message.kind === 'ready') settle?.resolve()
      else if (message.kind === 'failed') failure(message.reason)
      else report(message)
    },
    failure,
  })
  thread.post(start)
  return { thread, ready }
}

/** Says what an executor can do now: one run at a time, and nothing once it has ended. */
export class Gate {
  #end: string | undefined
  #run: { resolve: () => void; reject: (error: Error) => void } | undefined

  /** Throws when the executor cannot `what` now. */
  assertOpen(what: string): void {
    if (this.#end) throw new Error(`${what}: ${this.#end}`)
    if (this.#run) throw new Error(`${what}: a run is in flight: wait for it first`)
  }

  /** A run begins: the promise settles by `finish` or `fail`. */
  begin(): Promise<void> {
    this.assertOpen('run')
    return new Promise((resolve, reject) => {
      this.#run = { resolve, reject }
    })
  }

  finish(): void {
    this.#run?.resolve()
    this.#run = undefined
  }

  /** The executor is over: a run in flight rejects with `error`, later calls throw `reason`. The first reason stays. */
  fail(error: Error, reason: string): void {
    this.#end ??= reason
    this.#run?.reject(error)
    this.#run = undefined
  }
}

export const disposed = 'the program was disposed'
export const brokenBy = (error: Error): string =>
  `the program broke off in an earlier run (${error.message}): make it anew`
