/**
 * Compares the results of a few networks with the hashes in `test/fixtures/hashes.json`. `npm run hashes` checks all
 * networks.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { modelNames } from '../../src/models/index.ts'
import { ensureBuilt } from '../support/built.ts'
import { root } from '../support/sources.ts'

beforeAll(ensureBuilt)

const kept = join(root, 'test/fixtures/hashes.json')
type Hashes = Record<string, Record<'parameters' | 'logits' | 'training', string>>
const all: Hashes = JSON.parse(readFileSync(kept, 'utf8'))

const folder = mkdtempSync(join(tmpdir(), 'kinglet-hashes-'))
afterAll(() => rmSync(folder, { recursive: true }))

function hashes(...args: string[]) {
  const child = spawnSync(process.execPath, ['scripts/hashes.js', ...args], { cwd: root, encoding: 'utf8' })
  return { code: child.status, output: child.stdout, errors: child.stderr }
}

test('a few networks compute results that match the stored hashes', () => {
  const few = [
    'mobilenet_v1 width=0.5',
    'mobilenet_v2 se=all',
    'mobilenet_v3_small threads=2',
    'resnet18 width=0.25 rectangle',
  ]
  const { code, output, errors } = hashes('--check', kept, ...few)
  expect(errors).toBe('')
  expect(output).toContain(`4 cases, 0 differences from ${kept}`)
  expect(code).toBe(0)
})

test('every network of the registry has hashes, the same at two threads', () => {
  expect(modelNames.filter((name) => !all[name])).toEqual([])
  expect(all['mobilenet_v3_small threads=2']).toEqual(all.mobilenet_v3_small)
})

test('each difference is reported', () => {
  const [name, other] = ['mobilenet_v3_small reduction=8', 'mobilenet_v3_small keras widths']
  const changed = join(folder, 'changed.json')
  writeFileSync(changed, JSON.stringify({ [name]: { ...all[name], logits: '0123', training: '4567' } }))
  const { code, output } = hashes('--check', changed, name, other)
  const differs = output.split('\n').filter((line) => line.startsWith('differs: '))
  expect(differs).toEqual([
    `differs: ${name}: logits is ${all[name].logits}, expected 0123`,
    `differs: ${name}: training is ${all[name].training}, expected 4567`,
    ...(['parameters', 'logits', 'training'] as const).map(
      (column) => `differs: ${other}: ${column} is ${all[other][column]}, expected nothing`,
    ),
  ])
  expect(code).toBe(1)
})

test('a case that does not exist is refused', () => {
  const { code, errors } = hashes('mobilenet_v9')
  expect(errors).toMatch(/^hashes: there is no case mobilenet_v9: use some of mobilenet_v1, /)
  expect(code).toBe(2)
})
