/**
 * A PostgreSQL server for one test: a cluster in a temporary folder, on a free port of the loopback address. It runs as a
 * user other than root, since the server refuses to run as root. Databases are made by name. The server can be stopped and
 * started during the test. `close` removes everything.
 */
import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface PostgresServer {
  readonly port: number
  /** The folder of its socket. */
  readonly folder: string
  /** The owner's password, which tests search for where it must not appear. */
  readonly password: string
  /** Makes a database and returns its address, with the password in it. */
  database(name: string): Promise<string>
  /** The address of a database for another user, or with another password. */
  address(database: string, user?: string, password?: string): string
  /** Runs statements in a database as its owner. Resolves to what they print, a line a row. */
  sql(database: string, statements: string): Promise<string>
  /** Stops the server and returns when it has ended. `immediate` acts like a crash: open connections break. */
  stop(how?: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** Finds a port that is free at the time of the call. */
const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/** The user that the server runs as: the user of the tests, or `postgres` if that is root. */
function runAs(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

/** Starts a server. `programs` is the folder that `optional('postgresql')` finds. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kinglet-postgres-'))
  const data = join(folder, 'data')
  const [owner, password] = ['kinglet', 'only-the-tests-know']
  const as = runAs()
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password)
  if (as.uid !== undefined) for (const path of [folder, passwordFile]) chownSync(path, as.uid, as.gid!)
  chmodSync(folder, 0o700)
  const program = (name: string, ...args: string[]) =>
    run(join(programs, name), args, {
      ...as,
      cwd: folder,
      env: { PATH: process.env.PATH, LC_ALL: 'C', PGPASSWORD: password },
    })
  await program(
    'initdb',
    ...['-D', data, '-U', owner, '-E', 'UTF8', '--locale=C', '--no-sync'],
    ...['--auth=scram-sha-256', '--pwfile', passwordFile],
  )
  const port = await freePort()
  // No data has to survive a crash of the machine, so fsync is not needed.
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: 200,
  }
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  const control = (...args: string[]) => program('pg_ctl', '-D', data, '-w', ...args)
  const start = async () => {
    // The output goes to a file: the server would keep a pipe open after pg_ctl has ended.
    await control('-l', join(folder, 'log'), '-o', options.join(' '), 'start')
  }
  const stop = async (how: 'fast' | 'immediate' = 'fast') => void (await control('-m', how, 'stop'))
  const address = (database: string, user = owner, word = password) =>
    `postgres://${user}:${encodeURIComponent(word)}@127.0.0.1:${port}/${database}`
  const sql = async (database: string, statements: string) => {
    const { stdout } = await program(
      'psql',
      '-qAtX',
      '-v',
      'ON_ERROR_STOP=1',
      '-d',
      address(database),
      '-c',
      statements,
    )
    return stdout.trim()
  }
  // The server must end too when the test's process ends before it closes the server.
  const abandon = () => {
    const [pid] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    process.kill(Number(pid), 'SIGQUIT')
  }
  process.once('exit', abandon)
  await start()
  let isClosed = false
  return {
    ...{ port, folder, password, address, sql, stop, start },
    async database(name) {
      await sql('postgres', `create database ${name}`)
      return address(name)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      process.off('exit', abandon)
      await stop('immediate').catch(() => undefined)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
