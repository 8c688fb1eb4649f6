import { afterAll, beforeAll, describe } from 'vitest'
import { type OpenPostgresOptions, openPostgresStudy } from '../../../src/search/study/postgres/node-open.ts'
import type { Store } from '../../../src/search/study/store.ts'
import { optional } from '../../support/optional.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { storeContract } from './store-contract.ts'
import { toyPoint } from './toys.ts'

const programs = optional('postgresql')

describe.skipIf(!programs)('PostgreSQL', () => {
  let server: PostgresServer
  const stores: Store[] = []
  beforeAll(async () => {
    server = await startPostgres(programs!)
  })
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await server?.close()
  })

  let places = 0
  storeContract(
    'a study in a database',
    async () => {
      const database = `place_${places++}`
      const address = await server.database(database)
      const open = async (options: OpenPostgresOptions = {}) => {
        const store = await openPostgresStudy(address, { leaseSeconds: 10, ...options })
        stores.push(store)
        return store
      }
      return {
        open: (study) => open(study ? { study } : {}),
        async beginAndDie(number) {
          const store = await open()
          await store.take('a', () => ({ do: 'begin', number, point: toyPoint(number / 10) }))
          // As if its heartbeat had been missing for an hour.
          await server.sql(
            database,
            `update kinglet_queue.job set heartbeat_on = heartbeat_on - interval '1 hour' where data ->> 'trial' = '${number}'`,
          )
        },
      }
    },
    { deaths: true, places: true },
  )
})
