import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { type EvaluationContext, type Evaluator, Paused, Pruned } from '../../../src/search/evaluate/evaluator.ts'
import type { Pruner } from '../../../src/search/pruners/pruner.ts'
import { openStudy } from '../../../src/search/study/folder/node-store.ts'
import { memoryStore } from '../../../src/search/study/memory.ts'
import type { Store } from '../../../src/search/study/store.ts'
import { type RunStudyOptions, runStudy, type StudyParts, type StudyProgress } from '../../../src/search/study/study.ts'
import { summarise } from '../../../src/search/study/summary.ts'
import { nextWork } from '../../../src/search/study/work.ts'
import { lasting, toyEvaluator, toyParts, toyPoint, toyStudy } from './toys.ts'

const top = mkdtempSync(join(tmpdir(), 'kinglet-study-'))
afterAll(() => rmSync(top, { recursive: true, force: true }))

const run = (trials: number, parts: Partial<StudyParts> = {}, options: Partial<RunStudyOptions> = {}) =>
  runStudy({ store: memoryStore(toyStudy(trials, 1, parts)), ...toyParts(parts), ...options })

/** The toy evaluator, with another evaluation for one trial. */
const but = (which: number, evaluate: (context: EvaluationContext) => Promise<{ values: number[] }>): Evaluator => {
  const toy = toyEvaluator()
  return { ...toy, evaluate: (point, c) => (c.number === which ? evaluate(c) : toy.evaluate(point, c)) }
}

describe('a failing trial is recorded with its reason, and the others continue', () => {
  const cases: Record<string, readonly [(context: EvaluationContext) => Promise<{ values: number[] }>, string]> = {
    throws: [async () => JSON.parse('{'), 'SyntaxError: '],
    'throws something that is not an Error': [() => Promise.reject('no'), 'no'],
    'throws synchronously': [
      () => {
        throw new RangeError('Array buffer allocation failed')
      },
      'out of memory: Array buffer allocation failed',
    ],
    'tells NaN': [
      async ({ report }) => {
        await report({ step: 2, value: Number.NaN })
        return { values: [1] }
      },
      'it diverged: the value after step 2 is NaN',
    ],
    'swallows the error of its report': [
      async ({ report }) => {
        await report({ step: 2, value: Number.POSITIVE_INFINITY }).catch(() => {})
        return { values: [1] }
      },
      'it diverged: the value after step 2 is Infinity',
    ],
    'does not await its report': [
      async ({ report, signal }) => {
        report({ step: 2, value: Number.NaN })
        await sleep(1e6, undefined, { signal })
        return { values: [1] }
      },
      'it diverged: the value after step 2 is NaN',
    ],
    'ends with NaN': [async () => ({ values: [Number.NaN] }), 'it diverged: loss is NaN'],
    'returns too many values': [async () => ({ values: [1, 2] }), 'parabola gave 2 values, for 1 objectives'],
  }
  test.each(Object.entries(cases))('it %s', async (_, [evaluate, reason]) => {
    const trials = await run(3, { evaluator: but(1, evaluate) })
    expect(trials.map((t) => t.state)).toEqual(['complete', 'failed', 'complete'])
    expect(trials[1].reason).toContain(reason)
  })
})

test('a trial that takes too long fails, even when it computes without yielding', async () => {
  const slow: Record<string, (context: EvaluationContext) => Promise<{ values: number[] }>> = {
    async waiting({ signal }) {
      await sleep(1e6, undefined, { signal })
      return { values: [1] }
    },
    async computing({ report }) {
      for (const began = performance.now(); performance.now() - began < 20; );
      await report({ step: 1, value: 1 })
      return { values: [1] }
    },
  }
  for (const evaluate of Object.values(slow)) {
    const [trial] = await run(1, { evaluator: but(0, evaluate) }, { trialSeconds: 0.01 })
    expect(trial).toMatchObject({ state: 'failed', reason: 'it took longer than 0.01 s' })
  }
})

test.each([2_147_483, 2_147_484, 5e9])('a limit of %d s does not end a trial at once', async (trialSeconds) => {
  const evaluate = async ({ signal }: EvaluationContext) => {
    await sleep(30, undefined, { signal })
    return { values: [1] }
  }
  expect(await run(1, { evaluator: but(0, evaluate) }, { trialSeconds })).toMatchObject([{ state: 'complete' }])
})

/** Prunes trials whose value is above 3 after the first step. */
const strict: Pruner = {
  name: 'strict',
  options: {},
  decide: (_, __, { reports }) => (reports[0].value > 3 ? 'prune' : 'continue'),
}

test('pruned trials keep their reports and their reason, even when the evaluation wraps the error', async () => {
  const toy = toyEvaluator()
  const wrapping: Evaluator = {
    ...toy,
    evaluate: (point, context) =>
      toy.evaluate(point, context).catch((error) => {
        throw new Error('my evaluation stopped', { cause: error })
      }),
  }
  for (const evaluator of [toy, wrapping]) {
    const trials = await run(12, { pruner: strict, evaluator })
    const pruned = trials.filter((t) => t.reports[0].value > 3)
    expect(pruned.length).toBeGreaterThan(0)
    expect(trials.filter((t) => t.state === 'pruned')).toEqual(pruned)
    for (const t of pruned) expect(t).toMatchObject({ reason: 'strict: others did better', reports: [{ step: 1 }] })
    expect(trials.filter((t) => t.state === 'complete')).toHaveLength(12 - pruned.length)
  }
})

test('a trial whose worker ended between a report and the decision on it is still pruned', async () => {
  const steps: number[] = []
  // Its checkpoint is after the reported step, so it does not report that step again.
  const evaluator = but(0, async ({ report }) => {
    for (let step = steps.length + 1; step <= 3; step++) {
      steps.push(step)
      await report({ step, value: 9 })
    }
    return { values: [9] }
  })
  const parts = toyParts({ evaluator, pruner: strict })
  const store = memoryStore(toyStudy(1, 1, parts))
  const dying = instead(store, {
    async report(lease, told) {
      await store.report(lease, told)
      throw new Error('killed')
    },
  })
  await expect(runStudy({ store: dying, ...parts })).rejects.toThrow('killed')
  expect(await runStudy({ store, ...parts })).toMatchObject([{ state: 'pruned', reports: [{ step: 1, value: 9 }] }])
  expect(steps).toEqual([1])
})

/** Trials wait after the first step until all four of their group are there; then the better half continues. */
const halving: Pruner = {
  name: 'halving',
  options: {},
  decide(_, trials, trial) {
    const rung = trials.filter((t) => Math.floor(t.number / 4) === Math.floor(trial.number / 4))
    if (trial.reports.length > 1) return 'continue'
    if (rung.length < 4 || rung.some((t) => t.state !== 'failed' && t.reports.length === 0)) return 'pause'
    const better = rung.filter((t) => t.reports.length > 0 && t.reports[0].value < trial.reports[0].value)
    return better.length < 2 ? 'continue' : 'prune'
  },
}

test('paused trials are resumed when their rung is full, with one worker and with three', async () => {
  for (const workers of [1, 3]) {
    const trials = await run(8, { pruner: halving }, { workers, pollSeconds: 0.02 })
    expect(trials.map((t) => t.state).sort()).toEqual([...Array(4).fill('complete'), ...Array(4).fill('pruned')])
    for (const t of trials) expect(t.tries).toBeLessThanOrEqual(1)
  }
})

test('of the paused trials that may continue, the one with the most steps is first', () => {
  const { space, algorithm } = toyParts()
  const paused = [1, 3, 3, 2].map((steps, number) => ({
    ...({ number, point: toyPoint(0), state: 'paused', tries: 0, held: false, worker: '' } as const),
    reports: Array.from({ length: steps }, (_, i) => ({ step: i + 1, value: 1 })),
  }))
  const next = (decide: Pruner['decide'], trials: number) =>
    nextWork(
      { study: toyStudy(trials), space, algorithm, pruner: { name: 'mine', options: {}, decide }, tries: 3 },
      paused,
    )
  expect(next(() => 'continue', 5)).toEqual({ do: 'resume', number: 1 })
  expect(next((_, __, { number }) => (number % 3 === 0 ? 'continue' : 'pause'), 5)).toEqual({ do: 'resume', number: 3 })
  expect(next(() => 'pause', 4)).toEqual({ do: 'resume', number: 0 })
})

test('when all trials wait for each other, the first continues: a rung that never fills does not block', async () => {
  const trials = await run(3, { pruner: { ...halving, decide: () => 'pause' } })
  expect(trials.map((t) => [t.state, t.reports.length])).toEqual(Array(3).fill(['complete', 3]))
})

test('an evaluation may prune and pause itself', async () => {
  let paused = 0
  const evaluator = but(1, async () => {
    if (paused++ === 0) throw new Paused('later')
    throw new Pruned('hopeless')
  })
  const trials = await run(2, { evaluator })
  expect(trials[1]).toMatchObject({ state: 'pruned', reason: 'hopeless' })
})

describe('stopping', () => {
  test('the running trial is given back, and the next run ends as if nothing had happened', async () => {
    const whole = lasting(await run(6))
    for (const [number, step] of [
      [0, 1],
      [2, 2],
      [5, 3],
    ]) {
      const stop = new AbortController()
      const store = memoryStore(toyStudy(6))
      const stopped = toyEvaluator(async (n, s) => {
        if (n === number && s === step) stop.abort()
      })
      const trials = await runStudy({ store, ...toyParts({ evaluator: stopped }), signal: stop.signal })
      expect(trials[number]).toMatchObject({ state: 'running', held: false, tries: 0 })
      expect(trials).toHaveLength(number + 1)
      expect(lasting(await runStudy({ store, ...toyParts() }))).toEqual(whole)
    }
  })

  test('a run stopped before its start does nothing', async () => {
    expect(await run(3, {}, { signal: AbortSignal.abort() })).toEqual([])
  })
})

/** A store with some of its members replaced. */
const instead = (store: Store, members: Partial<Store>): Store =>
  new Proxy(store, {
    get(_, name: keyof Store) {
      const member = members[name] ?? store[name]
      return typeof member === 'function' ? member.bind(store) : member
    },
  })

test('an error of the store ends the study and does not fail the trial', async () => {
  const store = memoryStore(toyStudy(3))
  const broken = instead(store, { report: () => Promise.reject(new Error('the disk is full')) })
  await expect(runStudy({ store: broken, ...toyParts() })).rejects.toThrow('the disk is full')
  expect(await store.trials()).toMatchObject([{ state: 'running', held: false }])
})

test('two runs share a store', async () => {
  const store = memoryStore(toyStudy(8))
  const evaluator = toyEvaluator(() => sleep(1))
  await Promise.all([1, 2].map(() => runStudy({ store, ...toyParts({ evaluator }), pollSeconds: 0.02 })))
  expect((await store.trials()).map((t) => [t.state, t.tries])).toEqual(Array(8).fill(['complete', 1]))
})

test('an algorithm that proposes an invalid point ends the study', async () => {
  const algorithm = { ...toyParts().algorithm, ask: () => ({ x: 3, kernel: 3 }) }
  await expect(run(3, { algorithm })).rejects.toThrow('space toy: choice x is 3: it must be a number from -2 to 2')
})

test('a lease lost to another worker stops the evaluation, and nothing is recorded twice', async () => {
  const store = memoryStore(toyStudy(1))
  const leased = instead(store, { leaseSeconds: 0.03, renew: async () => false })
  let tries = 0
  const evaluator = but(0, async ({ signal }) => {
    if (tries++ > 0) return { values: [1] }
    await sleep(1e6, undefined, { signal })
    return { values: [2] }
  })
  expect(await runStudy({ store: leased, ...toyParts({ evaluator }) })).toMatchObject([
    { state: 'complete', values: [1] },
  ])
  expect(tries).toBe(2)
})

test('progress: counts, the best trial so far, the current trial', async () => {
  const told: StudyProgress[] = []
  const trials = await run(4, { pruner: strict }, { onProgress: (p) => told.push(p) })
  expect(told.map((p) => [p.trial.number, p.trial.state === 'running'])).toEqual(
    [0, 1, 2, 3].flatMap((n) => [
      [n, true],
      [n, false],
    ]),
  )
  const last = told.at(-1)!
  expect(last).toMatchObject({ total: 4, ended: 4, running: 0, left: 0, failed: 0, secondsLeft: 0 })
  expect(last.complete + last.pruned).toBe(4)
  expect(told[0].secondsLeft).toBeUndefined()
  expect(last.best).toEqual(trials.filter((t) => t.values).sort((a, b) => a.values![0] - b.values![0])[0])
})

test('the best trial meets the budgets if any does', () => {
  const study = toyStudy(3)
  const trial = (number: number, value: number, ...violations: number[]) => ({
    ...({ number, point: {}, state: 'complete', values: [value], violations, reports: [] } as const),
    ...{ tries: 1, held: false, worker: '' },
  })
  const best = (...trials: ReturnType<typeof trial>[]) => summarise(study, trials).best?.number
  expect(best(trial(0, 1, 0.5), trial(1, 3, -1), trial(2, 2, 0))).toBe(2)
  expect(best(trial(0, 1, 0.5), trial(1, 3, 0.2))).toBe(1)
  expect(best()).toBeUndefined()
  // 1000 multiply-adds above 5 million are a smaller excess than 900 ms above 2 ms.
  expect(best(trial(0, 1, -1, 900), trial(1, 2, 1000, -1), trial(2, 2, 50_000, -1))).toBe(1)
})

test('with a reward, the best trial has the highest reward', () => {
  const reward = { kind: 'mnasnet', value: 'accuracy', cost: 'latencyMs', target: 2, alpha: 0, beta: -1 }
  const objectives = [
    { name: 'accuracy', direction: 'maximize' },
    { name: 'latencyMs', direction: 'minimize' },
  ] as const
  const best = (options: object) =>
    summarise(
      { ...toyStudy(3), objectives, algorithm: { name: 'tpe', options: { ...options } } },
      [
        [0.9, 20],
        [0.7, 1.9],
        [0.6, 0.1],
      ].map((values, number) => ({
        ...({ number, point: {}, state: 'complete', values, reports: [] } as const),
        ...{ tries: 1, held: false, worker: '' },
      })),
    ).best?.number
  expect([best({ reward }), best({}), best({ reward: 'its own' })]).toEqual([1, 0, 0])
})

test('each trial has its own folder, with the files of earlier tries', async () => {
  const folder = join(top, 'files')
  const stop = new AbortController()
  const evaluator = but(1, async ({ folder, signal }) => {
    const path = join(folder!, 'checkpoint')
    if (!stop.signal.aborted) {
      writeFileSync(path, 'half')
      stop.abort()
      signal.throwIfAborted()
    }
    const files = { model: 'model.bin', checkpoint: path }
    return { values: [readFileSync(path, 'utf8').length], files }
  })
  const parts = toyParts({ evaluator })
  await runStudy({ store: openStudy(folder, toyStudy(2)), ...parts, signal: stop.signal })
  const trials = await runStudy({ store: openStudy(folder), ...parts })
  expect(trials[1]).toMatchObject({
    values: [4],
    files: { model: 'trials/1/model.bin', checkpoint: 'trials/1/checkpoint' },
  })
})

test('invalid options are refused', async () => {
  expect(() => toyStudy(0)).toThrow('study: trials is 0: it must be a positive integer')
  await expect(run(1, {}, { workers: 0 })).rejects.toThrow('runStudy: workers is 0: it must be a positive integer')
})
