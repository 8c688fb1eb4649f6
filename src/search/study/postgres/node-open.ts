/** Opens and starts studies in PostgreSQL. */
import type { PgBoss } from 'pg-boss'
import { assert, KingletError, oneOf, UsageError } from '../../../core/index.ts'
import { assertSameStudy, type Study } from '../store.ts'
import { type Connection, connect, loadQueue, type Sql } from './node-connect.ts'
import { haveTables, makeTables, queueSchema } from './node-schema.ts'
import { Seat } from './node-seat.ts'
import { PostgresStore, queueOf } from './node-store.ts'

export interface OpenPostgresOptions {
  /** Starts the study if there is none of its name, and sets the number of trials of the one that is there. */
  readonly study?: Study
  /** The name of the study to open. Optional where the database has only one. */
  readonly name?: string
  /** Seconds without a heartbeat after which a worker loses its trial: a whole number, 10 at least. Default 60. */
  readonly leaseSeconds?: number
  /** Called when the server stops answering, and when it answers again. */
  readonly notice?: (text: string) => void
  /** Once it is aborted, an absent server is waited for no longer than a few seconds. */
  readonly signal?: AbortSignal
}

/**
 * Whether a place is the address of a database rather than a folder.
 *
 * @example
 * ```ts
 * import { isPostgres } from 'kinglet/search'
 *
 * isPostgres('postgres://me@lab-server/studies') // => true
 * isPostgres('runs/search-1') // => false
 * ```
 */
export const isPostgres = (place: string): boolean => /^postgres(ql)?:/i.test(place)

/**
 * Opens a study in a database of a PostgreSQL server (13 or newer), at `postgres://user@host:5432/database`. The
 * password may be in the address or in `PGPASSWORD`. One database may hold several studies. Once the study is open,
 * every request waits while the server is away. Needs the packages `pg` and `pg-boss`.
 *
 * Rejects with a `KingletError` that says what to do when there is no server, no database, no permission or no such
 * study, when another study has the name, and when another version of Kinglet made the tables.
 *
 * @example
 * ```ts
 * import { openPostgresStudy } from 'kinglet/search'
 *
 * const said = await openPostgresStudy('postgres://me:secret@localhost').catch((error) => error.message)
 * said // => 'the address of the database names no database: write postgres://user@host:5432/database'
 * ```
 */
export async function openPostgresStudy(address: string, options: OpenPostgresOptions = {}): Promise<PostgresStore> {
  const { study, leaseSeconds = 60, notice, signal } = options
  if (!(Number.isInteger(leaseSeconds) && leaseSeconds >= 10))
    throw new UsageError(`leaseSeconds is ${leaseSeconds}: it must be a whole number, 10 or more`)
  const connection = await connect(address, { ...(notice && { notice }), ...(signal && { signal }) })
  let boss: PgBoss | undefined
  try {
    const { place } = connection
    const has = await connection.transaction((sql) => haveTables(sql, place))
    assert(has || study, `${place}: there is no study: begin one, or choose another database`)
    if (study) await prepare(connection)
    boss = await startQueue(connection, false)
    const id = study ? await begin(connection, boss, study) : await find(connection, options.name)
    const seat = new Seat(connection, id)
    return new PostgresStore({ connection, boss, id, seat, leaseSeconds, ...(notice && { notice }) })
  } catch (error) {
    await boss?.stop({ graceful: false, close: false })
    await connection.close()
    throw error
  }
}

/**
 * Names of the studies in a database, oldest first.
 *
 * @example
 * ```ts
 * import { listPostgresStudies } from 'kinglet/search'
 *
 * const said = await listPostgresStudies('http://localhost').catch((error) => error.message)
 * said // => 'the address of the database begins with http:: write postgres://user@host:5432/database'
 * ```
 */
export async function listPostgresStudies(address: string): Promise<readonly string[]> {
  const connection = await connect(address)
  try {
    return await connection.transaction(async (sql) => ((await haveTables(sql, connection.place)) ? names(sql) : []))
  } finally {
    await connection.close()
  }
}

const names = async (sql: Sql) =>
  (await sql('select name from kinglet.study order by id')).map(({ name }) => name as string)

/** Creates what is missing, one process at a time: several may start a study at once, which pg-boss does not expect. */
async function prepare(connection: Connection): Promise<void> {
  const lock = (sql: Sql) => sql(`select pg_advisory_lock(hashtextextended('kinglet', 0))`)
  const { end } = await connection.session(lock, () => undefined)
  try {
    await connection.transaction((own) => makeTables(own, connection.place))
    await (await startQueue(connection, true)).stop({ graceful: false, close: false })
  } finally {
    await end()
  }
}

/** The queue on these connections. Only a process that starts a study creates or migrates its tables. */
async function startQueue(connection: Connection, migrate: boolean): Promise<PgBoss> {
  const { PgBoss } = await loadQueue()
  const boss = new PgBoss({
    ...{ db: connection.queue, schema: queueSchema, migrate },
    // Only the stores create, touch and remove jobs, so nothing is left to supervise.
    ...{ supervise: false, schedule: false, registerInstance: false },
  })
  // An error rejects the call that caused it.
  boss.on('error', () => undefined)
  try {
    return await boss.start()
  } catch (error) {
    if (error instanceof KingletError) throw error
    throw new KingletError(
      `${connection.place}: its queue was made by another version of pg-boss (${(error as Error).message}): ` +
        'install the same Kinglet and the same pg-boss on all machines',
      { cause: error },
    )
  }
}

async function begin(connection: Connection, boss: PgBoss, study: Study): Promise<number> {
  const kept = await connection.transaction(async (sql) => {
    await sql(
      'insert into kinglet.study (name, study, trials) values ($1, $2, $3) on conflict (name) do update set trials = $3',
      [study.name, JSON.stringify(study), study.trials],
    )
    const [row] = await sql('select id, study, trials from kinglet.study where name = $1', [study.name])
    // Throwing here rolls the change back.
    assertSameStudy(connection.place, row.study as Study, study)
    return row.id as number
  })
  await boss.createQueue(queueOf(kept), { retryLimit: 0 })
  return kept
}

async function find(connection: Connection, name: string | undefined): Promise<number> {
  const { place } = connection
  return connection.transaction(async (sql) => {
    const known = await names(sql)
    assert(known.length > 0, `${place}: there is no study: begin one, or choose another database`)
    assert(name !== undefined || known.length === 1, `${place}: it has several studies: name one, ${oneOf(known)}`)
    const wanted = name ?? known[0]
    assert(known.includes(wanted), `${place}: there is no study ${wanted}: it has ${known.join(', ')}`)
    const [row] = await sql('select id from kinglet.study where name = $1', [wanted])
    return row.id as number
  })
}
