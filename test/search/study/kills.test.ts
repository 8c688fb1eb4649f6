/** Kills processes (`kill -9`) at random moments while they work on a study in a folder: 30 times, with `--all` 100. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { key, Rng } from '../../../src/core/index.ts'
import { openStudy } from '../../../src/search/study/folder/node-store.ts'
import { memoryStore } from '../../../src/search/study/memory.ts'
import { runStudy } from '../../../src/search/study/study.ts'
import { testAll } from '../../support/all.ts'
import { bundleChild, kill, started } from './children.ts'
import { lasting, toyLoss, toyParts, toyStudy } from './toys.ts'

const top = mkdtempSync(join(tmpdir(), 'kinglet-kills-'))
afterAll(() => rmSync(top, { recursive: true, force: true }))
/** Starts up to a hundred processes, which takes seconds on an idle machine and minutes on a busy one. */
vi.setConfig({ testTimeout: 300_000 })
const wanted = testAll ? 50 : 15
beforeAll(bundleChild)

const undisturbed = (trials: number, seed: number) =>
  runStudy({ store: memoryStore(toyStudy(trials, seed)), ...toyParts() })

/** Starts a process on the study and kills it after a random time. True if it was killed before it ended. */
async function killedAtWork(folder: string, trials: number, seed: number, rng: Rng): Promise<boolean> {
  const child = started(folder, 'work', String(trials), String(seed), String(rng.integer(1000)))
  await child.said('ready')
  await sleep(50 * rng.uniform())
  child.process.kill('SIGKILL')
  const { code, signal, errors } = await child.ended
  if (code) throw new Error(errors)
  return signal === 'SIGKILL'
}

test(`one worker, ${wanted} kills: the study ends with the same trials as without kills`, async () => {
  const rng = new Rng(50)
  let kills = 0
  for (let seed = 1; kills < wanted; seed++) {
    const folder = join(top, `one-${seed}`)
    while (kills < wanted && (await killedAtWork(folder, 40, seed, rng))) kills++
    expect((await started(folder, 'work', '40', String(seed), '0').ended).errors).toBe('')
    const store = openStudy(folder)
    expect(lasting(await store.trials())).toEqual(lasting(await undisturbed(40, seed)))
    expect(store.damage().filter((d) => !d.isCutOff)).toEqual([])
  }
})

test(`three workers, ${wanted} kills: no trial is lost or doubled, and each is a function of its number and point`, async () => {
  const rng = new Rng(51)
  let kills = 0
  for (let seed = 1; kills < wanted; seed++) {
    const folder = join(top, `three-${seed}`)
    const work = async () => {
      while (kills < wanted && (await killedAtWork(folder, 60, seed, rng))) kills++
    }
    await Promise.all([work(), work(), work()])
    expect((await started(folder, 'work', '60', String(seed), '0').ended).errors).toBe('')
    const trials = await openStudy(folder).trials()
    expect(trials.map((t) => t.number)).toEqual(Array.from({ length: 60 }, (_, i) => i))
    for (const { state, values, point, number, reports } of trials) {
      const loss = toyLoss(point) + key(seed, number) / 2 ** 40
      expect({ state, values, steps: reports.map((r) => r.step) }).toEqual({
        state: 'complete',
        values: [loss],
        steps: [1, 2, 3],
      })
    }
  }
})

test('a process killed while it starts the study starts it the next time', async () => {
  for (const delay of [0, 2, 4, 6, 8, 10]) {
    const folder = join(top, `begin-${delay}`)
    const child = started(folder, 'work', '4', '1', '0')
    await child.said('ready')
    await sleep(delay)
    await kill(child)
    expect((await started(folder, 'work', '4', '1', '0').ended).errors).toBe('')
    expect(lasting(await openStudy(folder).trials())).toEqual(lasting(await undisturbed(4, 1)))
  }
})
