/**
 * Runs a program: a WebAssembly module that exports `run(thread, threads)`, in which every thread passes through all
 * steps with barriers between them. An executor owns the program's memory and its threads.
 */
import { allocate, type Executor, Recruit } from './executor-parts.ts'
import { canShareMemory, isPageThread, sharedFor } from './host.ts'
import type { Start } from './worker-source.ts'

export type { Executor } from './executor-parts.ts'
export { maxThreads } from './host.ts'

export interface ExecutorOptions {
  /** The module. Its imported memory has `pages` pages, and is shared if {@link sharedFor} says so. */
  readonly bytes: Uint8Array
  readonly pages: number
  readonly threads: number
  /** `here`: the calling thread is thread 0 and blocks during a run. `worker`: all threads are workers. */
  readonly place: 'here' | 'worker'
  /** Memory from {@link allocateAhead}. */
  readonly memory?: WebAssembly.Memory | undefined
  /** Workers that {@link recruit} started. */
  readonly recruits?: Recruit[]
  /** Fills the memory as soon as it is allocated, while the module is compiled and threads start. */
  readonly meanwhile?: (executor: Executor) => Promise<void> | void
}

/** Starts the workers of an executor before its program is compiled. Leaves out workers that do not start. */
export function recruit({ threads, place }: Pick<ExecutorOptions, 'threads' | 'place'>): Recruit[] {
  const recruits: Recruit[] = []
  try {
    for (let i = place === 'here' ? 1 : 0; i < threads; i++) recruits.push(new Recruit())
  } catch {
    // Starting the executor reports the reason.
  }
  return recruits
}

/**
 * Allocates the memory of a program that is still being compiled, if its threads share it. The last recruit touches all
 * of it meanwhile: in a virtual machine the first touch of 10 MB takes 30 ms.
 */
export function allocateAhead(pages: number, recruits: readonly Recruit[]): WebAssembly.Memory | undefined {
  const last = recruits[recruits.length - 1]
  if (!last || !canShareMemory()) return undefined
  const memory = allocate(pages, true)
  last.thread.post({ role: 'toucher', memory } satisfies Start)
  return memory
}

/** Ends the recruits that no executor took. */
export function dismiss(recruits: Recruit[]): void {
  for (const { thread } of recruits.splice(0)) thread.end()
}

/** Whether this many threads can run here. */
const canHave = (threads: number, place: ExecutorOptions['place']): boolean =>
  threads === 1 ||
  (threads > 1 && Number.isInteger(threads) && canShareMemory() && (place === 'worker' || !isPageThread()))

/**
 * Compiles the module and starts the threads. Rejects when the memory or a thread is not available.
 *
 * In the main thread of a page use `worker`: that thread must not block. In Node, idle threads do not keep the process
 * alive.
 */
export async function createExecutor(options: ExecutorOptions): Promise<Executor> {
  const { bytes, pages, memory, threads, place, recruits = [], meanwhile = () => {} } = options
  if (!canHave(threads, place)) (await import('./thread-errors.ts')).refuseThreads(threads)
  const module = WebAssembly.compile(bytes.slice())
  // The code that awaits it gets a failure. Until then the rejection must not count as unhandled.
  module.catch(() => {})
  const start = { module, pages, memory, threads, place, recruits, meanwhile }
  // This thread needs only one of the two modules.
  return place === 'worker' && !sharedFor(threads)
    ? (await import('./remote-executor.ts')).startRemote(start)
    : (await import('./threaded-executor.ts')).startThreaded(start)
}
