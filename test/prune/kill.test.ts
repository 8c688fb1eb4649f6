import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Rng } from '../../src/core/index.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { readCurve } from '../../src/prune/node-folder.ts'
import { root } from '../support/sources.ts'

const top = mkdtempSync(join(tmpdir(), 'kinglet-adapt-kill-'))
const child = join(top, 'child.mjs')
afterAll(() => rmSync(top, { recursive: true, force: true }))

beforeAll(() => {
  buildSync({
    entryPoints: [join(root, 'test/prune/kill-child.ts')],
    outfile: child,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
})

/** Runs until the end, or is killed `delay` milliseconds after its event number `at`. Returns the events' kinds. */
function run(folder: string, at = Number.POSITIVE_INFINITY, delay = 0) {
  return new Promise<{ told: string[]; killed: boolean }>((resolve, reject) => {
    const told: string[] = []
    const process_ = spawn(process.execPath, [child, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    process_.stdout.setEncoding('utf8').on('data', (text: string) => {
      const before = told.length
      told.push(...text.trim().split('\n'))
      if (before < at && told.length >= at) setTimeout(() => process_.kill('SIGKILL'), delay)
    })
    process_.on('error', reject)
    process_.on('close', (code, signal) => {
      if (code) reject(new Error(`the run failed with exit code ${code}`))
      else resolve({ told, killed: signal === 'SIGKILL' })
    })
  })
}

const stateOf = (folder: string) => ({
  files: readdirSync(folder, { recursive: true }).sort(),
  curve: readCurve(folder),
  weights: readdirSync(folder)
    .filter((name) => name.startsWith('step-'))
    .map((name) => readModelFile(readFileSync(join(folder, name))).weights),
})

test('a run killed (kill -9) repeatedly at random moments resumes bit-identically', async () => {
  const whole = join(top, 'whole')
  const { told } = await run(whole)
  const rng = new Rng(5)
  const folder = join(top, 'killed')
  let kills = 0
  let last = { told: [] as string[], killed: true }
  while (last.killed && kills < 4) {
    last = await run(folder, 1 + rng.integer(5), rng.uniform() * 12)
    if (last.killed) kills++
  }
  if (last.killed) await run(folder)
  expect(told).toContain('step')
  expect(kills).toBeGreaterThan(1)
  expect(stateOf(folder)).toEqual(stateOf(whole))
})
