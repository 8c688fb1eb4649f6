/**
 * A worker on a study in PostgreSQL, for tests that kill it: address, algorithm, number of trials,
 * milliseconds a step, log of ends.
 */
import { appendFileSync } from 'node:fs'
import { openPostgresStudy } from '../../../src/search/study/postgres/node-open.ts'
import { runStudy, studyOf } from '../../../src/search/study/study.ts'
import { type algorithms, partsWith } from './postgres-toys.ts'

const [address, algorithm, trials, stepMs, log] = process.argv.slice(2)
const parts = partsWith(algorithm as keyof typeof algorithms, { stepMs: Number(stepMs) })
// Each of them begins the study, if no other was faster.
const study = studyOf({ name: 'toy', trials: Number(trials), seed: 5, ...parts })
const store = await openPostgresStudy(address, { study, leaseSeconds: 10 })
const finish = store.finish.bind(store)
// A line for each end that counted, as far as this process lived to hear of it.
store.finish = async (lease, result) => {
  const counted = await finish(lease, result)
  if (counted) appendFileSync(log, `${lease.number}\n`)
  return counted
}
process.stdout.write('ready\n')
await runStudy({ ...parts, ...{ store, tries: 1000, pollSeconds: 0.1 } })
await store.close()
