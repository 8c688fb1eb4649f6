/**
 * An executor for threads that must not block and cannot share memory. One worker owns the program and its memory, and
 * answers messages. Bytes are transferred, not copied again. The buffer of a write returns and is reused: allocating
 * memory of an image's size costs more than the copy into it.
 */
import { KingletError } from '../../core/index.ts'
import {
  assertRange,
  brokenBy,
  bytesOfView,
  disposed,
  type Executor,
  type ExecutorStart,
  Gate,
  type Recruit,
  reasonOf,
  startWorker,
  threadError,
} from './executor-parts.ts'
import type { Thread } from './host.ts'
import type { Operation, Report } from './worker-source.ts'

/** Starts the worker, which allocates the memory. */
export async function startRemote({ module, pages, recruits, meanwhile }: ExecutorStart): Promise<Executor> {
  const executor = new RemoteExecutor(await module, pages, recruits.pop())
  await executor.ready()
  await meanwhile(executor)
  return executor
}

class RemoteExecutor implements Executor {
  readonly threads = 1
  readonly #gate = new Gate()
  readonly #byteLength: number
  readonly #worker: { thread: Thread; ready: Promise<void> }
  readonly #waiting = new Map<
    number,
    { resolve: (bytes: Uint8Array<ArrayBuffer>) => void; reject: (e: Error) => void }
  >()
  #nextId = 0
  /** The buffer of the last write. */
  #spare = new Uint8Array()

  constructor(module: WebAssembly.Module, pages: number, recruit: Recruit | undefined) {
    this.#byteLength = pages * 65536
    this.#worker = startWorker(
      { role: 'server', module, pages },
      (report) => this.#hear(report),
      (reason) => this.#fail(threadError(0, 1, reason)),
      recruit,
    )
  }

  async ready(): Promise<void> {
    try {
      await this.#worker.ready
    } catch (cause) {
      this.dispose()
      throw new KingletError(`the program's worker could not be started: ${reasonOf(cause)}`, { cause })
    }
    this.#worker.thread.hold(false)
  }

  async write(offset: number, data: ArrayBufferView): Promise<void> {
    const { byteLength } = data
    this.#assertWritable(offset, byteLength)
    const bytes = this.#spare.byteLength === byteLength ? this.#spare : new Uint8Array(byteLength)
    this.#spare = new Uint8Array()
    bytes.set(bytesOfView(data))
    this.#spare = await this.#send(offset, bytes)
  }

  async fill(offset: number, byteLength: number, work: (bytes: Uint8Array) => void): Promise<void> {
    this.#assertWritable(offset, byteLength)
    const bytes = new Uint8Array(byteLength)
    work(bytes)
    await this.#send(offset, bytes)
  }

  #assertWritable(offset: number, byteLength: number): void {
    this.#gate.assertOpen('write')
    assertRange('write', offset, byteLength, this.#byteLength)
  }

  #send(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ask({ op: 'write', offset, bytes }, [bytes.buffer])
  }

  async read(offset: number, byteLength: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#gate.assertOpen('read')
    assertRange('read', offset, byteLength, this.#byteLength)
    return this.#ask({ op: 'read', offset, byteLength })
  }

  async run(): Promise<void> {
    const finished = this.#gate.begin()
    this.#ask({ op: 'run' }).then(
      () => this.#gate.finish(),
      (error: Error) => this.#fail(threadError(0, 1, error.message)),
    )
    await finished
  }

  dispose(): void {
    this.#end(new Error(disposed), disposed)
  }

  #ask(operation: Operation, transfer: ArrayBuffer[] = []): Promise<Uint8Array<ArrayBuffer>> {
    const id = this.#nextId++
    this.#worker.thread.hold(true)
    this.#worker.thread.post({ id, ...operation }, transfer)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
    })
  }

  #hear(report: Report): void {
    if (report.kind !== 'answer') return
    const { id, error, bytes } = report
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#worker.thread.hold(false)
    if (error === undefined) waiting?.resolve(bytes ?? new Uint8Array())
    else waiting?.reject(new Error(error))
  }

  #fail(error: Error): void {
    this.#end(error, brokenBy(error))
  }

  #end(error: Error, reason: string): void {
    this.#gate.fail(error, reason)
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    this.#worker.thread.end()
  }
}
