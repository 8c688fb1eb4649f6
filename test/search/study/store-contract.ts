/** The contract of every store: a suite that the test of each implementation calls. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { key } from '../../../src/core/index.ts'
import type { Choose, Lease, Store, Study } from '../../../src/search/study/store.ts'
import { runStudy } from '../../../src/search/study/study.ts'
import { nextWork } from '../../../src/search/study/work.ts'
import { beginning, lasting, resuming, toyParts, toyPoint, toySpace, toyStudy } from './toys.ts'

/** A place that holds at most one study. */
export interface Place {
  /** Opens a new store object, as another process would. */
  open(study?: Study): Promise<Store>
  /** Starts trial `number` in a worker that dies without giving it back, and waits until the store can know. */
  beginAndDie?(number: number): Promise<void>
}

const taken = async (store: Store, choose: Choose, worker = 'a'): Promise<Lease> => {
  const lease = await store.take(worker, choose)
  if (typeof lease === 'string') throw new Error(`nothing was taken: ${lease}`)
  return lease
}

const complete = { state: 'complete', values: [0.5] } as const

/** `make` creates an empty place, which the caller removes. */
export function storeContract(
  name: string,
  make: () => Promise<Place>,
  features: { deaths: boolean; places: boolean },
) {
  describe(name, () => {
    const begun = async (trials = 3) => {
      const place = await make()
      return { place, store: await place.open(toyStudy(trials)) }
    }

    test('it stores the study, and trials from start to end', async () => {
      const { store, place } = await begun()
      expect(await store.study()).toEqual(toyStudy(3))
      expect(await store.trials()).toEqual([])
      const lease = await taken(store, beginning(0))
      expect(lease).toMatchObject({ number: 0, point: toyPoint(0), tries: 1, turn: 0 })
      await store.report(lease, { step: 1, value: 3 })
      await store.report(lease, { step: 2, value: 2 })
      const running = {
        ...{ number: 0, point: toyPoint(0), state: 'running', held: true, tries: 1, worker: lease.worker },
        reports: [
          { step: 1, value: 3 },
          { step: 2, value: 2 },
        ],
      }
      expect(await store.trials()).toEqual([{ ...running, began: expect.any(Number) }])
      const result = {
        state: 'complete',
        values: [0.5],
        violations: [-1.5],
        files: { model: 'm.safetensors' },
      } as const
      expect(await store.finish(lease, result)).toBe(true)
      const [trial] = await (await place.open()).trials()
      expect(trial).toMatchObject({
        ...running,
        ...result,
        held: false,
        files: { model: expect.stringMatching(/m\.safetensors$/) },
      })
      expect(trial.ended).toBeGreaterThanOrEqual(trial.began!)
    })

    test('it stores the files that a result names', async () => {
      const { store, place } = await begun()
      const lease = await taken(store, () => ({ do: 'begin', number: 0, point: toyPoint(0) }))
      if (lease.folder === undefined) {
        expect(await store.file('m.safetensors')).toBeUndefined()
        return
      }
      writeFileSync(join(lease.folder, 'm.safetensors'), Uint8Array.of(1, 2, 3))
      await store.finish(lease, { state: 'complete', values: [0.5], files: { model: 'm.safetensors' } })
      const other = await place.open()
      const [{ files }] = await other.trials()
      expect([...(await other.file(files!.model))!]).toEqual([1, 2, 3])
      expect(await other.file('trials/0/none')).toBeUndefined()
    })

    test('numbers keep every bit', async () => {
      const { store, place } = await begun()
      const lease = await taken(store, () => ({ do: 'begin', number: 0, point: toyPoint(0.1 + 0.2) }))
      await store.report(lease, { step: 1, value: 1 / 3 })
      await store.finish(lease, { state: 'complete', values: [Math.PI * 1e-300] })
      const [trial] = await (await place.open()).trials()
      expect(trial).toMatchObject({ point: { x: 0.1 + 0.2 }, reports: [{ value: 1 / 3 }], values: [Math.PI * 1e-300] })
    })

    test('failed and pruned trials keep their reasons, with any characters', async () => {
      const { store, place } = await begun()
      const reason = 'über "quotes",\n lines, deadbeef {"kind" and 🪶'
      await store.finish(await taken(store, beginning(0)), { state: 'failed', reason })
      await store.finish(await taken(store, beginning(1)), { state: 'pruned', reason: 'asha' })
      const trials = await (await place.open()).trials()
      expect(trials.map((t) => [t.state, t.reason])).toEqual([
        ['failed', reason],
        ['pruned', 'asha'],
      ])
    })

    test('repeated reports and results count once', async () => {
      const { store } = await begun()
      const lease = await taken(store, beginning(0))
      for (const value of [3, 4]) await store.report(lease, { step: 1, value })
      expect(await store.finish(lease, complete)).toBe(true)
      expect(await store.finish(lease, complete)).toBe(false)
      expect(await store.finish(lease, { state: 'failed', reason: 'late' })).toBe(false)
      await store.report(lease, { step: 2, value: 1 })
      await store.pause(lease)
      await store.giveBack(lease)
      expect(await store.trials()).toMatchObject([{ ...complete, reports: [{ step: 1, value: 3 }], held: false }])
    })

    test('of two workers that want the same trial, exactly one gets it', async () => {
      const { store, place } = await begun(20)
      const others = [store, await place.open(), await place.open()]
      for (let number = 0; number < 20; number++) {
        const leases = await Promise.all(others.map((s) => s.take('a', beginning(number))))
        expect(leases.filter((lease) => typeof lease === 'object')).toHaveLength(1)
      }
      expect((await store.trials()).map((t) => t.number)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    })

    test('a trial that is held is not handed out again', async () => {
      const { store, place } = await begun()
      const other = await place.open()
      await taken(store, beginning(0))
      expect(await other.take('b', resuming(0))).toBe('nothing')
      await expect(other.take('b', () => ({ do: 'resume', number: 0 }))).rejects.toThrow(
        /trial 0 cannot resume: it is held/,
      )
      await expect(other.take('b', () => ({ do: 'begin', number: 0, point: toyPoint(1) }))).rejects.toThrow(
        /trial 0 cannot begin: it is held/,
      )
      expect(await other.take('b', () => ({ do: 'wait' }))).toBe('wait')
    })

    test('a trial that was given back costs no try and keeps its reports', async () => {
      const { store, place } = await begun()
      const lease = await taken(store, beginning(0))
      await store.report(lease, { step: 1, value: 3 })
      await store.giveBack(lease)
      expect(await store.trials()).toMatchObject([{ state: 'running', held: false }])
      expect(await store.renew(lease)).toBe(false)
      const other = await place.open()
      const again = await taken(other, resuming(0), 'b')
      expect(again).toMatchObject({ number: 0, point: toyPoint(0), tries: 1, turn: 1 })
      expect(await other.renew(again)).toBe(true)
      // The earlier holder can no longer give it back. A result that it reports counts, since it is the same trial.
      await store.giveBack(lease)
      await store.pause(lease)
      expect(await other.trials()).toMatchObject([{ state: 'running', held: true, reports: [{ step: 1, value: 3 }] }])
      expect(await store.finish(lease, complete)).toBe(true)
      expect(await other.renew(again)).toBe(false)
      expect(await other.finish(again, { state: 'failed', reason: 'late' })).toBe(false)
      expect(await other.trials()).toMatchObject([complete])
    })

    test('a paused trial waits until a worker resumes it', async () => {
      const { store } = await begun()
      const lease = await taken(store, beginning(0))
      await store.report(lease, { step: 1, value: 3 })
      await store.pause(lease)
      await store.pause(lease)
      expect(await store.trials()).toMatchObject([{ state: 'paused', held: false }])
      expect(await taken(store, resuming(0))).toMatchObject({ number: 0, tries: 1 })
      expect(await store.trials()).toMatchObject([{ state: 'running', held: true, reports: [{ step: 1, value: 3 }] }])
    })

    test('a trial can end without being evaluated', async () => {
      const { store } = await begun()
      await store.pause(await taken(store, beginning(0)))
      const result = { state: 'pruned', reason: 'its rung is full' } as const
      const choose: Choose = ([trial]) =>
        trial.state === 'paused' ? { do: 'finish', number: 0, result } : { do: 'nothing' }
      expect(await store.take('a', choose)).toBe('nothing')
      expect(await store.trials()).toMatchObject([result])
    })

    test('a worker that takes another trial gives up the previous one', async () => {
      const { store } = await begun()
      await taken(store, beginning(0))
      await taken(store, beginning(1))
      expect((await store.trials()).map((t) => t.held)).toEqual([false, true])
      await taken(store, beginning(2), 'b')
      expect((await store.trials()).map((t) => t.held)).toEqual([false, true, true])
    })

    test('closing gives back held trials', async () => {
      const { store, place } = await begun()
      await taken(store, beginning(0))
      await store.finish(await taken(store, beginning(1), 'b'), complete)
      await store.close()
      const trials = await (await place.open()).trials()
      expect(trials).toMatchObject([{ state: 'running', held: false }, complete])
    })

    test('changes by another store object are visible at once', async () => {
      const { store, place } = await begun()
      const other = await place.open()
      const lease = await taken(store, beginning(0))
      for (let step = 1; step <= 3; step++) {
        await store.report(lease, { step, value: step })
        expect((await other.trials())[0].reports).toHaveLength(step)
      }
      await store.finish(lease, complete)
      expect(await other.trials()).toMatchObject([complete])
    })

    test('a whole study by three workers: each trial once, each a function of its number and point', async () => {
      const { store, place } = await begun(12)
      const stores = [store, await place.open(), await place.open()]
      await Promise.all(stores.map((s) => runStudy({ store: s, ...toyParts(), pollSeconds: 0.02 })))
      const trials = await store.trials()
      expect(trials.map((t) => t.number)).toEqual(Array.from({ length: 12 }, (_, i) => i))
      for (const t of trials) expect(t).toMatchObject({ state: 'complete', tries: 1, held: false })
      const alone = await Promise.all(
        trials.map(({ number, point }) =>
          toyParts().evaluator.evaluate(point, {
            number,
            seed: key(1, number),
            signal: new AbortController().signal,
            report: async () => {},
          }),
        ),
      )
      expect(trials.map((t) => t.values)).toEqual(alone.map((a) => a.values))
    })

    test('with one worker the same seed gives the same trials', async () => {
      const run = async () => lasting(await runStudy({ store: (await begun(8)).store, ...toyParts() }))
      expect(await run()).toEqual(await run())
    })

    if (features.places)
      test('it refuses another study, with both values, and accepts another number of trials', async () => {
        const { place, store } = await begun()
        await expect(place.open(toyStudy(3, 2))).rejects.toThrow(
          /: it holds another study \(toy\): its seed is 1, now it is 2: resume it with its own settings, or choose another place$/,
        )
        const space = { ...toySpace, choices: { ...toySpace.choices, x: { kind: 'real', low: -2, high: 3 } } } as const
        await expect(place.open(toyStudy(3, 1, { space }))).rejects.toThrow(
          /its space\.choices\.x\.high is 2, now it is 3:/,
        )
        await place.open(toyStudy(5))
        expect((await store.study()).trials).toBe(5)
        expect(await store.trials()).toEqual([])
      })

    if (features.deaths)
      test('the trial of a dead worker is resumed, and fails after the limit of tries', async () => {
        const { place, store } = await begun()
        await place.beginAndDie!(0)
        expect(await store.trials()).toMatchObject([{ state: 'running', held: false, tries: 1 }])
        const rules = { study: await store.study(), ...toyParts() }
        const lease = await taken(store, (trials) => nextWork({ ...rules, tries: 2 }, trials))
        expect(lease).toMatchObject({ number: 0, tries: 2 })
        await store.giveBack(lease)
        await place.beginAndDie!(1)
        const next = await taken(store, (trials) => nextWork({ ...rules, tries: 1 }, trials))
        expect(next.number).toBe(2)
        const reason = 'its worker ended once before it was done'
        expect(await store.trials()).toMatchObject([
          { state: 'failed', reason },
          { state: 'failed', reason },
          { state: 'running' },
        ])
      })
  })
}
