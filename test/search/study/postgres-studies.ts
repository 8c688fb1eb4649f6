/** Helpers for studies in databases of a test's own server. */
import { type OpenPostgresOptions, openPostgresStudy } from '../../../src/search/study/postgres/node-open.ts'
import type { Lease, Store, Work } from '../../../src/search/study/store.ts'
import { studyOf } from '../../../src/search/study/study.ts'
import type { PostgresServer } from '../../support/postgres.ts'
import { partsWith } from './postgres-toys.ts'

export const parts = partsWith('told')
export const study = (more: { name?: string; trials?: number; seed?: number } = {}) =>
  studyOf({ name: 'toy', trials: 4, ...parts, ...more })

export const begin = (number: number): Work => ({ do: 'begin', number, point: { x: number / 8 } })
export const take = async (store: Store, work: Work) => (await store.take('main', () => work)) as Lease
/** Takes a trial that no worker has, or returns `'wait'` while all are held. */
export const takeUp = (store: Store) =>
  store.take('main', ([{ held, number }]) => (held ? { do: 'wait' } : { do: 'resume', number }))

export const messageOf = (work: Promise<unknown>) => work.then(String, (error: Error) => error.message)
export const nameOf = (address: string) => address.slice(address.lastIndexOf('/') + 1)

/** The number of workers with a seat. */
export const seatsOf = (server: PostgresServer, address: string) =>
  server.sql(
    'postgres',
    `select count(*) from pg_locks join pg_database on pg_database.oid = database
     where locktype = 'advisory' and granted and datname = '${nameOf(address)}'`,
  )

/** `server` is called only after the server has started. */
export function studiesOn(server: () => PostgresServer) {
  let databases = 0
  const opened: Store[] = []
  return {
    /** The address of a new database. */
    fresh: () => server().database(`fresh_${databases++}`),
    /** Opens a store, which `close` closes. */
    async open(address: string, options: OpenPostgresOptions = { study: study() }) {
      const store = await openPostgresStudy(address, { leaseSeconds: 10, ...options })
      opened.push(store)
      return store
    },
    close: () => Promise.all(opened.map((store) => store.close())),
    /** As if the heartbeats of all workers had been missing for an hour. */
    silence: (address: string) =>
      server().sql(nameOf(address), `update kinglet_queue.job set heartbeat_on = heartbeat_on - interval '1 hour'`),
    seats: (address: string) => seatsOf(server(), address),
  }
}
