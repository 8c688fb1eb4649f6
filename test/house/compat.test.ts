/**
 * The present code reads files that an older Kinglet wrote (test/fixtures/compat, with the script that made them): models
 * return the same results, and interrupted runs, searches, studies and adaptations resume to the same end.
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

/** Runs in a separate process, with the package's public exports. */
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
  // Members that a later version adds to these objects are not differences.
  expect(read(name)).toMatchObject(expected[name])
})

test('the expected values are not empty', () => {
  expect(Object.keys(expected).sort()).toEqual(['adapt', 'latency', 'rows', 'run', 'search', 'study', 'v2', 'v3-small'])
  const trialsBefore = (name: string) => (expected[name] as { before: { state: string }[] }).before
  expect(trialsBefore('search').map(({ state }) => state)).toEqual(['complete', 'running'])
  expect(new Set(trialsBefore('study').map(({ state }) => state))).toEqual(new Set(['complete', 'paused', 'running']))
  expect(trialsBefore('adapt')).toHaveLength(2)
})
