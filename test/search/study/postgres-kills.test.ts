import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../../src/search/study/memory.ts'
import { openPostgresStudy } from '../../../src/search/study/postgres/node-open.ts'
import type { Lease, StoredTrial, Study } from '../../../src/search/study/store.ts'
import { runStudy, studyOf } from '../../../src/search/study/study.ts'
import { testAll } from '../../support/all.ts'
import { optional } from '../../support/optional.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { root } from '../../support/sources.ts'
import { seatsOf } from './postgres-studies.ts'
import { type algorithms, lossOf, partsWith } from './postgres-toys.ts'

const programs = optional('postgresql')
/**
 * With `--all` a hundred kills. There is at least one trial for each, so that most processes are killed in the middle
 * of one.
 */
const kills = testAll ? { three: 70, one: 30 } : { three: 20, one: 10 }
type AlgorithmName = keyof typeof algorithms

describe.skipIf(!programs)('killed (kill -9) at random moments', () => {
  let server: PostgresServer
  let folder: string
  let child: string
  beforeAll(async () => {
    server = await startPostgres(programs!)
    // Inside the repository, so that packages resolve.
    mkdirSync(join(root, 'dist'), { recursive: true })
    folder = mkdtempSync(join(root, 'dist/.try-'))
    child = join(folder, 'child.mjs')
    buildSync({
      ...{ entryPoints: [join(root, 'test/search/study/postgres-child.ts')], outfile: child, packages: 'external' },
      ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20' },
    })
  })
  afterAll(async () => {
    await server?.close()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  const study = (algorithm: AlgorithmName, trials: number) =>
    studyOf({ name: 'toy', trials, seed: 5, ...partsWith(algorithm) })

  /** Workers that are restarted whenever they are killed. */
  class Farm {
    readonly ends: string
    kills = 0
    readonly #start: () => ChildProcess
    readonly #running = new Map<ChildProcess, Promise<unknown>>()
    readonly #killed = new Set<ChildProcess>()
    /** Exit codes or signals of the workers that the test did not kill. */
    readonly #ends: (number | string | null)[] = []
    readonly #ready = new Map<ChildProcess, Promise<unknown>>()

    constructor(address: string, algorithm: AlgorithmName, trials: number, stepMs: number) {
      this.ends = join(folder, `${address.slice(address.lastIndexOf('/') + 1)}.txt`)
      this.#start = () =>
        spawn(process.execPath, [child, address, algorithm, String(trials), String(stepMs), this.ends], {
          stdio: ['ignore', 'pipe', 'inherit'],
          // A killed worker leaves the folders of its trials.
          env: { ...process.env, TMPDIR: folder },
        })
    }

    hire(workers: number): void {
      for (let i = 0; i < workers; i++) {
        const worker = this.#start()
        this.#ready.set(worker, new Promise((resolve) => worker.stdout!.once('data', resolve).once('close', resolve)))
        const ended = new Promise<void>((resolve) =>
          worker.on('close', (code, signal) => {
            this.#running.delete(worker)
            if (!(this.#killed.has(worker) && signal === 'SIGKILL')) this.#ends.push(code ?? signal)
            resolve()
          }),
        )
        this.#running.set(worker, ended)
      }
    }

    /** Waits until each worker has found the study. None may have been killed. */
    async ready(): Promise<void> {
      await Promise.all(this.#ready.values())
    }

    /** Kills one worker: with probability 1/4 at any moment, else within `ms` after it found the study. */
    async kill(ms: number): Promise<void> {
      const all = [...this.#running]
      if (all.length === 0) return
      const [worker, ended] = all[Math.floor(Math.random() * all.length)]
      if (Math.random() < 0.75) await this.#ready.get(worker)
      await sleep(Math.random() * ms)
      if (worker.kill('SIGKILL')) {
        this.kills++
        this.#killed.add(worker)
      }
      await ended
    }

    get size(): number {
      return this.#running.size
    }

    /** Waits until all workers have ended by themselves. No worker may have failed, now or earlier. */
    async done(): Promise<void> {
      await Promise.all(this.#running.values())
      expect(this.#ends.filter((end) => end !== 0)).toEqual([])
    }
  }

  const begin = async (database: string, of: Study) => {
    const address = await server.database(database)
    const store = await openPostgresStudy(address, { study: of, leaseSeconds: 10 })
    return { address, store }
  }

  /** Every trial is there with its own value, and none has two results that counted. */
  function expectWhole(trials: readonly StoredTrial[], wanted: number, ends: string): void {
    expect(trials.map(({ number }) => number)).toEqual(Array.from({ length: wanted }, (_, i) => i))
    for (const trial of trials) {
      expect(trial).toMatchObject({ state: 'complete', values: [lossOf(trial.point)], held: false })
      expect(trial.reports.map(({ step }) => step)).toEqual([1, 2, 3])
    }
    const counted = existsSync(ends) ? readFileSync(ends, 'utf8').trim().split('\n') : []
    expect(new Set(counted).size).toBe(counted.length)
  }

  test(`three workers killed ${kills.three} times: no trial is lost, none counts twice`, {
    timeout: 300_000,
  }, async () => {
    const trials = 2 * kills.three
    // The workers start the study, and some are killed while they do.
    const address = await server.database('many')
    const farm = new Farm(address, 'blind', trials, 40)
    farm.hire(3)
    while (farm.kills < kills.three && farm.size > 0) {
      await farm.kill(300)
      farm.hire(3 - farm.size)
    }
    await farm.done()
    const store = await openPostgresStudy(address)
    const found = await store.trials()
    console.log(`${farm.kills} kills, ${found.filter(({ tries }) => tries > 1).length} trials resumed after one`)
    expectWhole(found, trials, farm.ends)
    await store.close()
  })

  test(`one worker killed ${kills.one} times: the same trials as without kills`, {
    timeout: 300_000,
  }, async () => {
    const trials = 0.8 * kills.one
    const wanted = study('told', trials)
    const undisturbed = await runStudy({ ...partsWith('told'), store: memoryStore(wanted) })
    const { address, store } = await begin('one', wanted)
    const farm = new Farm(address, 'told', trials, 60)
    farm.hire(1)
    while (farm.kills < kills.one && farm.size > 0) {
      await farm.kill(300)
      farm.hire(1 - farm.size)
    }
    await farm.done()
    const found = await store.trials()
    expectWhole(found, trials, farm.ends)
    expect(found.map(({ point, values, reports }) => ({ point, values, reports }))).toEqual(
      undisturbed.map(({ point, values, reports }) => ({ point, values, reports })),
    )
    await store.close()
  })

  test('when the server is stopped and restarted, workers wait and continue', async () => {
    const trials = 30
    const { address, store } = await begin('stopped', study('blind', trials))
    const farm = new Farm(address, 'blind', trials, 40)
    farm.hire(3)
    await farm.ready()
    for (const how of ['immediate', 'fast'] as const) {
      const before = (await store.trials()).length
      while ((await store.trials()).length < before + 4) await sleep(50)
      await server.stop(how)
      await sleep(1000)
      await server.start()
    }
    await farm.done()
    expectWhole(await store.trials(), trials, farm.ends)
    await store.close()
  })

  test('workers that wait for the trial of another one also survive a restart of the server', async () => {
    const address = await server.database('waiting')
    const store = await openPostgresStudy(address, { study: study('blind', 1), leaseSeconds: 600 })
    const lease = (await store.take('main', () => ({ do: 'begin', number: 0, point: { x: 0.5 } }))) as Lease
    const farm = new Farm(address, 'blind', 1, 40)
    farm.hire(3)
    await farm.ready()
    for (const how of ['immediate', 'fast'] as const) {
      // Every worker with a seat has asked for a trial, and there is none.
      await expect.poll(() => seatsOf(server, address), { timeout: 60_000 }).toBe('4')
      await server.stop(how)
      await sleep(1000)
      await server.start()
    }
    expect(farm.size).toBe(3)
    await store.giveBack(lease)
    await farm.done()
    expectWhole(await store.trials(), 1, farm.ends)
    await store.close()
  })
})
