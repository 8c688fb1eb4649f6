import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Rng } from '../../src/core/index.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { readMetrics } from '../../src/train/node.ts'
import { root } from '../support/sources.ts'

const top = mkdtempSync(join(tmpdir(), 'kinglet-kill-'))
const child = join(top, 'child.mjs')
afterAll(() => rmSync(top, { recursive: true, force: true }))
const steps = 60

beforeAll(() => {
  buildSync({
    entryPoints: [join(root, 'test/train/resume-child.ts')],
    outfile: child,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
})

/** Runs until the end, or until `kill` ends it after a step; returns the reported steps and how the run ended. */
function run(folder: string, kill: (step: number) => number | undefined = () => undefined) {
  return new Promise<{ told: number[]; signal: string | null }>((resolve, reject) => {
    const told: number[] = []
    const process_ = spawn(process.execPath, [child, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    process_.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const step of text.trim().split('\n').map(Number)) {
        told.push(step)
        const delay = kill(step)
        if (delay !== undefined) setTimeout(() => process_.kill('SIGKILL'), delay)
      }
    })
    process_.on('error', reject)
    process_.on('close', (code, signal) => {
      if (code) reject(new Error(`the run failed with exit code ${code}`))
      else resolve({ told, signal })
    })
  })
}

/** Everything that must be equal: every byte of the checkpoint, the models' weights, and the metrics without times. */
function stateOf(folder: string) {
  const weights = (name: string) => readModelFile(readFileSync(join(folder, name))).weights
  return {
    checkpoint: readFileSync(join(folder, 'checkpoint.safetensors'), 'base64'),
    model: weights('model.safetensors'),
    best: weights('best.safetensors'),
    metrics: readMetrics(join(folder, 'metrics.jsonl')).map(({ time: _, imagesPerSecond: __, ...line }) => line),
    files: readdirSync(folder).filter((name) => !name.startsWith('events.')),
  }
}

test('a run killed (kill -9) at five random moments is bit-identical to an uninterrupted one', async () => {
  const whole = join(top, 'whole')
  expect((await run(whole)).told).toHaveLength(steps)
  const expected = stateOf(whole)
  expect(expected.metrics).toHaveLength(steps / 3 + 6)

  // The step to wait from, and the delay. A step takes a few milliseconds, most of them for writing.
  const rng = new Rng(20)
  for (let moment = 0; moment < 5; moment++) {
    const folder = join(top, `killed-${moment}`)
    const [at, delay] = [1 + rng.integer(steps - 20), rng.uniform() * 25]
    const killed = await run(folder, (step) => (step === at ? delay : undefined))
    expect(killed.signal).toBe('SIGKILL')
    expect(killed.told.at(-1)).toBeLessThan(steps)
    const { told, signal } = await run(folder)
    expect(signal).toBeNull()
    // It resumed after the last reported step, or after later steps that were done but not reported.
    expect(told[0]).toBeGreaterThanOrEqual(at)
    expect(told.at(-1)).toBe(steps)
    expect(stateOf(folder)).toEqual(expected)
  }
})

test('a run that is repeatedly killed before its first step still starts', async () => {
  const folder = join(top, 'early')
  for (const delay of [20, 60, 120, 200, 300]) {
    const process_ = spawn(process.execPath, [child, folder], { stdio: 'ignore' })
    setTimeout(() => process_.kill('SIGKILL'), delay)
    await new Promise((resolve) => process_.on('close', resolve))
  }
  await run(folder)
  expect(stateOf(folder)).toEqual(stateOf(join(top, 'whole')))
})
