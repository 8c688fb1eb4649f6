/** Where the work of a loader is done: on worker threads (a pool), or on the calling thread. */
import { after } from '../../core/index.ts'
import type { Dataset, DatasetSource } from '../sets/dataset.ts'
import { runTask, type Tasks } from './tasks.ts'

/** Threads that read and prepare images. Make one with `loaderPool` in Node, use it for many epochs, then close it. */
export interface LoaderPool {
  /** Number of threads. */
  readonly workers: number
  /** Does one task on a thread. Rejects with the signal's reason once `signal` is aborted. */
  run<K extends keyof Tasks>(
    kind: K,
    task: Tasks[K]['task'],
    source: DatasetSource,
    signal: AbortSignal,
  ): Promise<Tasks[K]['result']>
  /** Ends the threads; work that is under way is given up. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Does one task on the pool, or on the calling thread where there is none or the set cannot be sent to it. */
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

/** Milliseconds of work after which a page's own thread may draw and answer: less than a frame at 60 Hz. */
const longestBreath = 10

/** Throws once `signal` is aborted; in a page, lets the page go on when the thread has worked for a while. */
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
