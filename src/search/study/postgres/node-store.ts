/**
 * A study in PostgreSQL, for workers on many machines. Its trials are rows. A job of the queue (pg-boss) represents the
 * lease of a trial: taking the trial creates the job, the worker's heartbeat touches it, and without a heartbeat the
 * lease expires. Changes to a trial and its job share one transaction. The files of a trial's folder go into the
 * database (`node-files.ts`), so that another machine resumes from the last checkpoint.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PgBoss } from 'pg-boss'
import { assert, KingletError } from '../../../core/index.ts'
import type { StepReport } from '../../trial.ts'
import { isOver } from '../history.ts'
import type { Choose, Lease, Result, Store, StoredTrial, Study } from '../store.ts'
import type { Connection, QueueSql, Sql } from './node-connect.ts'
import { dropFiles, emptyFolder, fetchFiles, type Kept, keepFiles, readKept } from './node-files.ts'
import type { Seat } from './node-seat.ts'
import { isHolder, readTrials, type TrialRow } from './node-trials.ts'

interface StoreParts {
  readonly connection: Connection
  readonly boss: PgBoss
  /** The study's id in the tables. */
  readonly id: number
  readonly seat: Seat
  readonly leaseSeconds: number
  readonly notice?: (text: string) => void
}

/** The name of a study's queue. */
export const queueOf = (id: number): string => `study-${id}`

export class PostgresStore implements Store {
  readonly place: string
  readonly leaseSeconds: number
  readonly #parts: StoreParts
  readonly #queue: string
  /** The folder of trial folders, created when it is first needed. */
  #folder: string | undefined
  readonly #leases = new Map<number, Lease>()
  /** The files of each running trial that the database has. */
  readonly #kept = new Map<number, Kept>()

  constructor(parts: StoreParts) {
    this.#parts = parts
    this.#queue = queueOf(parts.id)
    this.place = parts.connection.place
    this.leaseSeconds = parts.leaseSeconds
  }

  async study(): Promise<Study> {
    const { connection, id } = this.#parts
    const [row] = await connection.transaction((sql) => sql('select * from kinglet.study where id = $1', [id]))
    assert(row, `${this.place}: the study was removed: start it again, or choose another one`)
    return { ...(row.study as Study), trials: row.trials as number }
  }

  async trials(): Promise<readonly StoredTrial[]> {
    const rows = await this.#parts.connection.transaction((sql, db) => this.#read(sql, db))
    return rows.map(({ trial }) => trial)
  }

  async take(worker: string, choose: Choose): Promise<Lease | 'wait' | 'nothing'> {
    const { connection, id, seat } = this.#parts
    const taken = await connection.transaction(async (sql, db) => {
      // Looked up each time: after the connection broke, the worker may have another seat.
      const by = `${await seat.name()}/${worker}`
      // This lock serialises all workers that take a trial of this study.
      await sql('select 1 from kinglet.study where id = $1 for update', [id])
      for (;;) {
        const rows = await this.#read(sql, db, by)
        const work = choose(rows.map(({ trial }) => trial))
        if (work.do === 'wait' || work.do === 'nothing') return work.do
        const row = rows.find(({ trial }) => trial.number === work.number)
        if (work.do !== 'finish') {
          // A worker that takes another trial gives up the previous one.
          for (const { trial, job } of rows)
            if (trial.worker === by && trial.state === 'running') await this.#free(sql, db, trial.number, job)
          return this.#hand(sql, db, by, work, row)
        }
        assert(row, `${this.place}: trial ${work.number} cannot finish: it was never started`)
        await this.#end(sql, db, row, by, work.result)
      }
    })
    if (typeof taken === 'string') return taken
    try {
      const lease = { ...taken, folder: await this.#fetch(taken) }
      this.#leases.set(taken.number, lease)
      return lease
    } catch (error) {
      // A lease without a folder, so that the stored files stay unchanged.
      await this.giveBack(taken).catch(() => undefined)
      throw error
    }
  }

  async report(lease: Lease, { step, value }: StepReport): Promise<void> {
    const { number } = lease
    const kept = await this.#change(lease, async (sql, row) => {
      if (!row || isOver(row.trial)) return undefined
      await sql('insert into kinglet.report values ($1, $2, $3, $4) on conflict do nothing', [
        ...[this.#parts.id, number],
        ...[step, value],
      ])
      return isHolder(row, lease) ? this.#keep(sql, lease) : undefined
    })
    if (kept) this.#kept.set(number, kept)
  }

  async finish(lease: Lease, result: Result): Promise<boolean> {
    let tries = 0
    const counts = await this.#change(lease, async (sql, row, db) => {
      assert(row, `${this.place}: trial ${lease.number} cannot finish: it was never started`)
      // When the answer to a first try was lost, the second one finds that the trial has ended.
      const isOurs = tries++ > 0 && row.turn === lease.turn && row.trial.worker === lease.worker
      if (isOver(row.trial)) return isOurs
      // Once another worker has the trial, the files in the database are not those of this folder.
      if (!isHolder(row, lease)) this.#kept.delete(lease.number)
      await this.#end(sql, db, row, lease.worker, await this.#keepResult(sql, lease, result))
      return true
    })
    this.#forget(lease)
    return counts
  }

  async pause(lease: Lease): Promise<void> {
    await this.#leave(lease, `, state = 'paused', tries = 0`)
  }

  async giveBack(lease: Lease): Promise<void> {
    await this.#leave(lease, ', tries = tries - 1')
  }

  async renew(lease: Lease): Promise<boolean> {
    const { connection, id, boss } = this.#parts
    return connection.transaction(async (sql, db) => {
      // Without a row lock: a report holds it until all its files are stored, which may take longer than a lease.
      const [row] = await readTrials(sql, id, () => false, { number: lease.number, lock: false })
      if (!isHolder(row, lease)) return false
      // This also renews an expired lease, if nobody took the trial since. If another worker took it, it has a new job
      // and this one no longer exists.
      await boss.touch(this.#queue, row.job, { db })
      return true
    })
  }

  async file(name: string): Promise<Uint8Array | undefined> {
    const [, number, path] = /^trials\/(\d+)\/(.+)$/.exec(name) ?? []
    if (path === undefined) return undefined
    const { connection, id } = this.#parts
    return connection.transaction((sql) => readKept(sql, { study: id, number: Number(number) }, path))
  }

  async close(): Promise<void> {
    this.#parts.connection.hurry()
    for (const lease of [...this.#leases.values()]) await this.giveBack(lease).catch(() => undefined)
    await this.#parts.seat.leave()
    await this.#parts.boss.stop({ graceful: false, close: false })
    await this.#parts.connection.close()
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * All trials. With `by`, a trial of that worker is not held: the worker is done with it, or was killed and restarted.
   */
  async #read(sql: Sql, db: QueueSql, by?: string): Promise<TrialRow[]> {
    const jobs = await this.#parts.boss.findJobs(this.#queue, { db })
    const [{ now }] = await sql('select clock_timestamp() as now')
    const isAlive = ({ state, heartbeatOn, heartbeatSeconds }: (typeof jobs)[number]) =>
      state === 'active' && Number(heartbeatOn) + 1000 * heartbeatSeconds! > Number(now)
    const alive = new Set(jobs.filter(isAlive).map(({ id }) => id))
    return readTrials(sql, this.#parts.id, (job, worker) => worker !== by && alive.has(job))
  }

  async #hand(
    sql: Sql,
    db: QueueSql,
    by: string,
    work: Extract<ReturnType<Choose>, { do: 'begin' | 'resume' }>,
    row: TrialRow | undefined,
  ): Promise<Omit<Lease, 'folder'>> {
    const { number } = work
    const isNew = work.do === 'begin'
    const is = !row ? 'not there' : row.trial.held ? 'held' : row.trial.state
    assert(
      isNew ? !row : row && !isOver(row.trial) && !row.trial.held,
      `${this.place}: trial ${number} cannot ${work.do}: it is ${is}`,
    )
    const [point, turn, tries] = isNew ? [work.point, 0, 1] : [row!.trial.point, row!.turn + 1, row!.trial.tries + 1]
    const job = randomUUID()
    if (row) await this.#parts.boss.deleteJob(this.#queue, row.job, { db })
    await sql(
      `insert into kinglet.trial (study, number, point, state, tries, worker, turn, job)
       values ($1, $2, $3, 'running', $4, $5, $6, $7)
       on conflict (study, number) do update
       set state = 'running', tries = $4, worker = $5, turn = $6, job = $7, free = false`,
      [this.#parts.id, number, JSON.stringify(point), tries, by, turn, job],
    )
    await this.#hold(db, number, job)
    return { number, point, tries, turn, worker: by }
  }

  /** Creates the trial's folder with its stored files. */
  async #fetch({ number, turn }: Lease): Promise<string> {
    const { connection, id } = this.#parts
    const folder = join((this.#folder ??= mkdtempSync(join(tmpdir(), 'kinglet-worker-'))), `${number}`)
    try {
      emptyFolder(folder)
      if (turn > 0)
        this.#kept.set(number, await connection.transaction((sql) => fetchFiles(sql, { study: id, number }, folder)))
      return folder
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Creates the job of a lease and fetches it. No other job can be waiting, since takers are serialised. */
  async #hold(db: QueueSql, number: number, job: string): Promise<void> {
    const { boss, leaseSeconds } = this.#parts
    await boss.send(this.#queue, { trial: number }, { id: job, priority: number, heartbeatSeconds: leaseSeconds, db })
    const [taken] = await boss.fetch(this.#queue, {
      ...{ minPriority: number, maxPriority: number, ignoreStartAfter: true, db },
    })
    if (taken?.id !== job) throw new Error(`the queue gave ${taken?.id} for job ${job}`)
  }

  async #end(sql: Sql, db: QueueSql, { trial, job }: TrialRow, by: string, result: Result): Promise<void> {
    const { number } = trial
    const { state, ...rest } = result
    const { values = null, violations = null, files, reason = null } = rest as Partial<Record<string, unknown>>
    const name = ([what, path]: [string, unknown]) => [what, `trials/${number}/${path}`]
    await sql(
      `update kinglet.trial set state = $3, "values" = $4, violations = $5, reason = $6, files = $7, worker = $8,
       ended = floor(extract(epoch from clock_timestamp()) * 1000) where study = $1 and number = $2`,
      [
        ...[this.#parts.id, number, state, values, violations, reason],
        files ? JSON.stringify(Object.fromEntries(Object.entries(files).map(name))) : null,
        by,
      ],
    )
    // This also cleans up a trial that had no worker any more, and one whose last files were too large.
    await dropFiles(sql, { study: this.#parts.id, number }, Object.values(files ?? {}))
    await this.#parts.boss.deleteJob(this.#queue, job, { db })
  }

  async #leave(lease: Lease, set: string): Promise<void> {
    await this.#change(lease, async (sql, row, db) => {
      if (!isHolder(row, lease)) return
      await this.#keep(sql, lease)
      await this.#free(sql, db, lease.number, row!.job, set)
    })
    this.#forget(lease)
  }

  /** Releases the trial. */
  async #free(sql: Sql, db: QueueSql, number: number, job: string, set = ''): Promise<void> {
    await sql(`update kinglet.trial set free = true${set} where study = $1 and number = $2`, [this.#parts.id, number])
    await this.#parts.boss.deleteJob(this.#queue, job, { db })
  }

  /** Runs `body` with the trial's row, which is locked meanwhile. */
  async #change<T>(
    { number }: Lease,
    body: (sql: Sql, row: TrialRow | undefined, db: QueueSql) => Promise<T>,
  ): Promise<T> {
    return this.#parts.connection.transaction(async (sql, db) => {
      const [row] = await readTrials(sql, this.#parts.id, () => false, { number, lock: true })
      return body(sql, row, db)
    })
  }

  /** Stores the folder's files. If they cannot be stored, the trial continues, and the previously stored files stay. */
  async #keep(sql: Sql, { number, folder }: Lease): Promise<Kept | undefined> {
    const { id, notice } = this.#parts
    if (folder === undefined) return undefined
    try {
      return await keepFiles(sql, { study: id, number }, folder, this.#kept.get(number) ?? new Map())
    } catch (error) {
      if (!(error instanceof KingletError)) throw error
      notice?.(error.message)
      return undefined
    }
  }

  /** Stores only the files that a result names. If they cannot be stored, the trial fails. */
  async #keepResult(sql: Sql, { number, folder }: Lease, result: Result): Promise<Result> {
    if (folder === undefined) return result
    const files = result.state === 'complete' ? Object.values(result.files ?? {}) : []
    try {
      await keepFiles(sql, { study: this.#parts.id, number }, folder, this.#kept.get(number) ?? new Map(), files)
      return result
    } catch (error) {
      if (!(error instanceof KingletError)) throw error
      return { state: 'failed', reason: error.message }
    }
  }

  #forget({ number, folder }: Lease): void {
    this.#leases.delete(number)
    this.#kept.delete(number)
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}
