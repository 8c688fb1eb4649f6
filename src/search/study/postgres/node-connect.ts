/**
 * A connection to PostgreSQL that outlives the server's absence: what is asked while it is stopped, restarted or out of
 * reach is asked again until it answers. What a person can mend is one sentence (`node-postgres-reasons.ts`). The packages
 * `pg` and `pg-boss` are loaded when a study is opened, never before.
 */

import type { PoolClient } from 'pg'
import { KingletError, sleep } from '../../../core/index.ts'
import { codeOf, explained, isAway, met, readAddress } from './node-reasons.ts'

export type Row = Readonly<Record<string, unknown>>

/** Runs a statement; `$1` and so on are the values. */
export type Sql = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** What pg-boss runs its statements with. */
export interface QueueSql {
  // biome-ignore lint/suspicious/noExplicitAny: pg-boss wants rows of any kind
  executeSql(text: string, values?: unknown[]): Promise<{ rows: any[] }>
}

export interface ConnectOptions {
  /** Told once when the server stops answering, and once when it answers again. */
  readonly notice?: (text: string) => void
  /** Once it is aborted, a server that is away is waited for only as long as a farewell takes. */
  readonly signal?: AbortSignal
}

/** `queue` runs in the transaction too. */
type Body<T> = (sql: Sql, queue: QueueSql) => Promise<T>

export interface Session<T> {
  /** What `begin` gave. */
  readonly begun: T
  end(): Promise<void>
}

export interface Connection {
  /** Its address without the password. */
  readonly place: string
  /**
   * Runs `body` in one transaction, again from its beginning where the connection broke or two transactions met. So it
   * may have been done already when it is run: it must not matter.
   */
  transaction<T>(body: Body<T>): Promise<T>
  /** Statements outside of a transaction, with the same patience. */
  readonly queue: QueueSql
  /**
   * A connection of its own, for what lasts as long as it does: the locks that `begin` takes, again from its beginning
   * where the connection broke meanwhile. `lost` is called when it breaks later.
   */
  session<T>(begin: (sql: Sql) => Promise<T>, lost: () => void): Promise<Session<T>>
  /** From now on, a server that is away is waited for only as long as a farewell takes. */
  hurry(): void
  /** Ends all waiting and the connections. */
  close(): Promise<void>
}

/** Milliseconds between one try and the next. */
const [shortest, longest] = [200, 5000]
const farewellSeconds = 5

/** Loads a package that is installed only by those who need it. */
async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new KingletError(
      `studies in PostgreSQL need the package ${name}, which is not installed: npm install pg pg-boss@12`,
      { cause: error },
    )
  }
}

export const loadQueue = () => optionalPackage('pg-boss', () => import('pg-boss'))

/** Connects. Rejects with a `KingletError` where there is no server, or it does not let us in. */
export async function connect(address: string, { notice, signal }: ConnectOptions = {}): Promise<Connection> {
  const at = readAddress(address)
  const { default: pg } = await optionalPackage('pg', () => import('pg'))
  const settings = {
    connectionString: address,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'kinglet',
    // A worker that hangs in the middle of a transaction must not hold up all others.
    idle_in_transaction_session_timeout: 300_000,
  }
  const pool = new pg.Pool({ ...settings, max: 4, idleTimeoutMillis: 30_000 })
  // A connection that breaks while nobody uses it is replaced; without a listener the process would end.
  pool.on('error', () => undefined)
  const closing = new AbortController()
  let deadline = Number.POSITIVE_INFINITY
  const hurry = () => {
    deadline = Math.min(deadline, performance.now() + farewellSeconds * 1000)
  }
  signal?.addEventListener('abort', hurry)

  async function once<T>(body: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    let broken: unknown
    const noticed = (error: unknown) => (broken = error)
    client.on('error', noticed)
    try {
      return await body(client)
    } catch (error) {
      if (isAway(error)) broken = error
      throw error
    } finally {
      client.off('error', noticed)
      client.release(broken !== undefined)
    }
  }

  /** How much is waiting for the server: it is said once that it went away, and once that it is back. */
  let waiting = 0

  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    let waits = false
    try {
      for (let pause = shortest; ; pause = Math.min(longest, pause * 2)) {
        try {
          const result = await work()
          if (waits && waiting === 1) notice?.(`${at.place}: the server answers again`)
          return result
        } catch (error) {
          if (!isAway(error) && !met.has(codeOf(error))) throw explained(at, error)
          if (closing.signal.aborted || performance.now() >= deadline) throw explained(at, error)
          if (isAway(error) && !waits) {
            waits = true
            if (waiting++ === 0) notice?.(`${at.place}: the server does not answer: waiting for it`)
          }
        }
        await sleep(pause, closing.signal)
      }
    } finally {
      if (waits) waiting--
    }
  }

  const transaction = <T>(body: Body<T>): Promise<T> =>
    patiently(() =>
      once(async (client) => {
        const executeSql = (text: string, values?: unknown[]) => client.query(text, values)
        await client.query('begin')
        try {
          const sql: Sql = async (text, values) => (await client.query(text, values as unknown[])).rows
          const result = await body(sql, { executeSql })
          await client.query('commit')
          return result
        } catch (error) {
          if (!isAway(error)) await client.query('rollback')
          throw error
        }
      }),
    )

  const session: Connection['session'] = (begin, lost) =>
    patiently(async () => {
      const client = new pg.Client(settings)
      client.on('error', () => undefined)
      try {
        await client.connect()
        const begun = await begin(async (text, values) => (await client.query(text, values as unknown[])).rows)
        client.on('end', lost)
        return {
          begun,
          async end() {
            client.off('end', lost)
            await client.end().catch(() => undefined)
          },
        }
      } catch (error) {
        // Not waited for: where the network is gone, nobody says farewell.
        client.end().catch(() => undefined)
        throw error
      }
    })

  const connection: Connection = {
    ...{ place: at.place, transaction, session, hurry },
    queue: { executeSql: (text, values) => patiently(() => once((client) => client.query(text, values))) },
    async close() {
      closing.abort()
      signal?.removeEventListener('abort', hurry)
      await pool.end().catch(() => undefined)
    },
  }
  try {
    await once((client) => client.query('select 1'))
  } catch (error) {
    await connection.close()
    throw explained(at, error)
  }
  return connection
}
