import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { openPostgresStudy } from '../../src/search/study/postgres/node-open.ts'
import { studyOf } from '../../src/search/study/study.ts'
import { folderOf } from '../data/make.ts'
import { lossOf, partsWith } from '../search/study/postgres-toys.ts'
import { optional } from '../support/optional.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { root } from '../support/sources.ts'
import { fakeIo } from './fake-io.ts'
import { kinglet, pictures, smallSpace } from './make.ts'

const programs = optional('postgresql')

test('arguments other than a database address are refused', async () => {
  const { code, errors } = await kinglet('worker', 'folder', '--parts', 'study.js')
  expect([code, errors]).toEqual([
    2,
    'error: kinglet worker needs the address of a database: write postgres://user@host:5432/database\n',
  ])
  const none = await kinglet('worker', 'postgres://me:secret@127.0.0.1/x', '--parts', 'nowhere.js')
  expect([none.code, none.errors]).toEqual([
    2,
    'error: --parts: nowhere.js: there is no such file: give the path of a module\n',
  ])
  const neither = await kinglet('worker', 'postgres://me@127.0.0.1/x')
  expect([neither.code, neither.errors]).toEqual([
    2,
    'error: kinglet worker: give --data for a study that kinglet search created, or --parts for a custom study\n',
  ])
})

describe.skipIf(!programs)('workers on a study in PostgreSQL', () => {
  let server: PostgresServer
  let folder: string
  let [program, parts, log] = ['', '', '']
  beforeAll(async () => {
    server = await startPostgres(programs!)
    // Below the repository, so that the packages resolve.
    mkdirSync(join(root, 'dist'), { recursive: true })
    folder = mkdtempSync(join(root, 'dist/.try-'))
    ;[program, parts, log] = ['kinglet.mjs', 'parts.mjs', 'log'].map((name) => join(folder, name))
    const bundle = (contents: string, outfile: string) =>
      build({
        ...{ stdin: { contents, resolveDir: root, loader: 'ts' }, outfile, packages: 'external' },
        ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20' },
      })
    await bundle(`import { main } from './src/cli/main.ts'\nprocess.exit(await main(process.argv.slice(2)))`, program)
    await bundle(
      `import { partsWith } from './test/search/study/postgres-toys.ts'
       export default () => partsWith('blind', { stepMs: 60, log: ${JSON.stringify(log)} })`,
      parts,
    )
  })
  afterAll(async () => {
    await server?.close()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  const begin = async (name: string, trials: number) => {
    const address = await server.database(name)
    const study = studyOf({ name: 'toy', trials, ...partsWith('blind') })
    return { address, store: await openPostgresStudy(address, { study, leaseSeconds: 10 }) }
  }

  test('three workers share the trials; one is killed, and another resumes its trial from the checkpoint', async () => {
    writeFileSync(log, '')
    const { address, store } = await begin('farm', 24)
    const workers = [1, 2, 3].map(() => {
      const child = spawn(process.execPath, [program, 'worker', address, '--parts', parts, '--lease', '10'])
      const said = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text))
      return { child, said, end: new Promise<number | null>((resolve) => child.on('close', resolve)) }
    })
    // The worker is killed after the second step of its trial.
    const isMidway = ({ said }: (typeof workers)[number]) => {
      const number = /trial (\d+): started[^\n]*\n$/.exec(said.stderr)?.[1]
      return number !== undefined && readFileSync(log, 'utf8').includes(`${number} 2\n`) ? number : undefined
    }
    let victim: (typeof workers)[number] | undefined
    while (!victim) {
      await sleep(5)
      victim = workers.find((worker) => isMidway(worker) !== undefined)
    }
    const number = Number(isMidway(victim))
    victim.child.kill('SIGKILL')
    await victim.end
    expect(await Promise.all(workers.map(({ end }) => end))).toEqual(
      workers.map((worker) => (worker === victim ? null : 0)),
    )
    const trials = await store.trials()
    expect(trials.map(({ state }) => state)).toEqual(Array(24).fill('complete'))
    for (const { values, point } of trials) expect(values).toEqual([lossOf(point)])
    expect(trials[number].tries).toBeLessThanOrEqual(2)
    const steps = readFileSync(log, 'utf8').split('\n')
    if (trials[number].tries === 2) expect(steps.filter((line) => line === `${number} 1`)).toHaveLength(1)
    for (const { said } of workers.filter((worker) => worker !== victim)) {
      expect(said.stdout).toBe('study toy: 24 complete, 0 pruned, 0 failed\n')
      expect(said.stderr).toContain(`${store.place}: study toy, 24 trials\n`)
      expect(said.stderr + said.stdout).not.toContain(server.password)
    }
    await store.close()
  })

  test('Ctrl-C returns the trial', async () => {
    const { address, store } = await begin('stopped', 8)
    const io = fakeIo()
    const code = main(['worker', address, '--parts', parts, '--lease', '10'], io)
    while (!(await store.trials()).some(({ number, held }) => held && number === 2)) await sleep(20)
    expect(io.interrupt()).toBe(true)
    expect(await code).toBe(130)
    expect(io.errors).toContain('Returning the trial. (Ctrl-C again ends at once)')
    expect(io.errors).toMatch(/Interrupted: its trials were returned to the other workers\.\n$/)
    for (const { state, tries, held } of (await store.trials()).slice(2))
      expect([state, tries, held]).toEqual(['running', 0, false])
    const { code: done, output } = await kinglet('worker', address, '--parts', parts, '--json')
    expect([done, JSON.parse(output)]).toEqual([0, { study: 'toy', complete: 8, pruned: 0, failed: 0 }])
    await store.close()
  })

  test('a worker resumes a stopped search, given only the images', async () => {
    const address = await server.database('search')
    const photos = folderOf(await pictures(10, ['across', 'down']))
    const [out, undisturbed] = [join(folderOf({}), 'found'), join(folderOf({}), 'undisturbed')]
    const search = (to: string, ...more: string[]) => [
      ...['search', '--data', photos, '--space', smallSpace(), '--epochs', '3', '--size', '16', '--threads', '1'],
      ...['--minimize', 'macs', '--budget', 'parameters=200k', '--trials', '4', '--study', 'small'],
      ...['--target', 'macs=300k', '--pruner', 'asha', '--json', '--out', to, ...more],
    ]
    const io = fakeIo()
    const stderr = {
      ...io.stderr,
      write(text: string) {
        io.stderr.write(text)
        if (/^trial 0 /m.test(text)) io.interrupt()
      },
    }
    expect(await main(search(out, '--database', address), { ...io, stderr })).toBe(130)
    expect(io.errors).toMatch(/Interrupted\. Run the same command again to resume postgres:.*\/search\.\n$/)

    const others = folderOf(await pictures(8, ['across', 'down']))
    const wrong = await kinglet('worker', address, '--data', others, '--threads', '1')
    expect([wrong.code, wrong.errors]).toEqual([
      1,
      expect.stringMatching(
        /^error: --data \S+: these are not the images of study small, which has 18 of 2 classes \(across, down\): here are 14 of 2 \(across, down\)$/m,
      ),
    ])
    const worker = await kinglet('worker', address, '--data', photos, '--threads', '1', '--json')
    const { complete, pruned, failed } = JSON.parse(worker.output)
    expect([worker.code, complete + pruned, failed]).toEqual([0, 4, 0])
    // The worker prunes as the search does.
    expect(pruned).toBeGreaterThan(0)

    const frontOf = ({ code, output }: { code: number; output: string }) => {
      expect(code).toBe(0)
      return JSON.parse(output).front.map((t: { number: number; point: object; values: number[] }) => [
        t.number,
        t.point,
        t.values,
      ])
    }
    const ended = await kinglet(...search(out, '--database', address))
    expect(frontOf(ended)).toEqual(frontOf(await kinglet(...search(undisturbed))))
    for (const { model } of JSON.parse(ended.output).front)
      expect(readModelFile(readFileSync(model)).classes).toEqual(['across', 'down'])
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('What mattered')
  }, 300_000)

  test('a study that kinglet search did not create needs --parts', async () => {
    const { address, store } = await begin('library', 1)
    const { code, errors } = await kinglet('worker', address, '--data', folderOf({}))
    expect([code, errors.split('\n').slice(1).join('\n')]).toEqual([
      1,
      'error: study toy: kinglet search did not create it: give its parts with --parts\n',
    ])
    await store.close()
  })

  test('a module without parts and an unreachable server each give one sentence', async () => {
    const wrong = join(folder, 'wrong.mjs')
    writeFileSync(wrong, 'export const parts = 1\n')
    const { address, store } = await begin('mistakes', 1)
    const said = await kinglet('worker', address, '--parts', wrong)
    expect([said.code, said.errors]).toEqual([
      2,
      `error: --parts: ${wrong} has no function as its default export: write export default (study) => ({ space, algorithm, evaluator })\n`,
    ])
    const away = await kinglet('worker', address.replace(/:\d+\//, ':1/'), '--parts', parts)
    expect([away.code, away.errors]).toEqual([
      1,
      'error: postgres://kinglet@127.0.0.1:1/mistakes: no server answers there: check host and port, and that PostgreSQL runs and listens there\n',
    ])
    await store.close()
  })
})
