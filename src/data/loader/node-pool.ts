/**
 * Worker threads for loaders. Tasks are sent as soon as they are known, so that the threads continue while the calling
 * thread computes a training step and handles no messages.
 */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { assert, checks, KingletError } from '../../core/index.ts'
import { loadSharp } from '../images/node-decode.ts'
import type { DatasetSource } from '../sets/dataset.ts'
import type { WorkerReply, WorkerRequest } from './node-loader-worker.ts'
import type { LoaderPool } from './pool.ts'
import type { Tasks } from './tasks.ts'

/**
 * Makes threads for `loader` and `openDataset`: by default one fewer than there are processors, and at least one. They
 * start with the first task, and do not keep the process alive when idle.
 *
 * @example
 * ```ts
 * import { arrays, loader, loaderPool, preprocessingPreset } from 'kinglet/data'
 *
 * const pixels = new Uint8Array([0, 255])
 * const set = arrays({ width: 1, height: 1, channels: 1, pixels, labels: [0, 1], classes: ['dark', 'light'] })
 * await using pool = loaderPool(1)
 * for await (const { x } of loader(set, { batch: 2, preprocessing: preprocessingPreset('whole', 1), pool })) {
 *   console.log([...x]) // => [-1, -1, -1, 1, 1, 1]
 * }
 * ```
 */
export function loaderPool(workers = Math.max(1, availableParallelism() - 1)): LoaderPool {
  assert(
    checks.count.is(workers),
    () => `loader pool: ${workers} workers: use a whole number of at least 1, or no pool to work on the calling thread`,
  )
  return new ThreadPool(workers)
}

/** The worker's file: beside this file in the package; the built file when this runs from source, which Node cannot. */
function workerFile(): URL {
  const url = new URL(
    import.meta.url.endsWith('.ts') ? '../../../dist/data/loader/node-loader-worker.js' : './node-loader-worker.js',
    import.meta.url,
  )
  const path = fileURLToPath(url)
  assert(existsSync(path), () => `loader pool: ${path} is missing: run npm run build`)
  return url
}

interface Waiting {
  resolve(result: Tasks[keyof Tasks]['result']): void
  reject(reason: unknown): void
}

/** A worker and its unanswered tasks. */
interface Thread {
  readonly worker: Worker
  readonly tasks: Map<number, Waiting>
  /** Tasks whose results are awaited. */
  wanted: number
}

/** What happens when a signal is aborted. */
interface Watched {
  /** A word of shared memory that becomes 1. Workers check it between images. */
  readonly unwanted: Int32Array
  readonly onAbort: Set<() => void>
}

class ThreadPool implements LoaderPool {
  readonly workers: number
  readonly #threads: (Thread | undefined)[]
  readonly #signals = new WeakMap<AbortSignal, Watched>()
  #tasks = 0
  #closed = false

  constructor(workers: number) {
    this.workers = workers
    this.#threads = new Array(workers).fill(undefined)
  }

  async run<K extends keyof Tasks>(
    kind: K,
    task: Tasks[K]['task'],
    source: DatasetSource,
    signal: AbortSignal,
  ): Promise<Tasks[K]['result']> {
    // The main thread must load libvips first. Otherwise it is unloaded while other threads still use it.
    if (readsFiles(source)) await loadSharp()
    signal.throwIfAborted()
    assert(!this.#closed, 'loader pool: it is closed: make a new one')
    const { unwanted, onAbort } = this.#watch(signal)
    const thread = this.#leastBusy()
    const id = this.#tasks++
    return new Promise<Tasks[K]['result']>((resolve, reject) => {
      const settle = () => {
        onAbort.delete(giveUp)
        if (--thread.wanted === 0) thread.worker.unref()
      }
      const giveUp = () => {
        settle()
        thread.tasks.set(id, { resolve() {}, reject() {} })
        reject(signal.reason)
      }
      onAbort.add(giveUp)
      if (thread.wanted++ === 0) thread.worker.ref()
      thread.tasks.set(id, {
        resolve(result) {
          settle()
          resolve(result as Tasks[K]['result'])
        },
        reject(reason) {
          settle()
          reject(reason)
        },
      })
      thread.worker.postMessage({ id, kind, task, source, unwanted } satisfies WorkerRequest<K>)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    const threads = this.#threads.splice(0)
    await Promise.all(
      threads.map(async (thread) => {
        if (!thread) return
        thread.worker.removeAllListeners()
        fail(thread, new KingletError('loader pool: it was closed while tasks were running'))
        await thread.worker.terminate()
      }),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** One listener for each signal, for any number of tasks. */
  #watch(signal: AbortSignal): Watched {
    const known = this.#signals.get(signal)
    if (known) return known
    const watched: Watched = { unwanted: new Int32Array(new SharedArrayBuffer(4)), onAbort: new Set() }
    const tell = () => {
      Atomics.store(watched.unwanted, 0, 1)
      for (const giveUp of watched.onAbort) giveUp()
    }
    signal.addEventListener('abort', tell, { once: true })
    this.#signals.set(signal, watched)
    return watched
  }

  /** The thread with the fewest tasks; starts it if it is not running. */
  #leastBusy(): Thread {
    const load = (i: number) => this.#threads[i]?.tasks.size ?? 0
    let best = 0
    for (let i = 1; i < this.#threads.length; i++) if (load(i) < load(best)) best = i
    return (this.#threads[best] ??= this.#start(best))
  }

  #start(place: number): Thread {
    const thread: Thread = { worker: new Worker(workerFile(), { execArgv: [] }), tasks: new Map(), wanted: 0 }
    const { worker, tasks } = thread
    worker.unref()
    worker.on('message', (reply: WorkerReply) => {
      const waiting = tasks.get(reply.id)
      tasks.delete(reply.id)
      if ('result' in reply) waiting?.resolve(reply.result)
      else waiting?.reject(revived(reply.error))
    })
    // The next task replaces a thread that has ended.
    const onEnd = (reason: string) => {
      if (this.#threads[place] === thread) this.#threads[place] = undefined
      fail(
        thread,
        new KingletError(`loader pool: a worker thread ended (${reason}): use fewer workers or smaller batches`),
      )
    }
    worker.on('error', (error) => onEnd(error.message))
    worker.on('exit', (code) => onEnd(`exit code ${code}`))
    return thread
  }
}

/** Rejects all unanswered tasks of a thread. */
function fail({ tasks }: Thread, reason: KingletError): void {
  for (const waiting of tasks.values()) waiting.reject(reason)
  tasks.clear()
}

function revived({ message, stack, mistake }: Extract<WorkerReply, { error: unknown }>['error']): Error {
  return mistake ? new KingletError(message) : Object.assign(new Error(message), { stack })
}

function readsFiles(source: DatasetSource): boolean {
  return source.kind === 'subset' ? readsFiles(source.of) : source.kind === 'files'
}
