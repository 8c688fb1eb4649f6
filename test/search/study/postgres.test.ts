import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mostBytes } from '../../../src/search/study/postgres/node-files.ts'
import {
  listPostgresStudies,
  type OpenPostgresOptions,
  openPostgresStudy,
} from '../../../src/search/study/postgres/node-open.ts'
import type { Store, Work } from '../../../src/search/study/store.ts'
import { runStudy } from '../../../src/search/study/study.ts'
import { optional } from '../../support/optional.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { root } from '../../support/sources.ts'
import { begin, messageOf, nameOf, parts, studiesOn, study, take, takeUp } from './postgres-studies.ts'

const programs = optional('postgresql')

describe.skipIf(!programs)('a study in PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(programs!)
  })
  const { fresh, open, silence, close } = studiesOn(() => server)
  afterAll(async () => {
    await close()
    await server?.close()
  })

  test('runs until its trials have ended, while others read it', async () => {
    const address = await fresh()
    const store = await open(address)
    const other = await open(address, {})
    expect(store.place).toBe(`postgres://kinglet@127.0.0.1:${server.port}/${nameOf(address)}`)
    const seen: number[] = []
    const trials = await runStudy({
      ...parts,
      store,
      onProgress: async () => seen.push((await other.trials()).length),
    })
    expect(trials.map(({ state, tries }) => [state, tries])).toEqual(Array(4).fill(['complete', 1]))
    expect(trials.map(({ reports }) => reports.length)).toEqual([3, 3, 3, 3])
    expect(await other.trials()).toEqual(trials)
    expect(seen.length).toBe(8)
    const { files } = trials[2]
    expect(files).toEqual({ model: 'trials/2/model.txt' })
    expect(new TextDecoder().decode(await other.file(files!.model))).toBe(`x = ${trials[2].point.x}`)
    expect(await other.file('trials/2/checkpoint')).toBeUndefined()
    expect(await listPostgresStudies(address)).toEqual(['toy'])
    expect(await server.sql(nameOf(address), 'select count(*) from kinglet_queue.job')).toBe('0')
  })

  test('of two workers that want the same trial at the same time, one gets it', async () => {
    const address = await fresh()
    const [a, b] = [await open(address), await open(address)]
    const first = (store: Store) => store.take('main', (trials) => (trials.length ? { do: 'wait' } : begin(0)))
    for (let round = 0; round < 5; round++) {
      const got = await Promise.all([a, b, a, b].map((store, i) => (i < 2 ? first(store) : first(store))))
      if (round === 0) expect(got.filter((lease) => typeof lease === 'object')).toHaveLength(1)
      else expect(got).toEqual(Array(4).fill('wait'))
    }
    const [{ worker, held, tries }] = await b.trials()
    expect(worker).toMatch(/ [12]\/main$/)
    expect([held, tries]).toEqual([true, 1])
  })

  test('a dead worker’s trial resumes from its last checkpoint, and a late result of the dead worker counts once', async () => {
    const address = await fresh()
    const [a, b] = [await open(address), await open(address)]
    const before = await take(a, begin(0))
    expect(await messageOf(b.take('main', () => ({ do: 'resume', number: 0 })))).toBe(
      `${a.place}: trial 0 cannot resume: it is held`,
    )
    writeFileSync(join(before.folder!, 'checkpoint'), 'two epochs')
    await a.report(before, { step: 2, value: 0.5 })
    await silence(address)
    expect((await b.trials())[0].held).toBe(false)
    const after = await take(b, { do: 'resume', number: 0 })
    expect(after).toMatchObject({ number: 0, point: { x: 0 }, tries: 2, turn: 1 })
    expect(readFileSync(join(after.folder!, 'checkpoint'), 'utf8')).toBe('two epochs')
    expect(await a.renew(before)).toBe(false)
    expect(await b.renew(after)).toBe(true)
    await a.pause(before)
    await a.giveBack(before)
    expect((await b.trials())[0]).toMatchObject({ state: 'running', held: true, reports: [{ step: 2, value: 0.5 }] })
    expect(await b.finish(after, { state: 'complete', values: [1] })).toBe(true)
    expect(await a.finish(before, { state: 'complete', values: [2] })).toBe(false)
    expect((await a.trials())[0]).toMatchObject({ state: 'complete', values: [1], held: false })
  })

  test('a worker can renew an expired lease that nobody has taken', async () => {
    const address = await fresh()
    const store = await open(address)
    const lease = await take(store, begin(0))
    await silence(address)
    expect((await store.trials())[0].held).toBe(false)
    expect(await store.renew(lease)).toBe(true)
    expect((await store.trials())[0].held).toBe(true)
  })

  test('a lease is renewed while the files of its trial are being stored', async () => {
    const address = await fresh()
    const store = await open(address)
    const lease = await take(store, begin(0))
    await silence(address)
    // Simulates a report that takes longer than a lease: it locks the trial's row until the last byte is stored.
    const upload = new pg.Client(address)
    await upload.connect()
    try {
      await upload.query('begin')
      await upload.query('select 1 from kinglet.trial for update')
      expect(await store.renew(lease)).toBe(true)
      expect((await store.trials())[0].held).toBe(true)
    } finally {
      await upload.end()
    }
    await store.finish(lease, { state: 'complete', values: [1] })
    expect(await store.renew(lease)).toBe(false)
  })

  test('pausing and giving back store the folder', async () => {
    const address = await fresh()
    const store = await open(address)
    let lease = await take(store, begin(0))
    writeFileSync(join(lease.folder!, 'a'), 'one')
    await store.pause(lease)
    expect((await store.trials())[0]).toMatchObject({ state: 'paused', tries: 0, held: false })
    expect(existsSync(lease.folder!)).toBe(false)
    lease = await take(store, { do: 'resume', number: 0 })
    expect(readFileSync(join(lease.folder!, 'a'), 'utf8')).toBe('one')
    rmSync(join(lease.folder!, 'a'))
    const large = Buffer.alloc(9 * 2 ** 20, 'two')
    writeFileSync(join(lease.folder!, 'b'), large)
    await store.giveBack(lease)
    expect((await store.trials())[0]).toMatchObject({ state: 'running', tries: 0, held: false })
    lease = await take(store, { do: 'resume', number: 0 })
    expect(lease.tries).toBe(1)
    expect(existsSync(join(lease.folder!, 'a'))).toBe(false)
    expect(readFileSync(join(lease.folder!, 'b')).equals(large)).toBe(true)
  })

  test('a trial whose files cannot be fetched is given back unchanged', async () => {
    const address = await fresh()
    const store = await open(address)
    const lease = await take(store, begin(0))
    for (const name of ['a', 'b']) writeFileSync(join(lease.folder!, name), name)
    await store.pause(lease)
    const rename = (from: string, to: string) =>
      server.sql(nameOf(address), `update kinglet.file set name = ${to} where name = ${from}`)
    // No file system allows a name of that length. It fails like a full disk does for an ordinary file.
    const long = `repeat('n', 300)`
    await rename(`'b'`, long)
    expect(await messageOf(takeUp(store))).toMatch(/^ENAMETOOLONG/)
    expect((await store.trials())[0]).toMatchObject({ state: 'running', held: false, tries: 0 })
    expect(existsSync(lease.folder!)).toBe(false)
    await rename(long, `'b'`)
    const again = await take(store, { do: 'resume', number: 0 })
    expect(again.tries).toBe(1)
    for (const name of ['a', 'b']) expect(readFileSync(join(again.folder!, name), 'utf8')).toBe(name)
  })

  test('the files of a trial that ends without being evaluated are removed', async () => {
    const address = await fresh()
    const store = await open(address)
    const ends: readonly Work[] = [
      { do: 'finish', number: 0, result: { state: 'pruned', reason: 'others did better' } },
      { do: 'finish', number: 1, result: { state: 'failed', reason: 'its worker ended once before it was done' } },
    ]
    for (const end of ends) {
      const lease = await take(store, begin((end as { number: number }).number))
      writeFileSync(join(lease.folder!, 'checkpoint'), 'two epochs')
      await store.report(lease, { step: 2, value: 0.5 })
      if (lease.number === 0) await store.pause(lease)
    }
    await silence(address)
    expect(await server.sql(nameOf(address), 'select number, name from kinglet.file order by 1')).toBe(
      '0|checkpoint\n1|checkpoint',
    )
    const left = [...ends]
    expect(await store.take('other', () => left.shift() ?? { do: 'nothing' })).toBe('nothing')
    expect((await store.trials()).map(({ state }) => state)).toEqual(['pruned', 'failed'])
    expect(await server.sql(nameOf(address), 'select number, name from kinglet.file order by 1')).toBe('')
  })

  test('files that are too large are not stored, and a result that names one fails the trial', async () => {
    const address = await fresh()
    const notices: string[] = []
    const store = await open(address, { study: study(), notice: (text) => notices.push(text) })
    const lease = await take(store, begin(0))
    const large = `trial 0: its files are ${mostBytes + 1} bytes, a study in PostgreSQL keeps at most ${mostBytes} of a trial: keep fewer, or smaller ones`
    writeFileSync(join(lease.folder!, 'small'), 'kept')
    await store.report(lease, { step: 1, value: 1 })
    // A sparse file of that size.
    const grow = (bytes: number) => {
      writeFileSync(join(lease.folder!, 'large'), '')
      truncateSync(join(lease.folder!, 'large'), bytes)
    }
    grow(mostBytes + 1 - 4)
    await store.report(lease, { step: 2, value: 1 })
    expect(notices).toEqual([large])
    expect(new TextDecoder().decode(await store.file('trials/0/small'))).toBe('kept')
    grow(mostBytes + 1)
    await store.finish(lease, { state: 'complete', values: [1], files: { model: 'large' } })
    expect((await store.trials()).map(({ state, reason }) => [state, reason])).toEqual([['failed', large]])
    expect(await store.file('trials/0/small')).toBeUndefined()
  })

  test('another study of the same name is refused, and another number of trials is accepted', async () => {
    const address = await fresh()
    const store = await open(address)
    expect(await messageOf(openPostgresStudy(address, { study: study({ seed: 7, trials: 99 }) }))).toBe(
      `${store.place}: it holds another study (toy): its seed is 0, now it is 7: resume it with its own settings, or choose another place`,
    )
    expect((await store.study()).trials).toBe(4)
    await open(address, { study: study({ trials: 6 }) })
    expect(await store.study()).toEqual(study({ trials: 6 }))
    await open(address, { study: study({ name: 'second' }) })
    expect(await messageOf(openPostgresStudy(address))).toBe(
      `${store.place}: it has several studies: name one, toy or second`,
    )
    expect(await messageOf(openPostgresStudy(address, { name: 'third' }))).toBe(
      `${store.place}: there is no study third: it has toy, second`,
    )
    expect((await (await open(address, { name: 'second' })).study()).name).toBe('second')
  })

  test('each error that the user can fix is one sentence, without the password', async () => {
    const address = await fresh()
    const database = nameOf(address)
    const place = (user: string, db = database) => `postgres://${user}@127.0.0.1:${server.port}/${db}`
    await server.sql(database, `create role guest login password 'guest-word'`)
    const guest = server.address(database, 'guest', 'guest-word')
    const closed = address.replace(`:${server.port}/`, ':1/')
    const mistakes: readonly (readonly [string, OpenPostgresOptions, string])[] = [
      [
        `postgres://kinglet:${server.password}@`,
        {},
        'the address of the database cannot be read: write postgres://user@host:5432/database',
      ],
      [
        `mysql://kinglet:${server.password}@127.0.0.1/x`,
        {},
        'the address of the database begins with mysql:: write postgres://user@host:5432/database',
      ],
      ...['me%zz:100', 'me:100%', 'me:%ff'].map(
        (who) =>
          [
            `postgres://${who}@127.0.0.1/x`,
            {},
            'the address of the database has an invalid % (write a plain one as %25): write postgres://user@host:5432/database',
          ] as const,
      ),
      [
        closed,
        {},
        `${place('kinglet').replace(`:${server.port}/`, ':1/')}: no server answers there: check host and port, and that PostgreSQL runs and listens there`,
      ],
      [
        server.address(database, 'kinglet', 'wrong-word'),
        {},
        `${place('kinglet')}: the password of user kinglet is wrong: correct it in the address or in PGPASSWORD`,
      ],
      [
        server.address(database, 'kinglet', ''),
        {},
        `${place('kinglet')}: the server wants a password for user kinglet: put it into PGPASSWORD or the address`,
      ],
      [
        server.address('nowhere'),
        {},
        `${place('kinglet', 'nowhere')}: there is no database nowhere: create it with "createdb nowhere"`,
      ],
      [address, {}, `${place('kinglet')}: there is no study: begin one, or choose another database`],
      [
        guest,
        { study: study() },
        `${place('guest')}: user guest lacks a right (permission denied for database ${database}): its owner can give it: ` +
          `grant all on database ${database} to guest; and, where the study is another user's, grant all on the schemas kinglet and kinglet_queue`,
      ],
    ]
    for (const [at, options, message] of mistakes) {
      const said = await messageOf(openPostgresStudy(at, options))
      expect(said).toBe(message)
      for (const word of [server.password, 'wrong-word', 'guest-word']) expect(said).not.toContain(word)
    }
    await open(address)
    expect(await messageOf(openPostgresStudy(guest))).toMatch(
      /^postgres:\/\/guest@[^ ]+: user guest lacks a right \(permission denied for schema kinglet\)/,
    )
    await server.sql(database, 'update kinglet.version set version = 2')
    expect(await messageOf(openPostgresStudy(address))).toBe(
      `${place('kinglet')}: its tables are of version 2, this Kinglet has version 1: use the same Kinglet on all machines, or another database for new studies`,
    )
    await server.sql(database, 'update kinglet.version set version = 1; update kinglet_queue.version set version = 1')
    expect(await messageOf(openPostgresStudy(address))).toMatch(
      /: its queue was made by another version of pg-boss \(.+\): install the same Kinglet and the same pg-boss on all machines$/,
    )
    expect(await messageOf(openPostgresStudy(address, { leaseSeconds: 5 }))).toBe(
      'leaseSeconds is 5: it must be a whole number, 10 or more',
    )
  })

  test('without the packages, the error says how to install them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kinglet-bare-'))
    try {
      const outfile = join(folder, 'open.mjs')
      buildSync({
        ...{ entryPoints: [join(root, 'src/search/study/postgres/node-open.ts')], outfile, packages: 'external' },
        ...{ bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' },
      })
      const code = `const { openPostgresStudy } = await import(process.argv[1])
        await openPostgresStudy('postgres://me@127.0.0.1/x').catch((error) => console.log(error.message))`
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code, outfile], { encoding: 'utf8' })
      expect(stdout).toBe(
        'studies in PostgreSQL need the package pg, which is not installed: npm install pg pg-boss@12\n',
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
