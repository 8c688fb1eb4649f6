/**
 * `npm test`: installs missing packages, then runs the type check, the lint and format check, the build and the tests.
 * The last line is `N passed, N failed`; each of the three checks counts as one test. Arguments go to vitest (`npm test
 * -- test/ops`, `npm test -- -t 'depthwise'`); then only the build and the named tests run. With `--all` the tests
 * run all of their repetitions (`test/support/all.ts`).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, checkNode, install, runTool, say } from './prepare.js'

checkNode()
install()

const args = process.argv.slice(2).filter((arg) => arg !== '--all')
const all = process.argv.includes('--all') && { KINGLET_TEST_ALL: '1' }
const began = performance.now()
const count = { passed: 0, failed: 0, skipped: 0 }
const check = (name, run) => {
  say(`${name} ...`)
  const ok = run() === 0
  count[ok ? 'passed' : 'failed']++
  if (!ok) say(`${name} failed`)
}

if (args.length === 0) {
  check('type check', () => runTool('typescript/bin/tsc', ['-p', 'tsconfig.json']))
  check('lint and format check', () => runTool('@biomejs/biome/bin/biome', ['check', '.']))
  check('build', build)
} else if (build() !== 0) count.failed++

say('tests ...')
const folder = mkdtempSync(join(tmpdir(), 'kinglet-test-'))
const results = join(folder, 'results.json')
const skips = join(folder, 'skips.txt')
const status = runTool(
  'vitest/vitest.mjs',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...args],
  { env: { ...process.env, ...all, KINGLET_SKIPS: skips } },
)
if (existsSync(results)) {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(results, 'utf8'))
  count.passed += numPassedTests
  // A file that does not load has no tests that could fail: it counts as one failure.
  count.failed += numFailedTests + testResults.filter((f) => f.status === 'failed' && !f.assertionResults.length).length
  count.skipped += numPendingTests
}
if (status !== 0 && count.failed === 0) count.failed++
const missing = existsSync(skips) ? new Set(readFileSync(skips, 'utf8').trim().split('\n')) : []
rmSync(folder, { recursive: true })

for (const line of missing) say(`skipped: ${line}`)
say(`${((performance.now() - began) / 1000).toFixed(0)} s`)
console.log(`${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`)
process.exit(count.failed > 0 ? 1 : 0)
