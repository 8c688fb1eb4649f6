import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { childEvaluator } from '../../../../src/search/study/child/node-evaluator.ts'
import { isRunning, processName } from '../../../../src/search/study/folder/node-process.ts'
import { memoryStore } from '../../../../src/search/study/memory.ts'
import { runStudy } from '../../../../src/search/study/study.ts'
import { ensureBuilt, inPackage } from '../../../support/built.ts'
import { toyParts, toyStudy } from '../toys.ts'

beforeAll(ensureBuilt)

/** What each trial does, by number. */
const module = `data:text/javascript,${encodeURIComponent(`
const done = { values: [1] }
const trials = [
  async ({ report, seed, number }, options) => {
    await report({ step: 1, value: 0.5 })
    return { values: [number + options.add], files: { model: 'm' } }
  },
  () => { throw new RangeError('no such thing') },
  () => process.exit(3),
  () => process.kill(process.pid, 'SIGKILL'),
  () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)) },
  async ({ report }) => { await report({ step: 1, value: NaN }); return done },
  async ({ report }) => { await report({ step: 1, value: 9 }).catch((e) => { if (e.name !== 'Pruned') throw new Error('other'); throw e }) },
  async () => ({ values: [Infinity] }),
  async () => done,
]
export default (options) => ({ evaluate: async (point, context) => trials[context.number](context, options) })
`)}`

test('each trial runs in its own process, whose end becomes the reason of the trial', async () => {
  const { objectives } = toyParts().evaluator
  const evaluator = childEvaluator({ name: 'child', objectives, module, options: { add: 0.25 }, memoryMiB: 32 })
  const pruner = {
    name: 'p',
    options: {},
    decide: (_: unknown, __: unknown, t: { number: number }) => (t.number === 6 ? 'prune' : 'continue'),
  } as const
  const parts = toyParts({ evaluator, pruner })
  const store = memoryStore(toyStudy(9, 1, parts))
  const trials = await runStudy({ store, ...parts, workers: 2 })
  expect(trials.map((t) => t.reason ?? t.values)).toEqual([
    [0.25],
    'RangeError: no such thing',
    'its process ended with exit code 3',
    'its process ended by SIGKILL, perhaps out of memory',
    'out of memory: its process ended',
    'it diverged: the value after step 1 is NaN',
    'p: others did better',
    'it diverged: loss is Infinity',
    [1],
  ])
  expect(trials.map((t) => t.state)).toEqual(
    trials.map((t) => (t.values ? 'complete' : t.number === 6 ? 'pruned' : 'failed')),
  )
  expect(trials[0]).toMatchObject({ reports: [{ step: 1, value: 0.5 }], files: { model: 'm' } })
})

test('a trial that takes too long is aborted, and its process ends', async () => {
  const waiting = `data:text/javascript,${encodeURIComponent(`export default () => ({
    evaluate: (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })`)}`
  const { objectives } = toyParts().evaluator
  const parts = toyParts({ evaluator: childEvaluator({ name: 'child', objectives, module: waiting }) })
  const [trial] = await runStudy({ store: memoryStore(toyStudy(1, 1, parts)), ...parts, trialSeconds: 0.5 })
  expect(trial).toMatchObject({ state: 'failed', reason: 'it took longer than 0.5 s' })
})

test('a process that computes without yielding does not outlive its parent', async () => {
  await inPackage(async (folder) => {
    const told = join(folder, 'pid')
    const busy = `import { writeFileSync } from 'node:fs'
      export default (path) => ({ evaluate: async () => { writeFileSync(path, String(process.pid)); for (;;); } })`
    writeFileSync(join(folder, 'busy.mjs'), busy)
    const code = `import { childEvaluator } from 'kinglet/search'
      const module = new URL('busy.mjs', import.meta.url)
      const evaluator = childEvaluator({ name: 'busy', objectives: [], module, options: ${JSON.stringify(told)} })
      const { signal } = new AbortController()
      await evaluator.evaluate({}, { number: 0, seed: 0, signal, report: async () => {} })`
    writeFileSync(join(folder, 'parent.mjs'), code)
    const parent = spawn(process.execPath, ['parent.mjs'], { cwd: folder, stdio: 'inherit' })
    const pid = await until(() => existsSync(told) && Number(readFileSync(told, 'utf8')))
    const name = processName(pid)
    expect(isRunning(name)).toBe(true)
    parent.kill('SIGKILL')
    await until(() => !isRunning(name))
  })
})

/** Waits until `look` returns a truthy value. The test's timeout is the limit. */
async function until<T>(look: () => T): Promise<Exclude<T, false | 0>> {
  for (;;) {
    const found = look()
    if (found) return found as Exclude<T, false | 0>
    await sleep(20)
  }
}

test('a missing module, or one that does not create an evaluator', async () => {
  const { objectives } = toyParts().evaluator
  const reason = async (settings: { module: string; exported?: string }) => {
    const parts = toyParts({ evaluator: childEvaluator({ name: 'child', objectives, ...settings }) })
    const [trial] = await runStudy({ store: memoryStore(toyStudy(1, 1, parts)), ...parts })
    return trial.reason
  }
  expect(await reason({ module: 'file:///nowhere.js' })).toMatch(/^Error: Cannot find module '.*nowhere\.js'/)
  expect(await reason({ module: 'data:text/javascript,export const a = 1', exported: 'b' })).toBe(
    'TypeError: data:text/javascript,export const a = 1 has no function b',
  )
  expect(() => childEvaluator({ name: 'c', objectives, module: '', memoryMiB: 0 })).toThrow(
    'childEvaluator: memoryMiB is 0: it must be a positive integer',
  )
})
