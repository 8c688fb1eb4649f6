import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lineOf } from '../../../src/search/study/folder/node-journal.ts'
import { isRunning, processName, startByPs } from '../../../src/search/study/folder/node-process.ts'
import { openStudy } from '../../../src/search/study/folder/node-store.ts'
import { runStudy } from '../../../src/search/study/study.ts'
import { bundleChild, kill, started } from './children.ts'
import { lasting, toyEvaluator, toyParts, toyStudy } from './toys.ts'

const top = mkdtempSync(join(tmpdir(), 'kinglet-journal-'))
afterAll(() => rmSync(top, { recursive: true, force: true }))
beforeAll(bundleChild)

let folders = 0
/** A folder with this journal. */
const withJournal = (bytes: Uint8Array | string) => {
  const folder = join(top, String(folders++))
  mkdirSync(folder)
  writeFileSync(join(folder, 'journal.jsonl'), bytes)
  return folder
}

/** The journal of a finished study of two trials, one of which failed. */
const small = async () => {
  const folder = join(top, String(folders++))
  const evaluator = toyEvaluator(async (number, step) => {
    if (number === 0 && step === 3) throw new Error('no')
  })
  const trials = await runStudy({ store: openStudy(folder, toyStudy(2)), ...toyParts({ evaluator }) })
  return { bytes: readFileSync(join(folder, 'journal.jsonl')), trials: lasting(trials) }
}

/** The number of the line that holds a byte, from 1. */
const lineAt = (bytes: Uint8Array, at: number) => bytes.subarray(0, at).filter((b) => b === 10).length + 1

/** Reads the journal in a folder from the start. */
const readAll = async (folder: string) => {
  const store = openStudy(folder)
  const trials = lasting(await store.trials())
  const damage = store.damage()
  await store.close()
  return { trials, damage }
}

type Lasting = ReturnType<typeof lasting>[number]

/** What remains of a trial when a record of it is lost. */
const without: Record<string, (trial: Lasting, found: Lasting) => unknown> = {
  // Its `finish` record has the point too.
  take: (trial) => trial,
  report: (trial, { reports }) => ({
    ...trial,
    reports: trial.reports.filter((r) => reports.some((f) => f.step === r.step)),
  }),
  finish: (trial) => ({ ...trial, state: 'running', values: undefined, reason: undefined }),
}

test('with any byte of the journal flipped, the line is reported and everything else is read', async () => {
  const { bytes, trials } = await small()
  const about = bytes
    .toString()
    .split('\n')
    .map((line) => /"kind":"(\w+)","number":(\d)/.exec(line)?.slice(1) ?? ['study', '-1'])
  const folder = withJournal(bytes)
  const wrong: unknown[] = []
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes)
    flipped[at] ^= 1 << (at % 8)
    writeFileSync(join(folder, 'journal.jsonl'), flipped)
    const found = await readAll(folder)
    const line = lineAt(bytes, at)
    const [kind, number] = about[line - 1]
    // A lost line break costs nothing: the start of the next line is recognised.
    const expected = trials.map((trial, i) =>
      bytes[at] === 10 || String(i) !== number ? trial : without[kind](trial, found.trials[i]),
    )
    if (found.damage[0]?.line !== line || !isDeepStrictEqual(found.trials, expected))
      wrong.push({ at, line, found, expected })
  }
  expect(wrong).toEqual([])
})

test('with the journal cut anywhere, everything before is read and the incomplete line is reported', async () => {
  const { bytes } = await small()
  const folder = withJournal(bytes)
  const head = bytes.indexOf(10)
  const wrong: unknown[] = []
  for (let length = 0; length < bytes.length; length++) {
    writeFileSync(join(folder, 'journal.jsonl'), bytes.subarray(0, length))
    if (length < head) {
      expect(() => openStudy(folder)).toThrow(/journal\.jsonl: it holds no study yet: begin one$/)
      continue
    }
    const { trials, damage } = await readAll(folder)
    const isBetween = bytes[length - 1] === 10 || bytes[length] === 10
    const expected = isBetween ? [] : [[lineAt(bytes, length), true]]
    const ends = `${bytes.subarray(0, length)}${isBetween ? '\n' : ''}`.split('\n').slice(0, -1)
    const ended = ends.filter((line) => line.includes('"kind":"finish"')).length
    const told = damage.map((d) => [d.line, d.isCutOff])
    if (!isDeepStrictEqual(told, expected) || trials.filter((t) => t.state !== 'running').length !== ended)
      wrong.push({ length, told, expected, trials, ended })
  }
  expect(wrong).toEqual([])
})

test('cut or damaged anywhere, the study resumes and ends with the same trials', async () => {
  const made = join(top, String(folders++))
  expect((await started(made, 'work', '3', '1', '0').ended).errors).toBe('')
  const bytes = readFileSync(join(made, 'journal.jsonl'))
  const expected = (await openStudy(made).trials()).map(({ state, point, values }) => ({ state, point, values }))
  const flipped = (at: number) => bytes.map((b, i) => (i === at ? b ^ 4 : b))
  for (let at = 7; at < bytes.length; at += 83) {
    for (const journal of [bytes.subarray(0, at), flipped(at)]) {
      const store = openStudy(withJournal(journal), toyStudy(3))
      const trials = await runStudy({ store, ...toyParts() })
      await store.close()
      expect(trials.map(({ state, point, values }) => ({ state, point, values }))).toEqual(expected)
    }
  }
})

describe('damage that cannot be repaired', () => {
  test('without a description of the study nothing is written', async () => {
    const { bytes } = await small()
    const lines = bytes.toString().split('\n')
    const damaged = [lines[0].replace('toy', 'tox'), lines[1].replace('toy', 'tox'), ...lines.slice(2)].join('\n')
    const folder = withJournal(damaged)
    const message =
      `${folder}/journal.jsonl: the lines that describe the study are damaged: restore a copy of the journal, ` +
      'or choose another folder'
    expect(() => openStudy(folder)).toThrow(message)
    expect(() => openStudy(folder, toyStudy(3))).toThrow(message)
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toBe(damaged)
  })

  test('a file of that name that is not a journal', () => {
    const folder = withJournal('{"kind": "something else"}\n')
    expect(() => openStudy(folder, toyStudy(3))).toThrow(/are damaged/)
  })

  test('a journal written by a newer Kinglet', async () => {
    const folder = withJournal(`${lineOf({ kind: 'study', format: 2 as 1, study: toyStudy(3) })}\n`)
    expect(() => openStudy(folder)).toThrow(
      `${folder}/journal.jsonl: a newer Kinglet wrote it (its format is 2, this one reads 1): update Kinglet`,
    )
  })

  test('a journal that shrinks while it is read', async () => {
    const { bytes } = await small()
    const folder = withJournal(bytes)
    const store = openStudy(folder)
    await store.trials()
    writeFileSync(join(folder, 'journal.jsonl'), bytes.subarray(0, 1000))
    await expect(store.trials()).rejects.toThrow(
      `${folder}/journal.jsonl: it has shrunk from ${bytes.length} to 1000 bytes: start again`,
    )
  })
})

test('the next writer marks the incomplete line of a killed process, which is not damage', async () => {
  const { bytes } = await small()
  const folder = withJournal(bytes.subarray(0, bytes.length - 30))
  const before = openStudy(folder).damage()
  const cut = {
    line: before[0].line,
    isCutOff: true,
    what: expect.stringMatching(/: its process ended while writing$/),
  }
  expect(before).toEqual([cut])
  const store = openStudy(folder, toyStudy(4))
  expect(store.damage()).toEqual([cut])
  expect((await store.study()).trials).toBe(4)
  expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8').split('\n')[cut.line - 1]).toMatch(/ <- cut off$/)
})

describe('folders that cannot be used', () => {
  test('a missing folder, a folder without a study, a file', () => {
    const file = join(withJournal(''), 'journal.jsonl')
    for (const folder of [join(top, 'nothing'), top, file])
      expect(() => openStudy(folder)).toThrow(
        `${folder}: there is no study: it has no journal.jsonl: begin one, or choose another folder`,
      )
    expect(() => openStudy(file, toyStudy(3))).toThrow(`${file} could not be written (EEXIST): a file has that name`)
  })

  test('a folder with another study', async () => {
    const folder = join(top, String(folders++))
    openStudy(folder, toyStudy(3))
    const algorithm = { ...toyParts().algorithm, name: 'tpe' }
    expect(() => openStudy(folder, toyStudy(3, 1, { algorithm }))).toThrow(
      `${folder}: it holds another study (toy): its algorithm.name is "toy", now it is "tpe": ` +
        'resume it with its own settings, or choose another place',
    )
    await expect(runStudy({ store: openStudy(folder), ...toyParts({ algorithm }) })).rejects.toThrow(
      /its algorithm\.name is "toy", now it is "tpe"/,
    )
  })

  test('a read-only folder can be read, and working on it reports the reason', async () => {
    const { bytes } = await small()
    const folder = withJournal(bytes)
    chmodSync(top, 0o755)
    chmodSync(join(folder, 'journal.jsonl'), 0o444)
    chmodSync(folder, 0o555)
    const { errors, code } = await started(folder, 'read-only').ended
    expect({ errors, code }).toEqual({ errors: '', code: 0 })
  })
})

describe('process names', () => {
  test('this process is running; an ended one is not, nor is another one with its number', async () => {
    const name = processName()
    expect(isRunning(`${name}.0/worker`)).toBe(true)
    expect(isRunning(`${process.pid}.00000000`)).toBe(false)
    const child = started(join(top, String(folders++)), 'hold', '0')
    const other = processName(child.process.pid)
    expect(isRunning(other)).toBe(true)
    await kill(child)
    expect(isRunning(other)).toBe(false)
    expect(isRunning('nonsense')).toBe(false)
  })

  test('without /proc, ps has the start time; without either, the number alone counts', () => {
    const name = processName(process.pid, () => 'Thu Nov 26 01:02:03 2026')
    expect(isRunning(name, () => 'Thu Nov 26 01:02:03 2026')).toBe(true)
    expect(isRunning(name, () => 'Thu Nov 26 01:02:04 2026')).toBe(false)
    expect(isRunning(name, () => undefined)).toBe(true)
    if (spawnSync('ps', ['-V']).status === 0)
      expect(startByPs(process.pid)).toMatch(/^\w{3} \w{3} +\d+ [\d:]{8} \d{4}$/)
  })
})
