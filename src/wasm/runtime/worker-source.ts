/**
 * What a worker runs, as plain JavaScript text, the same in Node and in a page: so that neither a bundler nor a server
 * has to know of a second file. The first message says what the worker is (see `Start`): a helper thread of a program
 * in shared memory, or, where memory cannot be shared, the only thread of a program, which answers messages.
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
      /** Threads that count themselves in `done`; the last one says so. */
      readonly helpers: number
    }
  /** Before its role: the first touch of fresh memory, which the system has to find and clear. */
  | { readonly role: 'toucher'; readonly memory: WebAssembly.Memory }
  | { readonly role: 'server'; readonly module: WebAssembly.Module; readonly pages: number }

/** What a worker says: that it stands ready, why it does not, that a run is done, that it trapped, or an answer. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'trap'; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly bytes?: Uint8Array<ArrayBuffer>; readonly error?: string }

/** What a server is asked to do; the message also carries the `id` of its answer. */
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
    // Runs often follow each other closely: look for the next one a while before sleeping.
    for (let i = 0; i < ${spins} && Atomics.load(words, index.go) === seen; i++);
    while (Atomics.load(words, index.go) === seen) Atomics.wait(words, index.go, seen)
    seen = Atomics.load(words, index.go)
    try {
      // A thread that was quicker may have failed already: then there is nothing to run, but the caller still counts.
      if (Atomics.load(words, index.stop) === 0) run(thread, threads)
    } catch (error) {
      // The first thread to fail reports; those that it takes out of their barriers do not.
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
  // Adding 0 leaves what others may have written meanwhile; pages of the system have 4 KiB at least.
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
