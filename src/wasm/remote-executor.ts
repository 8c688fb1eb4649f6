/**
 * An executor for places that must not block and cannot share memory: one worker has the program and a memory of its
 * own, and answers messages. Bytes are transferred, not copied a second time.
 */
import { KingletError } from '../core/index.ts'
import type { Executor } from './executor.ts'
import {
  assertRange,
  brokenBy,
  bytesOfView,
  disposed,
  type ExecutorStart,
  Gate,
  type Recruit,
  reasonOf,
  startWorker,
  threadError,
} from './executor-parts.ts'
import type { Thread } from './host.ts'
import type { Operation, Report } from './worker-source.ts'

/** Starts the worker and has it allocate the memory. */
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

  write(offset: number, data: ArrayBufferView): Promise<void> {
    return this.fill(offset, data.byteLength, (bytes) => bytes.set(bytesOfView(data)))
  }

  async fill(offset: number, byteLength: number, work: (bytes: Uint8Array) => void): Promise<void> {
    this.#gate.assertOpen('write')
    assertRange('write', offset, byteLength, this.#byteLength)
    const bytes = new Uint8Array(byteLength)
    work(bytes)
    await this.#ask({ op: 'write', offset, bytes }, [bytes.buffer])
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
