/**
 * A connection to PostgreSQL that survives outages of the server: a request made while the server is stopped,
 * restarting or unreachable is retried until it answers. What the user can fix is reported in one sentence
 * (`node-reasons.ts`). The packages `pg` and `pg-boss` are loaded only when a study is opened.
 */

import type { PoolClient } from 'pg'
import { KingletError, sleep } from '../../../core/index.ts'
import { codeOf, explained, isAway, met, readAddress } from './node-reasons.ts'

export type Row = Readonly<Record<string, unknown>>

/** Runs a statement. `$1`, `$2` and so on stand for the values. */
export type Sql = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** The interface through which pg-boss runs its statements. */
export interface QueueSql {
  // biome-ignore lint/suspicious/noExplicitAny: pg-boss wants rows of any kind
  executeSql(text: string, values?: unknown[]): Promise<{ rows: any[] }>
}

export interface ConnectOptions {
  /** Called once when the server stops answering, and once when it answers again. */
  readonly notice?: (text: string) => void
  /** Once it is aborted, an absent server is waited for only during a short grace period. */
  readonly signal?: AbortSignal
}

/** The body of a transaction. `queue` runs in the same transaction. */
type Body<T> = (sql: Sql, queue: QueueSql) => Promise<T>

export interface Session<T> {
  /** The result of `begin`. */
  readonly begun: T
  end(): Promise<void>
}

export interface Connection {
  /** The address without its password. */
  readonly place: string
  /**
   * Runs `body` in one transaction. It is run again from the start when the connection breaks or two transactions
   * conflict. The earlier run may have been committed, so `body` must be idempotent.
   */
  transaction<T>(body: Body<T>): Promise<T>
  /** Statements outside a transaction, retried in the same way. */
  readonly queue: QueueSql
  /**
   * Opens a dedicated connection for state that lives as long as the connection, such as the locks that `begin` takes.
   * `begin` is run again from the start when the connection breaks meanwhile. `lost` is called when it breaks later.
   */
  session<T>(begin: (sql: Sql) => Promise<T>, lost: () => void): Promise<Session<T>>
  /** From now on, waits for an absent server only during a short grace period. */
  hurry(): void
  /** Ends all waiting and closes the connections. */
  close(): Promise<void>
}

/** Bounds on the delay between retries, in milliseconds. */
const [shortest, longest] = [200, 5000]
const farewellSeconds = 5

/** Loads an optional package. */
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

/** Connects to a server. Rejects with a `KingletError` when there is no server or it refuses the connection. */
export async function connect(address: string, { notice, signal }: ConnectOptions = {}): Promise<Connection> {
  const at = readAddress(address)
  const { default: pg } = await optionalPackage('pg', () => import('pg'))
  const settings = {
    connectionString: address,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: 'kinglet',
    // A worker that hangs in a transaction must not block all others.
    idle_in_transaction_session_timeout: 300_000,
  }
  const pool = new pg.Pool({ ...settings, max: 4, idleTimeoutMillis: 30_000 })
  // The pool replaces an idle connection that breaks. Without a listener the error would end the process.
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

  /** Number of requests that wait for the server. The outage and its end are announced once each. */
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
        // Not awaited: without a network the connection cannot close properly.
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
