/**
 * The address of a database, and the reasons why it does not answer. What the user can fix (a wrong address, password,
 * database or permission) is one sentence, without the password.
 */
import { KingletError, UsageError } from '../../../core/index.ts'

/** Codes of a server that is away, restarting or full. It may answer later. */
const away = new Set(
  (
    '57P01 57P02 57P03 53300 08000 08001 08003 08004 08006 ENOENT ' +
    'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENETDOWN EAI_AGAIN'
  ).split(' '),
)
/** Codes of two transactions in conflict. The next try succeeds. */
export const met = new Set(['40001', '40P01'])

export const codeOf = (error: unknown) => String((error as { code?: unknown } | undefined)?.code ?? '')
const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** A stopped server has no socket file. Any other missing file is a defect. */
const isOfFile = (error: unknown) =>
  'path' in (error as object) && (error as NodeJS.ErrnoException).syscall !== 'connect'

// pg's messages for a broken connection, which have no code.
export const isAway = (error: unknown) =>
  (away.has(codeOf(error)) && !isOfFile(error)) ||
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/.test(
    textOf(error),
  )

interface Address {
  readonly place: string
  readonly user: string
  readonly database: string
  readonly host: string
}

function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}

/**
 * The parts of an address that may be shown. Throws a `UsageError` that does not contain the address if it is invalid.
 */
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
  const parts = [url.pathname.slice(1), url.username, url.password, url.hostname]
  if (!parts.every(isDecodable)) throw wrong('has an invalid % (write a plain one as %25)')
  const [database, name] = parts.map(decodeURIComponent)
  if (!database) throw wrong('names no database')
  const user = name || url.searchParams.get('user') || process.env.PGUSER || 'you'
  const host = url.host || url.searchParams.get('host') || 'this machine'
  return { place: `postgres://${url.username && `${url.username}@`}${url.host}${url.pathname}`, user, database, host }
}

type Reason = (at: Address, error: unknown) => string

/** What the user can do, by PostgreSQL's code (appendix A of its manual) or the system's. */
const reasons: Readonly<Record<string, Reason>> = {
  ENOTFOUND: ({ host }) => `the host ${host} is unknown: check the address`,
  EAI_AGAIN: ({ host }) => `the name ${host} could not be looked up: check the address and the network`,
  ECONNREFUSED: () => 'no server answers there: check host and port, and that PostgreSQL runs and listens there',
  ENOENT: () => 'no server answers at that socket: check the path, and that PostgreSQL runs',
  ETIMEDOUT: () => 'no server answers there in time: check host, port and firewall',
  EHOSTUNREACH: () => 'that machine cannot be reached: check the address and the network',
  ENETUNREACH: () => 'that machine cannot be reached: check the address and the network',
  '28P01': ({ user }) => `the password of user ${user} is wrong: correct it in the address or in PGPASSWORD`,
  '28000': ({ user }) => `the server refuses user ${user}: create it, or allow it in the server's pg_hba.conf`,
  '3D000': ({ database }) => `there is no database ${database}: create it with "createdb ${database}"`,
  '42501': ({ user, database }, error) =>
    `user ${user} lacks a right (${textOf(error)}): its owner can give it: grant all on database ${database} to ${user}; ` +
    `and, where the study is another user's, grant all on the schemas kinglet and kinglet_queue`,
  '25006': () => 'the server is read-only: use the address of the primary server',
  '53100': () => "the server's disk is full: make room there",
}

/** The sentence for an error that the user can fix. Any other error is returned unchanged. */
export function explained(at: Address, error: unknown): unknown {
  if (error instanceof KingletError) return error
  const say = (reason: string) => new KingletError(`${at.place}: ${reason}`, { cause: error })
  const reason = reasons[codeOf(error)]
  if (reason && !isOfFile(error)) return say(reason(at, error))
  const text = textOf(error)
  if (/client password must be a string/.test(text))
    return say(`the server wants a password for user ${at.user}: put it into PGPASSWORD or the address`)
  if (/timeout exceeded when trying to connect|connection timeout/.test(text)) return say(reasons.ETIMEDOUT(at, error))
  if (/does not support SSL/.test(text)) return say('the server does not support SSL: remove sslmode from the address')
  return isAway(error) ? say(`the server ended the connection (${text})`) : error
}
