/**
 * The differences between Node and a page: starting a worker, and the useful number of workers. Node's modules are
 * looked up at run time, so that a bundle for pages does not contain them.
 */

/** A worker. */
export interface Thread {
  post(message: unknown, transfer?: ArrayBuffer[]): void
  /** Sets whether the worker keeps a Node process alive. It does by default. No effect in a page. */
  hold(on: boolean): void
  /** Ends the worker and its events. */
  end(): void
}

export interface ThreadEvents {
  message(data: unknown): void
  /** The worker could not start, threw outside a run, or ended by itself. */
  failure(reason: string): void
}

/** Node, or what else has its modules; undefined in a page, of whose build all that needs it is left out. */
const node = globalThis.process

/** Starts a worker that runs JavaScript text. Throws when the host has no workers or refuses this one. */
export const spawn = (source: string, events: ThreadEvents): Thread =>
  typeof globalThis.Worker === 'function' ? spawnInPage(source, events) : spawnInNode(source, events)

function spawnInPage(source: string, events: ThreadEvents): Thread {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  const worker = new Worker(url)
  const revoke = () => URL.revokeObjectURL(url)
  // The text is loaded for certain when the first message of the worker arrives.
  worker.addEventListener('message', revoke, { once: true })
  worker.onmessage = ({ data }) => events.message(data)
  worker.onmessageerror = () => events.failure('a message could not be read')
  worker.onerror = (event) => {
    event.preventDefault()
    revoke()
    events.failure(
      event.message || "the browser did not load it (does the page's security policy allow blob: workers?)",
    )
  }
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    hold: () => {},
    end() {
      worker.onmessage = worker.onmessageerror = worker.onerror = null
      worker.terminate()
      revoke()
    },
  }
}

/** Like {@link spawn}, with Node's threads. */
export function spawnInNode(source: string, events: ThreadEvents): Thread {
  const threads = node?.getBuiltinModule?.('node:worker_threads')
  if (!threads) throw new Error('this JavaScript host has no workers')
  // Without the parent's options: this small worker needs no loader and no inspector.
  const worker = new threads.Worker(source, { eval: true, execArgv: [] })
  let over = false
  const failure = (reason: string) => {
    if (!over) events.failure(reason)
  }
  worker.on('message', (data) => {
    if (!over) events.message(data)
  })
  worker.on('error', (error) => failure(error.message))
  worker.on('exit', (code) => failure(`it ended with exit code ${code}`))
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    hold: (on) => (on ? worker.ref() : worker.unref()),
    end() {
      over = true
      worker.unref()
      void worker.terminate()
    },
  }
}

/** Whether this is the main thread of a page, which must not block. */
export const isPageThread = (): boolean => typeof document !== 'undefined'

/** Whether threads can share memory: always in Node; in a page only when it is cross-origin isolated. */
export const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer === 'function' && globalThis.crossOriginIsolated !== false

/**
 * Whether the memory of a program is shared: between its threads, or between a page and the one worker that runs it.
 * That worker then needs no messages with bytes.
 */
export const sharedFor = (threads: number): boolean => threads > 1 || (isPageThread() && canShareMemory())

/** The useful number of threads: the processors that this process may use, or 1 when threads cannot share memory. */
export function maxThreads(): number {
  if (!canShareMemory()) return 1
  return node?.getBuiltinModule?.('node:os').availableParallelism() ?? navigator.hardwareConcurrency ?? 1
}
