/**
 * A study in a folder, for any number of processes on one machine. `journal.jsonl` holds all its state; evaluations
 * keep checkpoints and models in `trials/<number>/`. A worker that ends in any way leaves nothing to clean up. Refuses
 * a folder with another study. Reasons: docs/decisions/010-a-study-is-a-journal-and-its-order-is-the-lock.md.
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

/** The file that marks the folder of a study. */
export const journalName = 'journal.jsonl'

/** A study in a folder. */
export interface FolderStore extends Store {
  /** Path of the journal. */
  readonly journal: string
  /** The damage found so far. Everything else was read. */
  damage(): readonly Damage[]
}

/**
 * Opens the study in `folder`. With `study`, starts it if the folder has none, and sets the number of trials of the one
 * that is there. Throws a `KingletError` for a folder with another study (or none, without `study`), for a journal
 * whose damage hides the description of the study, and for files that cannot be read or written. Reading alone writes
 * nothing.
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

/**
 * Throws unless the journal holds a study, and the study `study` where that is given. Starts `study` if the journal is
 * new.
 */
function assertStudy(journal: Journal, folder: string, study: Study | undefined): void {
  const history = new History()
  if (study && !existsSync(journal.path)) journal.append(...heads(study))
  addTo(history, journal, folder)
  // Only a cut-off line: the process that started the study was killed.
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
  'the lines that describe the study are damaged: restore a copy of the journal, or choose another folder'

/** The line that all others depend on is written twice. */
const heads = (study: Study): StudyRecord[] => [
  { kind: 'study', format: 1, study },
  { kind: 'study', format: 1, study },
]

function addTo(history: History, journal: Journal, folder: string): void {
  for (const record of reading(folder, () => journal.read())) {
    assert(
      record.kind !== 'study' || record.format === 1,
      () =>
        `${journal.path}: a newer Kinglet wrote it (its format is ${(record as { format: number }).format}, this one reads 1): update Kinglet`,
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

/** Folders with a study: `folder` itself, or those directly in it, in order of name. */
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
