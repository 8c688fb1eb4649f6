/** Neither running nor loading and disposing leaks memory: a line fitted to the memory in use is flat. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testAll } from '../support/all.ts'
import { root } from '../support/sources.ts'

const folder = mkdtempSync(join(tmpdir(), 'kinglet-memory-'))
const child = join(folder, 'child.mjs')
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => {
  const entryPoints = [join(root, 'test/door/memory-child.ts')]
  const sharp = { external: ['sharp'] }
  buildSync({ entryPoints, outfile: child, bundle: true, platform: 'node', format: 'esm', target: 'node20', ...sharp })
})

type Sample = { readonly at: number; readonly own: number; readonly rss: number }

/** Slope of the fitted line. */
function slope(samples: readonly Sample[], of: 'own' | 'rss'): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const [x, y] = [mean(samples.map((s) => s.at)), mean(samples.map((s) => s[of]))]
  const products = samples.map((s) => (s.at - x) * (s[of] - y))
  return mean(products) / mean(samples.map((s) => (s.at - x) ** 2))
}

/** Bytes that each repetition adds after the first quarter, in which engines compile and caches fill. */
function growth(what: 'run' | 'load', threads: number, times: number): { own: number; rss: number } {
  // A fixed young generation: Node 24 lets it grow for hundreds of loads, which looks like a leak.
  const args = ['--expose-gc', '--max-semi-space-size=2', child, what, String(threads), String(times)]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the process failed with exit code ${status}: ${stderr}`)
  const samples: Sample[] = JSON.parse(stdout)
  const settled = samples.slice(samples.length / 4)
  const found = { own: slope(settled, 'own'), rss: slope(settled, 'rss') }
  const [own, rss] = [found.own, found.rss].map((n) => n.toFixed(1))
  console.log(`${times} times ${what}, ${threads} threads: ${own} bytes each in JavaScript, ${rss} in the process`)
  return found
}

/** The smallest possible leak of a run: its logits with the objects around them, or a copy of its image. */
const logits = 64
const image = 4 * 32 * 32 * 3
/** For a loaded network: a tenth of its weights. */
const tenthOfWeights = 50_000
/** The process releases pages late. A leaked program would take more than its weights. */
const weights = 10 * tenthOfWeights

test.each([1, 2])('10,000 runs with %i threads', (threads) => {
  const { own, rss } = growth('run', threads, 10_000)
  expect(own).toBeLessThan(logits)
  expect(rss).toBeLessThan(image / 4)
})

/** A leaked network is far larger than what engines and the process keep of the first sixty. */
const loads = testAll ? 200 : 60
test.each([1, 2])(`${loads} times load, run and dispose with %i threads`, (threads) => {
  const { own, rss } = growth('load', threads, loads)
  expect(own).toBeLessThan(tenthOfWeights)
  expect(rss).toBeLessThan(weights)
})

test('the test detects a leak: arrays that are kept', () => {
  const samples = Array.from({ length: 40 }, (_, i) => ({ at: 250 * i, own: 1e6 + 100 * 250 * i, rss: 5e7 }))
  expect(slope(samples, 'own')).toBeCloseTo(100)
  expect(slope(samples, 'rss')).toBe(0)
})
