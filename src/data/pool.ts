/** Where the work of a loader is done: on worker threads (a pool), or on the calling thread. */
import type { BatchData, BatchTask, CheckTask, DamagedItem } from './tasks.ts'

/** The kinds of work, what each takes and what it gives. */
export interface PoolTasks {
  readonly batch: { readonly input: BatchTask; readonly output: BatchData }
  readonly check: { readonly input: CheckTask; readonly output: readonly DamagedItem[] }
}

/** Threads that read and prepare images. Make one with `loaderPool` in Node, use it for many epochs, then close it. */
export interface LoaderPool {
  /** Number of threads. */
  readonly workers: number
  /** Does one task on the next thread. Once `signal` is aborted it may reject with the signal's reason. */
  run<K extends keyof PoolTasks>(
    kind: K,
    input: PoolTasks[K]['input'],
    signal: AbortSignal,
  ): Promise<PoolTasks[K]['output']>
  /** Ends the threads; work that is under way is given up. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
