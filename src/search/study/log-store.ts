/**
 * A store over a log: records that are only ever appended, in one order for all readers. There are no locks. To take a
 * trial, a worker appends a `take` record and reads on; it has the trial if its record came first.
 */
import { assert } from '../../core/index.ts'
import type { StepReport } from '../trial.ts'
import { History, isOver, type Known, type StudyRecord } from './history.ts'
import type { Choose, Lease, Result, Store, StoredTrial, Study } from './store.ts'

/** The place of the records. */
export interface Log {
  readonly place: string
  /** Adds the records since the last call to the history. */
  readInto(history: History): void
  /** Appends a record. When it returns, the record is durable. */
  append(record: StudyRecord): void
  /** Whether the worker of this name is alive: see {@link LogStore.take}. */
  isAlive(by: string): boolean
  /** Creates the folder of a trial, where the log has folders. */
  folderOf?(number: number): string
  /** The name of a file in a trial's folder, relative to the study. */
  fileOf?(number: number, path: string): string
  /** The bytes of the file of this name. */
  read?(name: string): Uint8Array | undefined
}

export class LogStore implements Store {
  readonly place: string
  readonly #log: Log
  /** A name that no other store object has, in any process. */
  readonly #name: string
  protected readonly history = new History()
  readonly #leases = new Map<number, Lease>()

  constructor(log: Log, name: string) {
    this.place = log.place
    this.#log = log
    this.#name = name
  }

  async study(): Promise<Study> {
    const { study } = this.#read()
    assert(study, `${this.place}: there is no study: begin one, or choose another place`)
    return study
  }

  async trials(): Promise<readonly StoredTrial[]> {
    return this.#stored()
  }

  async take(worker: string, choose: Choose): Promise<Lease | 'wait' | 'nothing'> {
    const by = `${this.#name}/${worker}`
    for (;;) {
      const work = choose(this.#stored())
      if (work.do === 'wait' || work.do === 'nothing') return work.do
      const { number } = work
      const trial = this.history.get(number)
      if (work.do === 'finish') {
        assert(trial, `${this.place}: trial ${number} cannot finish: it was never started`)
        this.#log.append({ kind: 'finish', number, by, at: Date.now(), point: trial.point, result: work.result })
        continue
      }
      const isNew = work.do === 'begin'
      const is = !trial ? 'not there' : this.#isHeld(trial) ? 'held' : trial.state
      assert(
        isNew ? !trial : trial && !isOver(trial) && !this.#isHeld(trial),
        `${this.place}: trial ${number} cannot ${work.do}: it is ${is}`,
      )
      const point = isNew ? work.point : trial!.point
      const turn = trial?.turns ?? 0
      this.#log.append({ kind: 'take', number, turn, by, at: Date.now(), point })
      const taken = this.#read().get(number)
      if (taken?.by !== by || !this.history.isHolder(number, turn)) continue
      const folder = this.#log.folderOf?.(number)
      const { tries } = taken
      const lease = { number, point: taken.point, tries, turn, worker: by, ...(folder !== undefined && { folder }) }
      this.#leases.set(number, lease)
      return lease
    }
  }

  async report({ number }: Lease, { step, value }: StepReport): Promise<void> {
    const trial = this.#read().get(number)
    if (trial && (isOver(trial) || trial.reports.some((r) => r.step === step))) return
    this.#log.append({ kind: 'report', number, step, value })
  }

  async finish({ number, point, worker: by }: Lease, result: Result): Promise<boolean> {
    this.#leases.delete(number)
    const trial = this.#read().get(number)
    if (trial && isOver(trial)) return false
    const named = result.state === 'complete' ? { ...result, ...this.#files(number, result) } : result
    this.#log.append({ kind: 'finish', number, by, at: Date.now(), point, result: named })
    return this.#read().get(number)?.by === by
  }

  async pause(lease: Lease): Promise<void> {
    this.#leave('pause', lease)
  }

  async giveBack(lease: Lease): Promise<void> {
    this.#leave('back', lease)
  }

  async file(name: string): Promise<Uint8Array | undefined> {
    return this.#log.read?.(name)
  }

  async renew({ number, turn }: Lease): Promise<boolean> {
    return this.#read().get(number) !== undefined && this.history.isHolder(number, turn)
  }

  async close(): Promise<void> {
    for (const lease of [...this.#leases.values()]) this.#leave('back', lease)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #leave(kind: 'pause' | 'back', { number, turn }: Lease): void {
    this.#leases.delete(number)
    this.#read()
    if (this.history.isHolder(number, turn)) this.#log.append({ kind, number, turn })
  }

  #files(number: number, { files }: Extract<Result, { state: 'complete' }>): { files?: Record<string, string> } {
    if (!files) return {}
    const name = (path: string) => this.#log.fileOf?.(number, path) ?? path
    return { files: Object.fromEntries(Object.entries(files).map(([what, path]) => [what, name(path)])) }
  }

  #read(): History {
    this.#log.readInto(this.history)
    return this.history
  }

  #isHeld = ({ state, free, by }: Known): boolean => state === 'running' && !free && this.#log.isAlive(by)

  #stored(): StoredTrial[] {
    return this.#read()
      .all()
      .map((trial) => {
        const { turns: _, free: __, by: worker, ...rest } = trial
        return { ...rest, worker, held: this.#isHeld(trial) }
      })
  }
}
