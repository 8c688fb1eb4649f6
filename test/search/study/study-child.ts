/**
 * A process that works on the toy study in a folder, for tests that kill it.
 * - `work`: works until all trials have ended, some milliseconds for each step.
 * - `hold`: starts one trial, prints a line, and waits to be killed.
 * - `read-only`: runs without write permission, reads the study, and gets an error when it would write.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Rng } from '../../../src/core/index.ts'
import { openStudy } from '../../../src/search/study/folder/node-store.ts'
import { runStudy } from '../../../src/search/study/study.ts'
import { beginning, toyEvaluator, toyParts, toyStudy } from './toys.ts'

const [folder, mode, ...numbers] = process.argv.slice(2)
const say = (text: string) => process.stdout.write(`${text}\n`)

if (mode === 'read-only') {
  // No file is read-only for root.
  if (process.getuid?.() === 0) process.setuid!(65534)
  const store = openStudy(folder)
  assert.equal((await store.trials()).length, 2)
  assert.throws(() => openStudy(folder, toyStudy(4)), {
    message: `${folder}/journal.jsonl could not be written (EACCES): you may not write there: choose another folder, or change its permissions`,
  })
} else if (mode === 'hold') {
  await openStudy(folder).take('held', beginning(Number(numbers[0])))
  say('held')
  await sleep(1e9)
} else {
  const [trials, seed, own] = numbers.map(Number)
  say('ready')
  const store = openStudy(folder, toyStudy(trials, seed))
  const rng = new Rng(own)
  const evaluator = toyEvaluator(() => sleep(4 * rng.uniform()))
  await runStudy({ store, ...toyParts({ evaluator }), tries: 1e6, pollSeconds: 0.02 })
  say('done')
}
