/**
 * The program of a worker, as plain JavaScript text for Node and pages, so that no bundler or server has to know a
 * second file. The first message sets the role of the worker (see `Start`): a helper thread of a program in shared
 * memory, or, if memory cannot be shared, the only thread of a program, which answers messages.
 */
import { dataStart, index, spins } from './control.ts'

/** The first message to a worker. */
export type Start =
  | {
      readonly role: 'helper'
      readonly module: WebAssembly.Module
      readonly memory: WebAssembly.Memory
      readonly thread: number
      readonly threads: number
      /** Number of threads that count themselves in `done`. The last one reports it. */
      readonly helpers: number
    }
  /** Before its role: touches fresh memory for the first time, which makes the system find and clear it. */
  | { readonly role: 'toucher'; readonly memory: WebAssembly.Memory }
  | { readonly role: 'server'; readonly module: WebAssembly.Module; readonly pages: number }

/** A message of a worker: ready, failed to start, run done, trapped, or an answer. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'trap'; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly bytes?: Uint8Array<ArrayBuffer>; readonly error?: string }

/** A request to a server. The message also has the `id` of the answer. */
export type Operation =
  | { readonly op: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly op: 'read'; readonly offset: number; readonly byteLength: number }
  | { readonly op: 'run' }

export const workerSource = `'use strict'
const port = typeof require === 'function' ? require('node:worker_threads').parentPort : self
const index = ${JSON.stringify(index)}
const reasonOf = (error) => (error instanceof Error ? error.message : String(error))
const instantiate = (module, memory) => new WebAssembly.Instance(module, { env: { memory } }).exports.run

function helper({ module, memory, thread, threads, helpers }) {
  const words = new Int32Array(memory.buffer, 0, ${dataStart / 4})
  const run = instantiate(module, memory)
  port.postMessage({ kind: 'ready' })
  for (let seen = 0; ; ) {
    // Runs often follow closely: poll for the next one before sleeping.
    for (let i = 0; i < ${spins} && Atomics.load(words, index.go) === seen; i++);
    while (Atomics.load(words, index.go) === seen) Atomics.wait(words, index.go, seen)
    seen = Atomics.load(words, index.go)
    try {
      // A faster thread may have failed already. Then there is nothing to run, but the caller still counts this thread.
      if (Atomics.load(words, index.stop) === 0) run(thread, threads)
    } catch (error) {
      // Only the first thread to fail reports, not the threads that leave their barriers because of it.
      if (Atomics.compareExchange(words, index.stop, 0, thread + 1) === 0) {
        port.postMessage({ kind: 'trap', reason: reasonOf(error) })
      }
      Atomics.add(words, index.generation, 1)
      Atomics.notify(words, index.generation)
    }
    if (Atomics.add(words, index.done, 1) === helpers - 1) {
      Atomics.notify(words, index.done)
      if (helpers === threads) port.postMessage({ kind: 'done' })
    }
    if (Atomics.load(words, index.stop) !== 0) return
  }
}

function toucher({ memory }) {
  const words = new Int32Array(memory.buffer)
  // Adding 0 keeps what others may have written meanwhile. Pages of the system have at least 4 KiB.
  for (let i = 0; i < words.length; i += 1024) Atomics.add(words, i, 0)
}

function server({ module, pages }) {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const run = instantiate(module, memory)
  const operations = {
    write({ offset, bytes }) {
      new Uint8Array(memory.buffer).set(bytes, offset)
      return bytes
    },
    read: ({ offset, byteLength }) => new Uint8Array(memory.buffer, offset, byteLength).slice(),
    run: () => run(0, 1),
  }
  port.onmessage = ({ data }) => {
    try {
      const bytes = operations[data.op](data)
      port.postMessage({ kind: 'answer', id: data.id, bytes }, bytes ? [bytes.buffer] : [])
    } catch (error) {
      port.postMessage({ kind: 'answer', id: data.id, error: reasonOf(error) })
    }
  }
  port.postMessage({ kind: 'ready' })
}

port.onmessage = ({ data }) => {
  try {
    ;({ helper, server, toucher })[data.role](data)
  } catch (error) {
    port.postMessage({ kind: 'failed', reason: reasonOf(error) })
  }
}
`
