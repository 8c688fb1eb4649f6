/**
 * A study in a folder, for any number of processes of one machine: `journal.jsonl`, which is all that is known, and
 * `trials/<number>/`, where evaluations keep checkpoints and models. A worker that ends, however it ends, leaves
 * nothing that has to be cleared away.
 * Refuses a folder with another study. Why it is so: docs/decisions/010-a-study-is-a-journal-and-its-order-is-the-lock.md.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { assert, KingletError } from '../../../core/index.ts'
import { makeFolder } from '../../../platform/node/index.ts'
import { History, type StudyRecord } from '../history.ts'
import { type Log, LogStore } from '../log-store.ts'
import { assertSameStudy, type Store, type Study } from '../store.ts'
import { type Damage, Journal } from './node-journal.ts'
import { isRunning, processName } from './node-process.ts'

/** The file by which a study's folder is known. */
export const journalName = 'journal.jsonl'

/** A study in a folder. */
export interface FolderStore extends Store {
  /** Path of the journal. */
  readonly journal: string
  /** What could not be read, by now; all else was. */
  damage(): readonly Damage[]
}

/**
 * Opens the study in `folder`. With `study`, begins it where there is none, and changes the number of trials of the one
 * that is there. Throws a `KingletError` for a folder that holds another study (or, without `study`, none), for a
 * journal whose damage leaves open what the study is, and for what cannot be read or written. Nothing is written when
 * it is only read.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { defineSpace, openStudy, spaceData } from 'kinglet/search'
 *
 * const folder = mkdtempSync(join(tmpdir(), 'kinglet-'))
 * const space = defineSpace('line', { x: { kind: 'real', low: 0, high: 1 } })
 * await using store = openStudy(folder, {
 *   name: 'toy',
 *   space: spaceData(space),
 *   objectives: [{ name: 'loss', direction: 'minimize' }],
 *   seed: 0,
 *   algorithm: { name: 'random', options: {} },
 *   evaluator: { name: 'toy', options: {} },
 *   budgets: {},
 *   trials: 3,
 * })
 * const kept = await openStudy(folder).study()
 * kept.trials // => 3
 * ```
 */
export function openStudy(folder: string, study?: Study): FolderStore {
  const journal = new Journal(join(folder, journalName))
  try {
    if (study) makeFolder(folder)
    assertStudy(journal, folder, study)
  } finally {
    journal.close()
  }
  return new FolderStudy(folder)
}

/** Throws unless the journal is that of a study, of `study` where that is given, which it begins if need be. */
function assertStudy(journal: Journal, folder: string, study: Study | undefined): void {
  const history = new History()
  if (study && !existsSync(journal.path)) journal.append(...heads(study))
  addTo(history, journal, folder)
  // Nothing but a line that was cut off: whoever began the study was ended while it wrote.
  const isEmpty = history.isUntouched && journal.damage.every((d) => d.isCutOff)
  if (study && isEmpty) {
    journal.append(...heads(study))
    addTo(history, journal, folder)
  }
  const kept = history.study
  assert(kept, () => `${journal.path}: ${isEmpty ? 'it holds no study yet: begin one' : cannotTell}`)
  if (!study) return
  assertSameStudy(folder, kept, study)
  if (study.trials !== kept.trials) journal.append({ kind: 'wanted', trials: study.trials })
}

const cannotTell =
  'the lines that say what the study is are damaged: put back a copy of the journal, or choose another folder'

/** The line without which nothing else can be understood stands twice. */
const heads = (study: Study): StudyRecord[] => [
  { kind: 'study', format: 1, study },
  { kind: 'study', format: 1, study },
]

function addTo(history: History, journal: Journal, folder: string): void {
  for (const record of reading(folder, () => journal.read())) {
    assert(
      record.kind !== 'study' || record.format === 1,
      () =>
        `${journal.path}: it is of a newer Kinglet (its format is ${(record as { format: number }).format}, this one reads 1): update Kinglet`,
    )
    history.add(record)
  }
}

function reading<T>(folder: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new KingletError(
        `${folder}: there is no study: it has no ${journalName}: begin one, or choose another folder`,
      )
    if (code === 'EACCES') throw new KingletError(`${folder}: its study may not be read: change its permissions`)
    throw error
  }
}

/** Folders with a study: `folder` itself, or those in it, in the order of their names. */
export function studiesIn(folder: string): string[] {
  if (existsSync(join(folder, journalName))) return [folder]
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, journalName)))
    .map((entry) => join(folder, entry.name))
    .sort()
}

class FolderStudy extends LogStore implements FolderStore {
  readonly #log: FolderLog

  constructor(folder: string) {
    const log = new FolderLog(folder)
    super(log, `${processName()}.${randomUUID().slice(0, 8)}`)
    this.#log = log
  }

  get journal(): string {
    return this.#log.journal.path
  }

  damage(): readonly Damage[] {
    const { journal } = this.#log
    this.#log.readInto(this.history)
    const tail = journal.tail()
    return tail ? [...journal.damage, tail] : journal.damage
  }

  override async close(): Promise<void> {
    await super.close()
    this.#log.journal.close()
  }
}

class FolderLog implements Log {
  readonly place: string
  readonly journal: Journal

  constructor(folder: string) {
    this.place = folder
    this.journal = new Journal(join(folder, journalName))
  }

  readInto(history: History): void {
    addTo(history, this.journal, this.place)
  }

  append(record: StudyRecord): void {
    this.journal.append(record)
  }

  isAlive(by: string): boolean {
    return isRunning(by)
  }

  folderOf(number: number): string {
    const folder = join(this.place, 'trials', String(number))
    makeFolder(folder)
    return folder
  }

  fileOf(number: number, path: string): string {
    const own = join(this.place, 'trials', String(number))
    return relative(this.place, resolve(own, path)).split(sep).join('/')
  }

  read(name: string): Uint8Array | undefined {
    const path = join(this.place, name)
    return existsSync(path) ? readFileSync(path) : undefined
  }
}
