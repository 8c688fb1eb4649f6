/** The tables of docs/training.md match the code: every name, and the same defaults. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createProgram } from '../../src/cli/main.ts'
import { augmentationNames, augmentationOf } from '../../src/data/index.ts'
import {
  fit,
  openRun,
  optimizerNames,
  optimizerOf,
  readMetrics,
  scheduleNames,
  scheduleOf,
} from '../../src/train/node.ts'
import { ruleOf } from '../../src/train/optimizer.ts'
import { resolveTrainOptions } from '../../src/train/options.ts'
import { fakeIo } from '../cli/fake-io.ts'
import { textOf } from '../support/sources.ts'
import { eventsOf } from '../train/events.ts'
import { engine, failureOf, preprocessing, toyNet, toySet } from '../train/toys.ts'

const text = textOf('docs/training.md')

/** The rows of the table with this header, as lists of cells. */
function rowsOf(header: string): string[][] {
  const [, table] = text.split(`\n${header}\n`)
  const lines = table.split('\n')
  return lines.slice(1, lines.indexOf('')).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}
const namesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)

const learning = rowsOf('| option | default | command line | |')
const running = rowsOf('| option | |')
const folder = rowsOf('| option | default | |')

/** `momentum: 0.9, nesterov: true` */
const members = ({ name: _, ...options }: { readonly name: string }): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')
/** The names that an error suggests for an unknown one. */
const offered = (message: string): string[] => message.replace(/^.*: use /, '').split(/, | or /)

test('defaults of training options', () => {
  const options = { engine, preprocessing, epochs: 20 }
  const { optimizer, schedule, augmentation, ...plain } = resolveTrainOptions(toyNet(), 10_000, options)
  const named = augmentationNames.find((name) => JSON.stringify(augmentationOf(name)) === JSON.stringify(augmentation))
  expect(members(schedule)).toBe('warmup: 1, final: 0')
  const expected: Record<string, string> = {
    ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, JSON.stringify(value)])),
    optimizer: optimizer.name,
    schedule: `${schedule.name}\`, \`warmup: ${schedule.warmup}`,
    augmentation: named!,
  }
  for (const [option, value] of learning)
    expect([option, value]).toEqual([option, `\`${expected[namesIn(option)[0]]}\``])
})

test('every option of train and every flag is in the tables', async () => {
  const names = [...learning, ...running].flatMap(([option]) => namesIn(option))
  const message = await failureOf(() => fit(toyNet(), { train: toySet(6) }, { absent: 1 } as never))
  expect(names.sort()).toEqual([...offered(message), 'threads', 'deterministic'].sort())
  const io = fakeIo()
  const flags = createProgram(io)
    .commands.find((c) => c.name() === 'train')!
    .options.map((o) => o.long)
  for (const flag of learning.flatMap(([, , cell]) => namesIn(cell))) expect(flags).toContain(flag)
})

test('optimizers, schedules and augmentations, with their defaults', () => {
  expect(rowsOf('| optimizer | options | learningRate | weightDecay |')).toEqual(
    optimizerNames.map((name) => {
      const optimizer = optimizerOf(name)
      const { learningRate, weightDecay } = ruleOf(optimizer)
      return [`\`${name}\``, `\`${members(optimizer)}\``, `${learningRate}`, `${weightDecay}`]
    }),
  )
  expect(rowsOf('| schedule | options |')).toEqual(
    scheduleNames.map((name) => [`\`${name}\``, `\`${members(scheduleOf(name))}\``]),
  )
  expect(rowsOf('| augmentation | |')).toEqual(
    augmentationNames.map((name) => [`\`${name}\``, `\`${JSON.stringify(augmentationOf(name))}\``]),
  )
})

test('the run folder: options, files, members of metrics, tags of TensorBoard', async () => {
  const message = await failureOf(() => openRun('', { absent: 1 } as never))
  expect(folder.flatMap(([option]) => namesIn(option))).toEqual(offered(message))

  const run = mkdtempSync(join(tmpdir(), 'kinglet-docs-'))
  try {
    const data = { train: toySet(60), val: toySet(9, 2) }
    for await (const _ of fit(toyNet(), data, { engine, preprocessing, epochs: 1, batch: 6, store: openRun(run) }));
    const files = readdirSync(run).sort()
    const told = rowsOf('| file | what | when it is written |').map(([file]) => namesIn(file)[0])
    expect(files.map((name) => name.replace(/\d{10}/, '<seconds>'))).toEqual(told.sort())

    const lines = readMetrics(join(run, 'metrics.jsonl'))
    expect(lines.map((line) => [`\`${line.kind}\``, Object.keys(line)])).toEqual(
      rowsOf('| kind | members |').map(([kind, cell]) => [kind, namesIn(cell)]),
    )

    const events = eventsOf(readFileSync(join(run, files.find((name) => name.startsWith('events.'))!)))
    const tags = events.flatMap(({ scalars }) => Object.keys(scalars ?? {}))
    const [, section] = text.split('\n### TensorBoard\n')
    const shown = section.slice(0, section.indexOf('. After'))
    expect(namesIn(shown).slice(1)).toEqual(tags)
  } finally {
    rmSync(run, { recursive: true })
  }
})
