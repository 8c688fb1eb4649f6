/**
 * Files that an older Kinglet left (test/fixtures/compat, with the script that made them) are read by the code as it
 * is: models answer the same, and runs, searches, studies and adaptations that were interrupted come to the same end.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuilt } from '../support/built.ts'
import { root } from '../support/sources.ts'

beforeAll(ensureBuilt)

const folder = 'test/fixtures/compat'
const expected: Record<string, object> = JSON.parse(readFileSync(join(root, folder, 'expected.json'), 'utf8'))

/** In a process of its own, by the package's public exports. */
function read(name: string): Record<string, unknown> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${folder}/read.js`, name], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return JSON.parse(stdout)
}

test.each([
  ['v3-small', 'a model of the registry'],
  ['v2', 'a model of another family'],
  ['rows', 'a model with rows of its own'],
  ['latency', 'a latency table'],
  ['run', 'a training run, continued from its checkpoint'],
  ['search', 'a search, continued in the middle of a trial'],
  ['study', 'a study of other parts, continued with its history'],
  ['adapt', 'a run of NetAdapt, continued in the middle of a step'],
])('%s: %s', (name) => {
  // What a later version adds to these objects is no difference.
  expect(read(name)).toMatchObject(expected[name])
})

test('what is expected says something', () => {
  expect(Object.keys(expected).sort()).toEqual(['adapt', 'latency', 'rows', 'run', 'search', 'study', 'v2', 'v3-small'])
  const trialsBefore = (name: string) => (expected[name] as { before: { state: string }[] }).before
  expect(trialsBefore('search').map(({ state }) => state)).toEqual(['complete', 'running'])
  expect(new Set(trialsBefore('study').map(({ state }) => state))).toEqual(new Set(['complete', 'paused', 'running']))
  expect(trialsBefore('adapt')).toHaveLength(2)
})
