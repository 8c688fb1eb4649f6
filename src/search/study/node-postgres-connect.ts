/**
 * A connection to PostgreSQL that outlives the server's absence: what is asked while it is stopped, restarted or out of
 * reach is asked again until it answers. What a person can mend (a wrong address, password, database, right) is one
 * sentence, without the password. The packages `pg` and `pg-boss` are loaded when a study is opened, never before.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { KingletError, UsageError } from '../../core/index.ts'

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
  /** A connection of its own, for what lasts as long as it does (locks). `lost` is called when it breaks. */
  session(lost: () => void): Promise<{ readonly sql: Sql; end(): Promise<void> }>
  /** From now on, a server that is away is waited for only as long as a farewell takes. */
  hurry(): void
  /** Ends all waiting and the connections. */
  close(): Promise<void>
}

/** The server is away, restarting, or has no place for us: later it may answer. */
const away = new Set(
  (
    '57P01 57P02 57P03 53300 08000 08001 08003 08004 08006 ' +
    'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENETDOWN EAI_AGAIN'
  ).split(' '),
)
/** Two transactions met; the next try goes through. */
const met = new Set(['40001', '40P01'])

const codeOf = (error: unknown) => String((error as { code?: unknown } | undefined)?.code ?? '')
const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

// pg's own words for a connection that broke, which have no code.
const isAway = (error: unknown) =>
  away.has(codeOf(error)) ||
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/.test(
    textOf(error),
  )

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

interface Address {
  readonly place: string
  readonly user: string
  readonly database: string
  readonly host: string
}

/** The parts of an address that may be shown. Throws a `UsageError`, without the address, where it is none. */
export function readAddress(address: string): Address {
  const wrong = (why: string) =>
    new UsageError(`the address of the database ${why}: write postgres://user@host:5432/database`)
  let url: URL
  try {
    url = new URL(address)
  } catch {
    throw wrong('cannot be read')
  }
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw wrong(`begins with ${url.protocol}`)
  const database = decodeURIComponent(url.pathname.slice(1))
  if (!database) throw wrong('names no database')
  const user = decodeURIComponent(url.username) || url.searchParams.get('user') || process.env.PGUSER || 'you'
  const host = url.host || url.searchParams.get('host') || 'this machine'
  return { place: `postgres://${url.username && `${url.username}@`}${url.host}${url.pathname}`, user, database, host }
}

type Reason = (at: Address, error: unknown) => string

/** What a person can do about it, by PostgreSQL's code (appendix A of its manual) or the system's. */
const reasons: Readonly<Record<string, Reason>> = {
  ENOTFOUND: ({ host }) => `no machine is called ${host}: check the address`,
  EAI_AGAIN: ({ host }) => `the name ${host} could not be looked up: check the address and the network`,
  ECONNREFUSED: () => 'no server answers there: check host and port, and that PostgreSQL runs and listens there',
  ENOENT: () => 'no server answers at that socket: check the path, and that PostgreSQL runs',
  ETIMEDOUT: () => 'no server answers there in time: check host, port and firewall',
  EHOSTUNREACH: () => 'there is no way to that machine: check the address and the network',
  ENETUNREACH: () => 'there is no way to that machine: check the address and the network',
  '28P01': ({ user }) => `the password of user ${user} is wrong: correct it in the address or in PGPASSWORD`,
  '28000': ({ user }) => `user ${user} is not let in: create it, or allow it in the server's pg_hba.conf`,
  '3D000': ({ database }) => `there is no database ${database}: create it with "createdb ${database}"`,
  '42501': ({ user, database }, error) =>
    `user ${user} lacks a right (${textOf(error)}): its owner can give it: grant all on database ${database} to ${user}; ` +
    `and, where the study is another user's, grant all on the schemas kinglet and kinglet_queue`,
  '25006': () => 'the server is read-only: use the address of the one that takes changes',
  '53100': () => "the server's disk is full: make room there",
}

/** The sentence for what a person can mend; any other error as it is. */
function explained(at: Address, error: unknown): unknown {
  if (error instanceof KingletError) return error
  const say = (reason: string) => new KingletError(`${at.place}: ${reason}`, { cause: error })
  const reason = reasons[codeOf(error)]
  // Of a file and not of a connection: a defect.
  const isOther = 'path' in (error as object) && (error as NodeJS.ErrnoException).syscall !== 'connect'
  if (reason && !isOther) return say(reason(at, error))
  const text = textOf(error)
  if (/client password must be a string/.test(text))
    return say(`the server wants a password for user ${at.user}: put it into PGPASSWORD or the address`)
  if (/timeout exceeded when trying to connect|connection timeout/.test(text)) return say(reasons.ETIMEDOUT(at, error))
  if (/does not support SSL/.test(text)) return say('the server does not encrypt: leave sslmode out of the address')
  return isAway(error) ? say(`the server ended the connection (${text})`) : error
}

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

  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    let told = false
    for (let pause = shortest; ; pause = Math.min(longest, pause * 2)) {
      try {
        const result = await work()
        if (told) notice?.(`${at.place}: the server answers again`)
        return result
      } catch (error) {
        if (!isAway(error) && !met.has(codeOf(error))) throw explained(at, error)
        if (closing.signal.aborted || performance.now() >= deadline) throw explained(at, error)
        if (isAway(error) && !told) {
          notice?.(`${at.place}: the server does not answer: waiting for it`)
          told = true
        }
      }
      await sleep(pause, undefined, { signal: closing.signal }).catch(() => undefined)
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

  async function session(lost: () => void) {
    const client = new pg.Client(settings)
    client.on('error', () => undefined)
    await client.connect()
    client.on('end', lost)
    const sql: Sql = async (text, values) => (await client.query(text, values as unknown[])).rows
    return {
      sql,
      async end() {
        client.off('end', lost)
        await client.end().catch(() => undefined)
      },
    }
  }

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
