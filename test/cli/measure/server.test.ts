/** The server of `kinglet measure --browser`: what it serves, accepts and refuses. */
import { request } from 'node:http'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { type MeasureServer, serveMeasurePage } from '../../../src/cli/measure/server.ts'
import { version } from '../../../src/core/version.ts'
import { entryOf, type LatencyTable, planOf, unitsOf } from '../../../src/latency/index.ts'
import { build } from '../../../src/models/index.ts'
import { ensureBuilt } from '../../support/built.ts'

const units = planOf(unitsOf(build('mobilenet_v3_small', { size: 32, reduction: 8, width: 0.35, classes: 2 })))
const timing = { rounds: 1, runs: 1 }
const table: LatencyTable = {
  device: { name: 'Pixel 8', system: 'Android 14', cores: 9 },
  engine: 'wasm on Chrome 130',
  kinglet: version,
  threads: 1,
  created: '2026-11-26T12:00:00.000Z',
  referenceMs: 0.1,
  entries: units.map((unit) => entryOf(unit, { lower: 0.1, median: 0.2, upper: 0.3 })),
}

beforeAll(ensureBuilt)

const servers: MeasureServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serve(threads?: number): Promise<{ server: MeasureServer; address: string }> {
  const server = await serveMeasurePage({ units, networks, timing, threads }, { host: '127.0.0.1', port: 0 })
  servers.push(server)
  return { server, address: server.addresses[0] }
}

const networks = [build('mobilenet_v1', { size: 32, width: 0.1 }).architecture]
const wholes = [{ lower: 1, median: 2, upper: 3 }]

/** Posts a text, or a table with the times of the networks. */
const post = async (address: string, body: unknown, type = 'application/json', times: unknown = wholes) => {
  const text = typeof body === 'string' ? body : JSON.stringify({ table: body, wholes: times })
  const response = await fetch(`${address}answer`, { method: 'POST', headers: { 'Content-Type': type }, body: text })
  return `${response.status} ${await response.text()}`
}

test('the page, its plan and the modules of the package are below the token', async () => {
  const { address } = await serve()
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/)
  const page = await fetch(address)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin')
  expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
  expect(page.headers.get('referrer-policy')).toBe('no-referrer')
  expect(await page.text()).toContain('<button id="start" disabled>')
  expect(await (await fetch(`${address}plan.json`)).json()).toEqual(
    JSON.parse(JSON.stringify({ units, networks, timing })),
  )
  const code = await fetch(`${address}dist/door/measure-page.js`)
  expect(code.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect((await fetch(`${address}dist/latency/index.js`)).status).toBe(200)
})

test('no path without the token is served, and with it only modules of the package', async () => {
  const { address, server } = await serve()
  const { origin } = new URL(address)
  for (const path of ['/', '/x/', '/answer', '/plan.json', `/${'A'.repeat(22)}/`, `/${'A'.repeat(22)}/plan.json`])
    expect(`${path} ${(await fetch(origin + path)).status}`).toBe(`${path} 404`)
  expect(await post(`${origin}/${'A'.repeat(22)}/`, table)).toBe('404 not found')
  for (const path of ['dist/cli/main.js', 'dist/index.d.ts', 'dist/none.js', 'package.json', 'dist//etc/x.js'])
    expect(`${path} ${(await fetch(address + path)).status}`).toBe(`${path} 404`)
  // Sent as written, because fetch would normalise the path.
  const raw = (path: string) =>
    new Promise<number | undefined>((resolve) => {
      const { hostname, port, pathname } = new URL(address)
      request({ hostname, port, path: pathname + path }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).end()
    })
  for (const path of [
    'dist/../package.json',
    'dist/../bin/kinglet.js',
    'dist/%2e%2e/bin/kinglet.js',
    'dist/..%2fbin/kinglet.js',
  ])
    expect(`${path} ${await raw(path)}`).toBe(`${path} 404`)
  let settled = false
  void server.answer.then(() => {
    settled = true
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(settled).toBe(false)
})

test('a table of the plan is accepted once', async () => {
  const { address, server } = await serve()
  expect(await post(address, table)).toBe('200 accepted')
  const answer = await server.answer
  const { created, ...rest } = answer.table
  expect(answer.wholes).toEqual(wholes)
  expect({ ...rest, created: table.created }).toEqual(table)
  expect(Math.abs(Date.parse(created) - Date.now())).toBeLessThan(60_000)
  expect(await post(address, table)).toBe('409 an answer was already accepted')
})

test('of two simultaneous tables, one is accepted', async () => {
  const { address } = await serve()
  const both = await Promise.all([post(address, table), post(address, table)])
  expect(both.sort()).toEqual(['200 accepted', '409 an answer was already accepted'])
})

test('other answers are refused with the reason, and a correct one is accepted afterwards', async () => {
  const { address } = await serve(1)
  const { entries } = table
  const wrong: [unknown, string][] = [
    ['{', '400 the posted answer is not JSON'],
    ['null', '400 the posted table: it is not a latency table: use a file that kinglet measure wrote'],
    [[], '400 the posted table: it is not a latency table: use a file that kinglet measure wrote'],
    [{ ...table, threads: -1 }, '400 the posted table: threads is -1: it must be a positive integer'],
    [{ ...table, more: 1 }, '400 the posted table: it has more, which is not in a table'],
    [
      { ...table, entries: entries.slice(1) },
      `400 the posted table: it has ${entries.length - 1} entries, not the ${entries.length} that the plan asks for`,
    ],
    [
      { ...table, entries: [...entries.slice(1), { ...entries[0], layer: 'another' }] },
      `400 the posted table: it has ${entries.length} entries, not the ${entries.length} that the plan asks for`,
    ],
    [
      { ...table, entries: [{ ...entries[0], ms: { lower: 1, median: null, upper: 1 } }, ...entries.slice(1)] },
      '400 the posted table: entry 0: ms is {"lower":1,"median":null,"upper":1}: it must be lower, median and upper milliseconds',
    ],
    [
      { ...table, kinglet: '0.0.9' },
      `400 the posted table: it was measured with Kinglet 0.0.9, the page has ${version}`,
    ],
    [{ ...table, threads: 2 }, '400 the posted table: it was measured with 2 threads, the plan asks for 1'],
  ]
  for (const [body, said] of wrong) expect(await post(address, body)).toBe(said)
  for (const times of [[], [...wholes, ...wholes], [{ lower: 1, median: 'x', upper: 1 }], undefined, 7])
    expect(await post(address, table, undefined, times ?? null)).toBe(
      '400 the posted answer has no times of the 1 whole networks',
    )
  expect(await post(address, table, 'text/plain')).toBe('415 an answer must be JSON')
  expect((await fetch(`${address}answer`)).status).toBe(405)
  expect((await fetch(address, { method: 'POST' })).status).toBe(405)
  expect(await post(address, table)).toBe('200 accepted')
})

test('a body that is too large is refused, whatever its length header says', async () => {
  const { address } = await serve()
  const most = 8192 + 400 * units.length + 200
  expect(await post(address, ' '.repeat(most + 1))).toBe(`413 an answer to this plan has at most ${most} bytes`)
  // In chunks, without a length header.
  const { hostname, port, pathname } = new URL(address)
  const status = await new Promise<number | string | undefined>((resolve) => {
    const headers = { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' }
    const out = request({ hostname, port, path: `${pathname}answer`, method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    out.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    const more = () => out.write(' '.repeat(10_000), (error) => (error ? undefined : setImmediate(more)))
    more()
  })
  // The connection may close before the client has read the response.
  expect([413, 'ECONNRESET', 'EPIPE']).toContain(status)
  expect(await post(address, table)).toBe('200 accepted')
})

test('a port in use gives an error', async () => {
  const { address } = await serve()
  const port = Number(new URL(address).port)
  await expect(serveMeasurePage({ units, networks, timing }, { host: '127.0.0.1', port })).rejects.toThrow(
    `127.0.0.1:${port}: cannot listen there: another program uses it: choose another --host or --port`,
  )
})

test('on all interfaces: addresses for other devices come first, and each has the token', async () => {
  const server = await serveMeasurePage({ units, networks, timing }, { host: '0.0.0.0', port: 0 })
  servers.push(server)
  expect(server.addresses.at(-1)).toMatch(/^http:\/\/127\.0\.0\.1:/)
  expect(new Set(server.addresses.map((address) => new URL(address).pathname)).size).toBe(1)
  expect((await fetch(server.addresses.at(-1)!)).status).toBe(200)
})
