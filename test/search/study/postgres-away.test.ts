import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPostgresStudy } from '../../../src/search/study/postgres/node-open.ts'
import { optional } from '../../support/optional.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { begin, messageOf, nameOf, studiesOn, study, take, takeUp } from './postgres-studies.ts'

const programs = optional('postgresql')

describe.skipIf(!programs)('a study in PostgreSQL whose server or worker disappears', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(programs!)
  })
  const { fresh, open, seats, close } = studiesOn(() => server)
  afterAll(async () => {
    await close()
    await server?.close()
  })

  test('continues when the server is stopped and restarted', async () => {
    const address = await fresh()
    const notices: string[] = []
    const store = await open(address, { study: study(), notice: (text) => notices.push(text) })
    const lease = await take(store, begin(0))
    await server.stop('immediate')
    const told = store.report(lease, { step: 1, value: 0.5 })
    const renewed = store.renew(lease)
    await sleep(500)
    await server.start()
    await told
    expect(await renewed).toBe(true)
    expect(await store.finish(lease, { state: 'complete', values: [1] })).toBe(true)
    expect((await store.trials())[0]).toMatchObject({ state: 'complete', reports: [{ step: 1, value: 0.5 }], tries: 1 })
    // One notice each, however many requests were waiting.
    await expect.poll(() => notices, { timeout: 60_000 }).toHaveLength(2)
    expect(notices).toEqual([
      `${store.place}: the server does not answer: waiting for it`,
      `${store.place}: the server answers again`,
    ])
  })

  test('a worker that waits for other workers also waits for the server', async () => {
    const address = await fresh()
    const socket = `postgres:///${nameOf(address)}?host=${server.folder}&port=${server.port}&user=kinglet&password=${server.password}`
    const stores = [await open(address), await open(socket, {})]
    const look = () => Promise.all(stores.map((store) => messageOf(store.take('main', () => ({ do: 'wait' })))))
    expect(await look()).toEqual(['wait', 'wait'])
    for (const how of ['immediate', 'fast'] as const) {
      await server.stop(how)
      // Its connections notice meanwhile.
      await sleep(500)
      const looked = look()
      await sleep(500)
      await server.start()
      expect(await looked).toEqual(['wait', 'wait'])
    }
  })

  test('a stopped study does not wait for an absent server', async () => {
    const address = await fresh()
    const stop = new AbortController()
    const store = await openPostgresStudy(address, { study: study(), signal: stop.signal })
    const lease = await take(store, begin(0))
    await server.stop('fast')
    try {
      stop.abort()
      const away = `${store.place}: no server answers there: check host and port, and that PostgreSQL runs and listens there`
      const [given, taken] = await Promise.all([messageOf(store.giveBack(lease)), messageOf(take(store, begin(1)))])
      expect(given).toBe(away)
      expect(taken).toBe(away)
      await store.close()
    } finally {
      await server.start()
    }
  })

  test('a killed worker gets its trial again as soon as it restarts', async () => {
    const address = await fresh()
    await open(address)
    await server.sql('postgres', `create role doomed superuser login password 'doomed'`)
    const store = await open(server.address(nameOf(address), 'doomed', 'doomed'), { leaseSeconds: 600 })
    await take(store, begin(0))
    // Its connections are gone and it cannot reconnect, as if its process had ended.
    await server.sql('postgres', 'alter role doomed nologin')
    await server.sql('postgres', `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'doomed'`)
    await expect.poll(() => seats(address), { timeout: 60_000 }).toBe('0')
    expect(await takeUp(await open(address, {}))).toMatchObject({ number: 0, tries: 2 })
  })

  test('a live worker takes its seat again by itself, so a new one does not get its trial', async () => {
    const address = await fresh()
    const store = await open(address, { study: study(), leaseSeconds: 600 })
    const lease = await take(store, begin(0))
    await server.stop('immediate')
    await server.start()
    await expect.poll(() => seats(address), { timeout: 60_000 }).toBe('1')
    const other = await open(address, {})
    expect(await takeUp(other)).toBe('wait')
    expect(await store.finish(lease, { state: 'complete', values: [1] })).toBe(true)
    expect((await take(store, begin(1))).worker).toBe(lease.worker)
    await store.close()
    await expect.poll(() => seats(address), { timeout: 60_000 }).toBe('1')
    expect((await other.trials())[0]).toMatchObject({ tries: 1, worker: lease.worker })
  })
})
