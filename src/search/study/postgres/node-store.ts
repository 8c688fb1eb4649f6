/**
 * A study in PostgreSQL, for workers on many machines. Its trials are rows; that a worker has one is a job of the queue
 * (pg-boss): taking a trial makes the job, the worker's heartbeat touches it, and where the heartbeat stays away it stands
 * for nobody any more. What is done to trial and job is done in one transaction. What a worker leaves in its trial's folder goes
 * into the database (`node-postgres-files.ts`), so another machine goes on from the last checkpoint.
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
  /** Of the study in the tables. */
  readonly id: number
  readonly seat: Seat
  readonly leaseSeconds: number
  readonly notice?: (text: string) => void
}

/** Name of a study's queue. */
export const queueOf = (id: number): string => `study-${id}`

export class PostgresStore implements Store {
  readonly place: string
  readonly leaseSeconds: number
  readonly #parts: StoreParts
  readonly #queue: string
  /** Where trials have their folders: made when the first one wants it. */
  #folder: string | undefined
  readonly #leases = new Map<number, Lease>()
  /** What the database has of the folder of each trial that is at work. */
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
    assert(row, `${this.place}: the study is not there any more: somebody removed it`)
    return { ...(row.study as Study), trials: row.trials as number }
  }

  async trials(): Promise<readonly StoredTrial[]> {
    const rows = await this.#parts.connection.transaction((sql, db) => this.#read(sql, db))
    return rows.map(({ trial }) => trial)
  }

  async take(worker: string, choose: Choose): Promise<Lease | 'wait' | 'nothing'> {
    const { connection, id, seat } = this.#parts
    const taken = await connection.transaction(async (sql, db) => {
      // Each time anew: after the connection broke, it may have another seat.
      const by = `${await seat.name()}/${worker}`
      // Whoever wants a trial of this study stands in line here.
      await sql('select 1 from kinglet.study where id = $1 for update', [id])
      for (;;) {
        const rows = await this.#read(sql, db, by)
        const work = choose(rows.map(({ trial }) => trial))
        if (work.do === 'wait' || work.do === 'nothing') return work.do
        const row = rows.find(({ trial }) => trial.number === work.number)
        if (work.do !== 'finish') {
          // A worker that takes another trial has left the one before.
          for (const { trial, job } of rows)
            if (trial.worker === by && trial.state === 'running') await this.#free(sql, db, trial.number, job)
          return this.#hand(sql, db, by, work, row)
        }
        assert(row, `${this.place}: trial ${work.number} is to end, and never began`)
        await this.#end(sql, db, row, by, work.result)
      }
    })
    if (typeof taken === 'string') return taken
    try {
      const lease = { ...taken, folder: await this.#fetch(taken) }
      this.#leases.set(taken.number, lease)
      return lease
    } catch (error) {
      // As a lease without a folder, so that what is kept stays as it is.
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
      assert(row, `${this.place}: trial ${lease.number} is to end, and never began`)
      // Of a first try whose answer was lost, the second one finds that the trial has ended.
      const isOurs = tries++ > 0 && row.turn === lease.turn && row.trial.worker === lease.worker
      if (isOver(row.trial)) return isOurs
      // Where another one has the trial, what the database has is not of this folder.
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
      // Without a lock on the row: a report has that until all its files are there, which may take longer than a lease.
      const [row] = await readTrials(sql, id, () => false, { number: lease.number, lock: false })
      if (!isHolder(row, lease)) return false
      // Also where the lease had run out meanwhile: nobody took the trial since, so it is this worker's again. If it is
      // another's by now, that has a new job, and this one is gone.
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

  /** All trials. One of `by` is not held where `by` asks: it is done with it, or was killed and is back. */
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

  /** Makes the trial's folder, with what is kept of it. */
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

  /** Makes the job that stands for having the trial, and takes it: no other can be waiting, since all stand in line. */
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
    // Also of one that nobody worked on any more, and of one whose last files were too large.
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

  /** Nobody has the trial any more. */
  async #free(sql: Sql, db: QueueSql, number: number, job: string, set = ''): Promise<void> {
    await sql(`update kinglet.trial set free = true${set} where study = $1 and number = $2`, [this.#parts.id, number])
    await this.#parts.boss.deleteJob(this.#queue, job, { db })
  }

  /** Does `body` with the trial's row, which is locked meanwhile. */
  async #change<T>(
    { number }: Lease,
    body: (sql: Sql, row: TrialRow | undefined, db: QueueSql) => Promise<T>,
  ): Promise<T> {
    return this.#parts.connection.transaction(async (sql, db) => {
      const [row] = await readTrials(sql, this.#parts.id, () => false, { number, lock: true })
      return body(sql, row, db)
    })
  }

  /** Keeps the folder's files. Where they cannot be kept, the trial goes on all the same, and those before stay. */
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

  /** Keeps the files that a result names, and those alone. Where they cannot be kept, the trial has failed. */
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
