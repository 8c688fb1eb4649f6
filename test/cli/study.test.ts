import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStudy } from '../../src/search/study/folder/node-store.ts'
import { openPostgresStudy } from '../../src/search/study/postgres/node-open.ts'
import { runStudy } from '../../src/search/study/study.ts'
import { beginning, toyEvaluator, toyParts, toyStudy } from '../search/study/toys.ts'
import { optional } from '../support/optional.ts'
import { startPostgres } from '../support/postgres.ts'
import { kinglet } from './make.ts'

const programs = optional('postgresql')

const top = mkdtempSync(join(tmpdir(), 'kinglet-study-'))
const runs = join(top, 'runs')
const [done, open] = [join(runs, 'done'), join(runs, 'open')]
afterAll(() => rmSync(top, { recursive: true, force: true }))

beforeAll(async () => {
  mkdirSync(join(runs, 'other'), { recursive: true })
  const evaluator = toyEvaluator(async (number) => {
    if (number === 1) throw new Error('what "went", wrong')
  })
  await runStudy({ store: openStudy(done, toyStudy(3)), ...toyParts({ evaluator }) })
  // This store is never closed, so its study runs as long as these tests.
  const store = openStudy(open, toyStudy(5))
  const lease = await store.take('a', beginning(0))
  if (typeof lease === 'object') await store.report(lease, { step: 1, value: 2 })
})

test('list: the studies in a folder, or the folder itself if it is a study', async () => {
  const { code, output } = await kinglet('study', 'list', runs)
  expect(code).toBe(0)
  const lines = output.split('\n')
  expect(lines[0]).toMatch(/^study +place +space +algorithm +ended +running +best$/)
  expect(lines[2]).toMatch(/^toy +\S+done +toy +toy +3\/3 +0 +loss \d\.\d+$/)
  expect(lines[3]).toMatch(/^toy +\S+open +toy +toy +0\/5 +1$/)
  expect(JSON.parse((await kinglet('study', 'list', open, '--json')).output)).toMatchObject([
    { place: open, summary: { total: 5, ended: 0, running: 1 } },
  ])
  expect(await kinglet('study', 'list', join(runs, 'other'))).toMatchObject({
    code: 0,
    output: 'no studies there\n',
  })
})

test('show: counts, the best trial and all trials, also while the study runs', async () => {
  const { output } = await kinglet('study', 'show', done)
  expect(output).toContain('study toy\nspace toy, algorithm toy, evaluator parabola, seed 1\nbudget: loss at most 2\n')
  expect(output).toContain('3 of 3 trials ended: 2 complete, 1 failed\n')
  expect(output).toMatch(/\nbest: trial [02]\n {2}loss {2}\d\.\d+\n {2}x {2}\S+\n {2}kernel {2}[357]\n/)
  expect(output).toMatch(/\n +1 +failed +1 +0:00 +Error: what "went", wrong\n/)
  const running = (await kinglet('study', 'show', open)).output
  expect(running).toContain('0 of 5 trials ended: 1 running\n')
  expect(running).toMatch(/\n +0 +running +1 +1$/m)
  const { study, trials, summary } = JSON.parse((await kinglet('study', 'show', done, '--json')).output)
  expect([study.name, trials.length, summary.complete, summary.best.number]).toEqual(['toy', 3, 2, expect.any(Number)])
})

test('export: CSV with one row per trial, or everything as JSON', async () => {
  const { output } = await kinglet('study', 'export', done)
  const rows = output.split('\r\n')
  expect(rows).toHaveLength(5)
  expect(rows[0]).toBe(
    'number,state,loss,violation.loss,point.x,point.kernel,last_step,last_value,tries,began,ended,reason,model',
  )
  expect(rows[1]).toMatch(/^0,complete,[\d.]+,,[-\d.]+,[357],3,[\d.]+,1,\d{4}-[^,]+Z,\d{4}-[^,]+Z,,$/)
  expect(rows[2]).toMatch(/^1,failed,,,[-\d.]+,[357],,,1,[^,]+,[^,]+,"Error: what ""went"", wrong",$/)
  const found = JSON.parse((await kinglet('study', 'export', done, '--json')).output)
  expect(found).toEqual({ study: toyStudy(3), trials: await openStudy(done).trials() })
})

test.skipIf(!programs)('the commands read studies in a database in the same way, and print no passwords', async () => {
  const server = await startPostgres(programs!)
  try {
    const address = await server.database('looked')
    const store = await openPostgresStudy(address, { study: toyStudy(2) })
    await runStudy({ store, ...toyParts() })
    await store.close()
    const listed = await kinglet('study', 'list', address)
    expect(listed.output.split('\n')[2]).toMatch(/^toy +postgres\S+ +toy +toy +2\/2 +0 +loss \d\.\d+$/)
    expect((await kinglet('study', 'show', address)).output).toContain('2 of 2 trials ended: 2 complete\n')
    expect((await kinglet('study', 'export', address, '--study', 'toy')).output.split('\r\n')).toHaveLength(4)
    expect(await kinglet('study', 'show', address, '--study', 'other')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('there is no study other'),
    })
    const secret = address.replace(/^(postgres(?:ql)?:\/\/)([^@/:]+)(:[^@]*)?@/, '$1$2:sesame@')
    expect(JSON.stringify(await kinglet('study', 'show', secret, '--json'))).not.toContain('sesame')
  } finally {
    await server.close()
  }
})

test('a damaged journal gives a warning on stderr, and the rest is shown', async () => {
  const damaged = join(top, 'damaged')
  mkdirSync(damaged)
  const path = join(damaged, 'journal.jsonl')
  const text = readFileSync(join(done, 'journal.jsonl'), 'utf8')
  writeFileSync(path, text.replace('"step":2', '"step":7'))
  const { code, output, errors } = await kinglet('study', 'show', damaged)
  expect(code).toBe(0)
  expect(output).toContain('3 of 3 trials ended')
  expect(errors).toMatch(
    /^warning: .*journal\.jsonl: line 5: "[0-9a-f]{8} .*\.\.\.": its checksum does not agree: the line is skipped, all others are read\n$/,
  )
  writeFileSync(path, text.replaceAll('"name":"toy"', '"name":"tox"'))
  expect(await kinglet('study', 'show', damaged)).toMatchObject({
    code: 1,
    errors: expect.stringContaining('the lines that describe the study are damaged'),
  })
  const listed = await kinglet('study', 'list', top)
  expect(listed.errors).toMatch(/^warning: .*damaged\/journal\.jsonl: the lines/)
})

test('the commands write nothing to a study, and refuse places that hold none', async () => {
  const before = readFileSync(join(done, 'journal.jsonl'))
  for (const what of ['list', 'show', 'export']) await kinglet('study', what, done)
  expect(readFileSync(join(done, 'journal.jsonl'))).toEqual(before)
  expect(readdirSync(join(runs, 'other'))).toEqual([])
  const none = join(top, 'none')
  expect(await kinglet('study', 'show', none)).toMatchObject({
    code: 1,
    errors: `error: ${none}: there is no study: it has no journal.jsonl: begin one, or choose another folder\n`,
  })
  expect(await kinglet('study', 'list', none)).toMatchObject({
    code: 1,
    errors: `error: ${none}: no such file or folder\n`,
  })
})
