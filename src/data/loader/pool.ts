/** Runs the tasks of a loader on worker threads (a pool) or on the calling thread. */
import { after } from '../../core/index.ts'
import type { Dataset, DatasetSource } from '../sets/dataset.ts'
import { runTask, type Tasks } from './tasks.ts'

/** Threads that read and prepare images. In Node, `loaderPool` makes one. Use it for many epochs, then close it. */
export interface LoaderPool {
  /** Number of threads. */
  readonly workers: number
  /** Runs one task on a thread. Rejects with the signal's reason when `signal` is aborted. */
  run<K extends keyof Tasks>(
    kind: K,
    task: Tasks[K]['task'],
    source: DatasetSource,
    signal: AbortSignal,
  ): Promise<Tasks[K]['result']>
  /** Ends the threads and cancels running tasks. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Runs one task on the pool, or on the calling thread when there is no pool or the dataset has no source to send. */
export function runOn<K extends keyof Tasks>(
  pool: LoaderPool | undefined,
  kind: K,
  task: Tasks[K]['task'],
  dataset: Dataset,
  signal: AbortSignal,
): Promise<Tasks[K]['result']> {
  if (pool && dataset.source) return pool.run(kind, task, dataset.source, signal)
  return runTask[kind](task, dataset, breather(signal))
}

/** Milliseconds of work after which a page's main thread may draw and handle events: less than a frame at 60 Hz. */
const longestBreath = 10

/** Throws when `signal` is aborted. In a page, yields to the event loop when the thread has worked that long. */
function breather(signal: AbortSignal): () => Promise<void> | undefined {
  let last = performance.now()
  return () => {
    signal.throwIfAborted()
    if (typeof document === 'undefined' || performance.now() - last < longestBreath) return undefined
    return new Promise((resolve) => {
      after(0, () => {
        last = performance.now()
        resolve()
      })
    })
  }
}
