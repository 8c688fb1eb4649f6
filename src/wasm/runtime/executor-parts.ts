/**
 * The interface of an executor, and what its kinds share: allocation, ranges, the start of workers, one run at a time.
 */
import { KingletError } from '../../core/index.ts'
import { dataStart } from './control.ts'
import { spawn, type Thread, type ThreadEvents } from './host.ts'
import { type Report, type Start, workerSource } from './worker-source.ts'

export interface Executor {
  readonly threads: number
  /** Copies bytes into linear memory at `offset`. Throws (or rejects) outside the data. */
  write(offset: number, data: ArrayBufferView): Promise<void> | void
  /**
   * Lets `work` write `byteLength` bytes at `offset`, in place if the caller reaches the memory. The bytes hold zeros or
   * what was written before.
   */
  fill(offset: number, byteLength: number, work: (bytes: Uint8Array) => void): Promise<void> | void
  /** Returns a copy of `byteLength` bytes at `offset`. */
  read(offset: number, byteLength: number): Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>
  /**
   * Runs the program once. Rejects when a thread traps; the executor cannot be used after that. Only one run may be in
   * flight, and the memory cannot be read or written meanwhile.
   */
  run(): Promise<void>
  /** Ends the threads and releases the memory. A run in flight rejects. May be called again. */
  dispose(): void
}

/** The arguments of starting an executor. */
export interface ExecutorStart {
  readonly module: Promise<WebAssembly.Module>
  readonly pages: number
  /** Memory from {@link allocateAhead}. */
  readonly memory: WebAssembly.Memory | undefined
  readonly threads: number
  readonly place: 'here' | 'worker'
  readonly recruits: Recruit[]
  readonly meanwhile: (executor: Executor) => Promise<void> | void
}

/** A worker that starts while its program is still being compiled. */
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

  /** Sends the worker's events to `events` from now on, including an earlier failure. */
  join(events: ThreadEvents): Thread {
    this.#events = events
    if (this.#failed !== undefined) events.failure(this.#failed)
    return this.thread
  }
}

/** Allocates the memory of a program. Throws when there is not enough. */
export function allocate(pages: number, shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
  } catch (cause) {
    throw new KingletError(
      `the program needs ${Math.ceil(pages / 16)} MiB of memory, which cannot be allocated: use a smaller batch or image`,
      { cause },
    )
  }
}

/** Throws unless the bytes lie in the data of a memory of `end` bytes. */
export function assertRange(what: 'read' | 'write', offset: number, byteLength: number, end: number): void {
  if (Number.isInteger(offset) && offset >= dataStart && byteLength >= 0 && offset + byteLength <= end) return
  throw new RangeError(
    `${what}: ${byteLength} bytes at ${offset} are outside the program's data, ${dataStart} to ${end}`,
  )
}

/** The bytes that a view covers. */
export const bytesOfView = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The error of a run in which a thread failed. */
export const threadError = (thread: number, threads: number, reason: string, cause?: unknown): Error =>
  new Error(`thread ${thread} of ${threads} failed: ${reason}`, { cause })

/**
 * Starts a worker with `start`. `ready` rejects when the worker does not start; `died` gets the reason of a later end.
 */
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
  // A caller that starts several workers may stop before it awaits this one.
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

/** Guards an executor: one run at a time, and no calls after it has ended. */
export class Gate {
  #end: string | undefined
  #run: { resolve: () => void; reject: (error: Error) => void } | undefined

  /** Throws when the executor cannot do `what` now. */
  assertOpen(what: string): void {
    if (this.#end) throw new Error(`${what}: ${this.#end}`)
    if (this.#run) throw new Error(`${what}: a run is in flight: wait for it first`)
  }

  /** Begins a run. `finish` or `fail` settles the promise. */
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

  /** Ends the executor. A run in flight rejects with `error`; later calls throw `reason`. The first reason is kept. */
  fail(error: Error, reason: string): void {
    this.#end ??= reason
    this.#run?.reject(error)
    this.#run = undefined
  }
}

export const disposed = 'the program was disposed of'
export const brokenBy = (error: Error): string =>
  `the program failed in an earlier run (${error.message}): compile the graph again`
