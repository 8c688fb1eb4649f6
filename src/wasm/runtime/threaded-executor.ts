/**
 * An executor whose memory the caller can access: thread 0 is the caller itself (`here`), or all threads are workers
 * that share the memory with the caller. Between runs the workers sleep on the word `go`.
 *
 * Limitation: with `here` the caller is blocked during a run. If a worker is killed from outside during the run, the
 * other threads wait forever. (A trap is reported.)
 */
import { KingletError } from '../../core/index.ts'
import { dataStart, ended, index, spins, wordsOf } from './control.ts'
import {
  allocate,
  assertRange,
  brokenBy,
  bytesOfView,
  disposed,
  type Executor,
  type ExecutorStart,
  Gate,
  reasonOf,
  startWorker,
  threadError,
} from './executor-parts.ts'
import { sharedFor, type Thread } from './host.ts'
import type { Report } from './worker-source.ts'

type Run = (thread: number, threads: number) => void

/** Allocates the memory and starts the threads. */
export async function startThreaded(start: ExecutorStart): Promise<Executor> {
  const memory = start.memory ?? allocate(start.pages, sharedFor(start.threads))
  const executor = new ThreadedExecutor(start.threads, memory)
  await start.meanwhile(executor)
  await executor.start(start, memory)
  return executor
}

class ThreadedExecutor implements Executor {
  readonly threads: number
  readonly #gate = new Gate()
  readonly #helpers: Thread[] = []
  #words: Int32Array
  #bytes: Uint8Array
  /** The run function of thread 0, if the caller is thread 0. */
  #run: Run | undefined

  constructor(threads: number, memory: WebAssembly.Memory) {
    this.threads = threads
    this.#words = wordsOf(memory)
    this.#bytes = new Uint8Array(memory.buffer)
  }

  async start({ module: compiling, place, recruits }: ExecutorStart, memory: WebAssembly.Memory): Promise<void> {
    const { threads } = this
    const module = await compiling
    if (place === 'here') this.#run = (await WebAssembly.instantiate(module, { env: { memory } })).exports.run as Run
    const first = this.#run ? 1 : 0
    const ready: Promise<void>[] = []
    try {
      for (let thread = first; thread < threads; thread++) {
        const worker = startWorker(
          { role: 'helper', module, memory, thread, threads, helpers: threads - first },
          (report) => this.#hear(thread, report),
          (reason) => this.#fail(threadError(thread, threads, reason)),
          recruits.pop(),
        )
        this.#helpers.push(worker.thread)
        ready.push(worker.ready)
      }
      await Promise.all(ready)
    } catch (cause) {
      this.dispose()
      throw new KingletError(`the program's threads could not be started: ${reasonOf(cause)}`, { cause })
    }
    this.#hold(false)
  }

  write(offset: number, data: ArrayBufferView): void {
    this.fill(offset, data.byteLength, (bytes) => bytes.set(bytesOfView(data)))
  }

  fill(offset: number, byteLength: number, work: (bytes: Uint8Array) => void): void {
    this.#gate.assertOpen('write')
    assertRange('write', offset, byteLength, this.#bytes.length)
    work(this.#bytes.subarray(offset, offset + byteLength))
  }

  read(offset: number, byteLength: number): Uint8Array<ArrayBuffer> {
    this.#gate.assertOpen('read')
    assertRange('read', offset, byteLength, this.#bytes.length)
    const copy = new Uint8Array(byteLength)
    copy.set(this.#bytes.subarray(offset, offset + byteLength))
    return copy
  }

  async run(): Promise<void> {
    const finished = this.#gate.begin()
    const words = this.#words
    Atomics.store(words, index.done, 0)
    Atomics.add(words, index.go, 1)
    Atomics.notify(words, index.go)
    if (this.#run) this.#runHere(this.#run, words)
    else this.#hold(true)
    await finished
  }

  dispose(): void {
    this.#end(new Error(disposed), disposed)
  }

  /** Runs thread 0's part, then waits for the other threads. */
  #runHere(run: Run, words: Int32Array): void {
    const helpers = this.#helpers.length
    let thrown: unknown
    try {
      run(0, this.threads)
    } catch (error) {
      thrown = error
      Atomics.compareExchange(words, index.stop, 0, 1)
      Atomics.add(words, index.generation, 1)
      Atomics.notify(words, index.generation)
    }
    for (let i = 0; i < spins && Atomics.load(words, index.done) < helpers; i++);
    for (let done: number; (done = Atomics.load(words, index.done)) < helpers; ) Atomics.wait(words, index.done, done)
    const stop = Atomics.load(words, index.stop)
    if (stop === 0) this.#gate.finish()
    else if (stop === 1) this.#fail(threadError(0, this.threads, reasonOf(thrown), thrown))
    // Otherwise another thread failed first, and its report will arrive.
    else this.#hold(true)
  }

  #hear(thread: number, report: Report): void {
    if (report.kind === 'trap') this.#fail(threadError(thread, this.threads, report.reason))
    else if (report.kind === 'done' && Atomics.load(this.#words, index.stop) === 0) {
      this.#hold(false)
      this.#gate.finish()
    }
  }

  #fail(error: Error): void {
    this.#end(error, brokenBy(error))
  }

  /** Wakes all threads from barriers and sleep, ends them, and releases the memory. */
  #end(error: Error, reason: string): void {
    this.#gate.fail(error, reason)
    const words = this.#words
    Atomics.compareExchange(words, index.stop, 0, ended)
    for (const word of [index.generation, index.go]) {
      Atomics.add(words, word, 1)
      Atomics.notify(words, word)
    }
    for (const helper of this.#helpers.splice(0)) helper.end()
    this.#words = new Int32Array(dataStart / 4)
    this.#bytes = new Uint8Array()
    this.#run = undefined
  }

  /** While on, the workers keep a Node process alive: it must not end while a caller waits for them. */
  #hold(on: boolean): void {
    for (const helper of this.#helpers) helper.hold(on)
  }
}
