/**
 * The server of `kinglet measure --browser`: one page, the package's own modules, a plan, and one place that takes one
 * answer: a table, and the times of whole networks. All of it stands below a token that is drawn anew each time; without it there is nothing to find. What is posted
 * is refused unless it is a table of exactly what was asked for, of bounded size, and the first.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KingletError, version } from '../../core/index.ts'
import type { PageAnswer, PagePlan } from '../../door/index.ts'
import { assertTable, entryKey, isQuartiles, unitKey } from '../../latency/index.ts'

const dist = fileURLToPath(new URL('../../../dist/', import.meta.url))

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>kinglet measure</title>
<link rel="stylesheet" href="style.css">
<main>
<h1>Kinglet measures this device</h1>
<p id="what">Asking what is to be measured...</p>
<p>It takes a minute or two. The times, and what stands above of this device, go back to the command that is waiting for
them, and nowhere else.</p>
<button id="start" disabled>Start</button>
<progress id="progress" hidden></progress>
<p id="status" role="status"></p>
</main>
<script type="module" src="dist/door/measure-page.js"></script>
</html>
`
const style = `:root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
main { max-width: 34rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem }
button { font: inherit; padding: .5em 2em }
progress { display: block; width: 100%; height: 1.2rem; margin-top: 1.5rem }
progress[hidden] { display: none }
`

/** The page may do what it needs, may share memory where the browser allows it, and tells nobody its address. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' blob: 'wasm-unsafe-eval'; worker-src blob:; style-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
}

export interface MeasureServer {
  /** Where the page is, the one to tell others first. */
  readonly addresses: readonly string[]
  /** What a page has sent. */
  readonly answer: Promise<PageAnswer>
  close(): void
}

export interface ServeOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

/** Starts the server. Rejects with a `KingletError` for a host or port that cannot be had. */
export async function serveMeasurePage(plan: PagePlan, { host, port }: ServeOptions): Promise<MeasureServer> {
  const token = randomBytes(16).toString('base64url')
  let resolve: (answer: PageAnswer) => void
  const promise = new Promise<PageAnswer>((resolved) => {
    resolve = resolved
  })
  let taken = false
  const take = (given: PageAnswer): boolean => {
    if (taken) return false
    taken = true
    resolve(given)
    return true
  }
  const server = createServer((request, response) => {
    answer({ plan, token, take, isTaken: () => taken }, request, response).catch((error) => {
      // The other side went away in the middle.
      response.destroy(error instanceof Error ? error : undefined)
    })
  })
  await new Promise<void>((listening, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'another program has it' : (error.code ?? error.message)
      reject(new KingletError(`${host}:${port} cannot be listened at: ${reason}: choose another --host or --port`))
    })
    server.listen(port, host, listening)
  })
  const { port: own } = server.address() as AddressInfo
  return {
    addresses: hostsOf(host).map((name) => `http://${name.includes(':') ? `[${name}]` : name}:${own}/${token}/`),
    answer: promise,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Names under which others reach a host: all of this machine's where it listens at all. */
function hostsOf(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host]
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const outside = own.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address)
  return [...outside, '127.0.0.1']
}

interface Site {
  readonly plan: PagePlan
  readonly token: string
  take(answer: PageAnswer): boolean
  isTaken(): boolean
}

function isToken(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => Buffer.from(text))
  return a.length === b.length && timingSafeEqual(a, b)
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, type: string, body: string | Uint8Array) => {
    // What is left of a request that is refused is not read: its connection ends.
    response.writeHead(status, { ...headers, 'Content-Type': type, ...(status >= 400 && { Connection: 'close' }) })
    response.end(body)
  }
  const refuse = (status: number, why: string) => send(status, 'text/plain; charset=utf-8', why)
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const [, given = '', ...rest] = pathname.split('/')
  const path = rest.join('/')
  if (!isToken(given, site.token)) return refuse(404, 'there is nothing here')
  if (path === 'answer') {
    if (request.method !== 'POST') return refuse(405, 'an answer is posted')
    return post(site, request, refuse, () => send(200, 'text/plain; charset=utf-8', 'taken'))
  }
  if (request.method !== 'GET') return refuse(405, 'this is only read')
  if (path === '') return send(200, 'text/html; charset=utf-8', page)
  if (path === 'style.css') return send(200, 'text/css; charset=utf-8', style)
  if (path === 'plan.json') return send(200, 'application/json', JSON.stringify(site.plan))
  const code = moduleAt(path)
  return code ? send(200, 'text/javascript; charset=utf-8', code) : refuse(404, 'there is nothing here')
}

/** A module of the package, which a page may load: nothing else of this machine is served. */
function moduleAt(path: string): Uint8Array | undefined {
  const [, name] = /^dist\/((?:[\w-]+\/)*[\w-]+\.js)$/.exec(path) ?? []
  if (!name || name.startsWith('cli/')) return undefined
  try {
    return readFileSync(join(dist, name.replaceAll('/', sep)))
  } catch {
    return undefined
  }
}

/** Bytes that an answer has at most. */
const mostBytes = ({ units, networks }: PagePlan): number => 8192 + 400 * units.length + 200 * networks.length

async function post(
  site: Site,
  request: IncomingMessage,
  refuse: (status: number, why: string) => void,
  accept: () => void,
): Promise<void> {
  if (site.isTaken()) return refuse(409, 'an answer was taken already')
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return refuse(415, 'an answer is JSON')
  const most = mostBytes(site.plan)
  const tooLarge = () => refuse(413, `an answer to this plan has at most ${most} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > most) return tooLarge()
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request) {
    length += part.length
    if (length > most) return tooLarge()
    parts.push(part)
  }
  try {
    const given = answerIn(Buffer.concat(parts).toString('utf8'), site.plan)
    if (site.take(given)) accept()
    else refuse(409, 'an answer was taken already')
  } catch (error) {
    if (!(error instanceof KingletError)) throw error
    refuse(400, error.message)
  }
}

/** Throws a `KingletError` unless `text` has the times of all that was asked for, and of nothing else. */
function answerIn(text: string, { units, networks, threads }: PagePlan): PageAnswer {
  const what = 'the table posted'
  let given: { readonly table?: unknown; readonly wholes?: unknown } | null
  try {
    given = JSON.parse(text)
  } catch {
    throw new KingletError('what is posted is no JSON')
  }
  const { table: value, wholes } = given ?? {}
  assertTable(value, what)
  const wanted = new Set(units.map(unitKey))
  const found = new Set(value.entries.map(entryKey))
  if (value.entries.length !== wanted.size || [...wanted].some((key) => !found.has(key)))
    throw new KingletError(
      `${what}: it has ${value.entries.length} entries, not the ${wanted.size} that were asked for`,
    )
  if (value.kinglet !== version)
    throw new KingletError(`${what}: it was measured with Kinglet ${value.kinglet}, the page has ${version}`)
  if (threads !== undefined && value.threads !== threads)
    throw new KingletError(`${what}: it was measured with ${value.threads} threads, ${threads} were asked for`)
  if (!Array.isArray(wholes) || wholes.length !== networks.length || !wholes.every(isQuartiles))
    throw new KingletError(`what is posted has no times of the ${networks.length} whole networks`)
  return { table: { ...value, created: new Date().toISOString() }, wholes }
}
