/**
 * A worker on a study in PostgreSQL, for tests that kill it. Arguments: address, algorithm, number of trials,
 * milliseconds for each step, log of results.
 */
import { appendFileSync } from 'node:fs'
import { openPostgresStudy } from '../../../src/search/study/postgres/node-open.ts'
import { runStudy, studyOf } from '../../../src/search/study/study.ts'
import { type algorithms, partsWith } from './postgres-toys.ts'

const [address, algorithm, trials, stepMs, log] = process.argv.slice(2)
const parts = partsWith(algorithm as keyof typeof algorithms, { stepMs: Number(stepMs) })
// Each process starts the study, unless another one was faster.
const study = studyOf({ name: 'toy', trials: Number(trials), seed: 5, ...parts })
const store = await openPostgresStudy(address, { study, leaseSeconds: 10 })
const finish = store.finish.bind(store)
// Logs a line for each result that counted, unless the process is killed first.
store.finish = async (lease, result) => {
  const counted = await finish(lease, result)
  if (counted) appendFileSync(log, `${lease.number}\n`)
  return counted
}
process.stdout.write('ready\n')
await runStudy({ ...parts, ...{ store, tries: 1000, pollSeconds: 0.1 } })
await store.close()
