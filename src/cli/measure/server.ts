/**
 * The server of `kinglet measure --browser`. It serves one page, the modules of the package and a plan, and accepts one
 * answer: a table, and the times of whole networks. All paths begin with a random token, which is new for each server;
 * other paths return 404. The server accepts only the first answer, of bounded size, with a table of exactly the layers
 * in the plan.
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
<p id="what">Loading the plan...</p>
<p>It takes a minute or two. The page sends the times, and the description of this device above, only to the command
that is waiting for them.</p>
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

/**
 * Restrict the page to what it needs, allow shared memory where the browser supports it, and keep its address private.
 */
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
  /** Addresses of the page; the one for other devices comes first. */
  readonly addresses: readonly string[]
  /** Resolves with the answer that a page sends. */
  readonly answer: Promise<PageAnswer>
  close(): void
}

export interface ServeOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
}

/** Starts the server. Rejects with a `KingletError` if it cannot listen on the host or port. */
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
      // The client closed the connection early.
      response.destroy(error instanceof Error ? error : undefined)
    })
  })
  await new Promise<void>((listening, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'another program uses it' : (error.code ?? error.message)
      reject(new KingletError(`${host}:${port}: cannot listen there: ${reason}: choose another --host or --port`))
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

/** Host names that reach the server: all addresses of this machine if it listens on every interface. */
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
    // The rest of a refused request is not read, so its connection must close.
    response.writeHead(status, { ...headers, 'Content-Type': type, ...(status >= 400 && { Connection: 'close' }) })
    response.end(body)
  }
  const refuse = (status: number, why: string) => send(status, 'text/plain; charset=utf-8', why)
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const [, given = '', ...rest] = pathname.split('/')
  const path = rest.join('/')
  if (!isToken(given, site.token)) return refuse(404, 'not found')
  if (path === 'answer') {
    if (request.method !== 'POST') return refuse(405, 'use POST to send an answer')
    return post(site, request, refuse, () => send(200, 'text/plain; charset=utf-8', 'accepted'))
  }
  if (request.method !== 'GET') return refuse(405, 'use GET')
  if (path === '') return send(200, 'text/html; charset=utf-8', page)
  if (path === 'style.css') return send(200, 'text/css; charset=utf-8', style)
  if (path === 'plan.json') return send(200, 'application/json', JSON.stringify(site.plan))
  const code = moduleAt(path)
  return code ? send(200, 'text/javascript; charset=utf-8', code) : refuse(404, 'not found')
}

/** Reads a module of the package that a page may load. No other file of this machine is served. */
function moduleAt(path: string): Uint8Array | undefined {
  const [, name] = /^dist\/((?:[\w-]+\/)*[\w-]+\.js)$/.exec(path) ?? []
  if (!name || name.startsWith('cli/')) return undefined
  try {
    return readFileSync(join(dist, name.replaceAll('/', sep)))
  } catch {
    return undefined
  }
}

/** Upper bound for the bytes of an answer. */
const mostBytes = ({ units, networks }: PagePlan): number => 8192 + 400 * units.length + 200 * networks.length

async function post(
  site: Site,
  request: IncomingMessage,
  refuse: (status: number, why: string) => void,
  accept: () => void,
): Promise<void> {
  if (site.isTaken()) return refuse(409, 'an answer was already accepted')
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return refuse(415, 'an answer must be JSON')
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
    else refuse(409, 'an answer was already accepted')
  } catch (error) {
    if (!(error instanceof KingletError)) throw error
    refuse(400, error.message)
  }
}

/** Throws a `KingletError` unless `text` has the times of all layers and networks in the plan, and of no others. */
function answerIn(text: string, { units, networks, threads }: PagePlan): PageAnswer {
  const what = 'the posted table'
  let given: { readonly table?: unknown; readonly wholes?: unknown } | null
  try {
    given = JSON.parse(text)
  } catch {
    throw new KingletError('the posted answer is not JSON')
  }
  const { table: value, wholes } = given ?? {}
  assertTable(value, what)
  const wanted = new Set(units.map(unitKey))
  const found = new Set(value.entries.map(entryKey))
  if (value.entries.length !== wanted.size || [...wanted].some((key) => !found.has(key)))
    throw new KingletError(
      `${what}: it has ${value.entries.length} entries, not the ${wanted.size} that the plan asks for`,
    )
  if (value.kinglet !== version)
    throw new KingletError(`${what}: it was measured with Kinglet ${value.kinglet}, the page has ${version}`)
  if (threads !== undefined && value.threads !== threads)
    throw new KingletError(`${what}: it was measured with ${value.threads} threads, the plan asks for ${threads}`)
  if (!Array.isArray(wholes) || wholes.length !== networks.length || !wholes.every(isQuartiles))
    throw new KingletError(`the posted answer has no times of the ${networks.length} whole networks`)
  return { table: { ...value, created: new Date().toISOString() }, wholes }
}
