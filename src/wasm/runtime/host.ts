/**
 * What differs between Node and a page: how a worker is started and how many make sense. Node's modules are asked for
 * at run time, so that a bundle for pages contains no trace of them.
 */

/** A worker. */
export interface Thread {
  post(message: unknown, transfer?: ArrayBuffer[]): void
  /** Whether the worker keeps a Node process from ending; it does until told otherwise. Nothing in a page. */
  hold(on: boolean): void
  /** Ends it; its events stop. */
  end(): void
}

export interface ThreadEvents {
  message(data: unknown): void
  /** It could not start, threw outside of any run, or ended without being told to. */
  failure(reason: string): void
}

/** Node, or what else has its modules; undefined in a page, of whose build all that needs it is left out. */
const node = globalThis.process

/** Starts a worker on JavaScript text. Throws when the host has no workers or refuses this one. */
export const spawn = (source: string, events: ThreadEvents): Thread =>
  typeof globalThis.Worker === 'function' ? spawnInPage(source, events) : spawnInNode(source, events)

function spawnInPage(source: string, events: ThreadEvents): Thread {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  const worker = new Worker(url)
  const revoke = () => URL.revokeObjectURL(url)
  // The text is surely loaded once the worker says a first word.
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

/** As {@link spawn}, with Node's threads. */
export function spawnInNode(source: string, events: ThreadEvents): Thread {
  const threads = node?.getBuiltinModule?.('node:worker_threads')
  if (!threads) throw new Error('this JavaScript host has no workers')
  // Without the parent's options: a loader or an inspector has no business in a worker of thirty lines.
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

/** Whether this is a page's own thread, which must not block. */
export const isPageThread = (): boolean => typeof document !== 'undefined'

/** Whether memory can be shared between threads here: always in Node, in a page only when it is cross-origin isolated. */
export const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer === 'function' && globalThis.crossOriginIsolated !== false

/**
 * Whether the memory of a program is shared: between its threads, and between a page and the one worker that runs it,
 * which then needs no messages with bytes in them.
 */
export const sharedFor = (threads: number): boolean => threads > 1 || (isPageThread() && canShareMemory())

/** How many threads make sense here: the processor's (as far as this process may use them), or 1 where memory cannot be shared. */
export function maxThreads(): number {
  if (!canShareMemory()) return 1
  return node?.getBuiltinModule?.('node:os').availableParallelism() ?? navigator.hardwareConcurrency ?? 1
}
