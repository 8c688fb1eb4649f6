/** A study in memory only: for pages, and for callers that need only the result. */
import type { History, StudyRecord } from './history.ts'
import { type Log, LogStore } from './log-store.ts'
import type { Store, Study } from './store.ts'

/**
 * A store in this process's memory. It copies what it is given, as if it were written to disk.
 *
 * @example
 * ```ts
 * import { defineSpace, memoryStore, spaceData } from 'kinglet/search'
 *
 * const space = defineSpace('line', { x: { kind: 'real', low: 0, high: 1 } })
 * const store = memoryStore({
 *   name: 'toy',
 *   space: spaceData(space),
 *   objectives: [{ name: 'loss', direction: 'minimize' }],
 *   seed: 0,
 *   algorithm: { name: 'random', options: {} },
 *   evaluator: { name: 'toy', options: {} },
 *   budgets: {},
 *   trials: 3,
 * })
 * const lease = await store.take('me', () => ({ do: 'begin', number: 0, point: { x: 0.5 } }))
 * if (typeof lease === 'object') await store.finish(lease, { state: 'complete', values: [0.25] })
 * const [trial] = await store.trials()
 * trial.values // => [0.25]
 * ```
 */
export const memoryStore = (study: Study): Store =>
  new LogStore(new MemoryLog([copied({ kind: 'study', format: 1, study })]), 'memory')

const copied = (record: StudyRecord): StudyRecord => JSON.parse(JSON.stringify(record))

/** Reads and writes `records`, an array that several logs may share. */
export class MemoryLog implements Log {
  readonly place = 'memory'
  readonly #records: StudyRecord[]
  #read = 0

  constructor(records: StudyRecord[]) {
    this.#records = records
  }

  append(record: StudyRecord): void {
    this.#records.push(copied(record))
  }

  readInto(history: History): void {
    while (this.#read < this.#records.length) history.add(this.#records[this.#read++])
  }

  isAlive(): boolean {
    return true
  }
}
