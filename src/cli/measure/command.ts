/** `kinglet measure`: times each layer on this device, or on the device of a browser, and writes a latency table. */
import { existsSync, readFileSync } from 'node:fs'
import { Option } from 'commander'
import { engineOf } from '../../door/index.ts'
import {
  assertMeasuredWith,
  checkSums,
  engineTimer,
  entryKey,
  entryOf,
  type LatencyTable,
  type MeasuredWith,
  measureUnits,
  readTable,
  unitKey,
  writeTable,
} from '../../latency/index.ts'
import { measuredHere } from '../../latency/node.ts'
import { writeFileAtomic } from '../../platform/node/index.ts'
import { maxThreads } from '../../wasm/index.ts'
import { addNetworkOptions } from '../inputs/networks.ts'
import { Interrupted, interruptible } from '../terminal/interrupt.ts'
import {
  addJsonOption,
  addSeedOption,
  type CommandDefinition,
  portNumber,
  positiveInteger,
  probability,
  wholeNumber,
} from '../terminal/options.ts'
import { Progress } from '../terminal/progress.ts'
import type { Io } from '../terminal/terminal.ts'
import { measureInBrowser } from './browser.ts'
import { fileOf, printTable } from './result.ts'
import { type MeasureOptions, type Task, taskOf } from './task.ts'

const emptyTable = (what: MeasuredWith): LatencyTable => ({
  ...what,
  created: new Date().toISOString(),
  referenceMs: 0,
  entries: [],
})

/** Reads the table of this device in `out`, which the command extends; returns an empty table if there is no file. */
function openTable(out: string, here: MeasuredWith): LatencyTable {
  if (!existsSync(out)) return emptyTable(here)
  const found = readTable(readFileSync(out, 'utf8'), out)
  assertMeasuredWith(found, here, out, 'name another file with --out')
  return found
}

/** Measures the layers that the table lacks. Writes the table to `out` after each group. */
async function measureInto(io: Io, out: string, before: LatencyTable, { plan }: Task, options: MeasureOptions) {
  const { rounds, runs } = options
  let table = before
  const measured = new Map(before.entries.map((entry) => [entryKey(entry), entry.ms]))
  const lacking = plan.filter((unit) => !measured.has(unitKey(unit)))
  const found = plan.flatMap((unit) => {
    const ms = measured.get(unitKey(unit))
    return ms ? [{ unit, ms }] : []
  })
  if (lacking.length < plan.length)
    io.stderr.write(`${out}: ${plan.length - lacking.length} of ${plan.length} layers are already measured\n`)
  const progress = new Progress(io)
  const onProgress = (done: number, total: number) =>
    progress.update({ done, total, title: `layer ${done}/${total}`, text: '' })
  const notice = 'Stopping: measured layers are saved.'
  await interruptible(io, notice, async (signal) => {
    const timer = engineTimer(engineOf({ threads: before.threads }))
    const { referenceMs } = before
    try {
      for await (const group of measureUnits(timer, lacking, {
        ...{ rounds, runs, signal, onProgress, ...(found.length > 0 && { before: { measured: found, referenceMs } }) },
      })) {
        const added = group.measured.map(({ unit, ms }) => entryOf(unit, ms))
        table = { ...table, referenceMs: group.referenceMs, entries: [...table.entries, ...added] }
        writeFileAtomic(out, new TextEncoder().encode(writeTable(table)))
      }
    } catch (error) {
      if (!signal.aborted) throw error
      throw new Interrupted(
        `Interrupted: ${out} has ${table.entries.length - before.entries.length} new layers; run the same command again to resume.`,
      )
    } finally {
      progress.clear()
    }
  })
  return table
}

/** Times whole networks and compares them with the sums of their layers. */
async function check(io: Io, table: LatencyTable, { checked }: Task, options: MeasureOptions) {
  const { rounds, runs } = options
  const progress = new Progress(io)
  const onProgress = (done: number, total: number) =>
    progress.update({ done, total, title: `network ${done}/${total}`, text: '' })
  return interruptible(io, 'Stopping: the table is saved.', async (signal) => {
    try {
      const timer = engineTimer(engineOf({ threads: table.threads }))
      const models = checked.map(({ model }) => model)
      return await checkSums(timer, table, models, { rounds, runs, signal, onProgress })
    } catch (error) {
      if (signal.aborted) throw new Interrupted('Interrupted: the table is saved.')
      throw error
    } finally {
      progress.clear()
    }
  })
}

export const measureCommand: CommandDefinition = {
  name: 'measure',
  describe: (command, io) =>
    addJsonOption(addSeedOption(addNetworkOptions(command)))
      .description('Time each layer of networks, on this device or in a browser, and write a latency table.')
      .argument('[networks...]', 'networks of "kinglet models", or model files')
      .option('--space <names>', 'measure all networks of a search space instead (names as in "kinglet search")')
      .option('--out <file>', 'file of the table (default: named after the device); an existing table is extended')
      .addOption(new Option('--threads <n>', 'number of threads (default: one per core)').argParser(positiveInteger))
      .addOption(
        new Option(
          '--down-to <share>',
          'also measure channel counts down to this share of the full count (for "kinglet adapt")',
        )
          .argParser(probability)
          .default(1),
      )
      .addOption(
        new Option('--check <n>', 'maximum number of whole networks to compare with their sums')
          .argParser(wholeNumber)
          .default(30),
      )
      .addOption(new Option('--rounds <n>', 'bursts per layer').argParser(positiveInteger).default(9))
      .addOption(
        new Option('--runs <n>', 'runs per burst; the fastest one counts').argParser(positiveInteger).default(3),
      )
      .option('--browser', 'serve a page that measures the device that opens it')
      .addOption(
        new Option('--host <name>', 'address to serve the page on; 0.0.0.0 admits other devices').default('127.0.0.1'),
      )
      .addOption(
        new Option('--port <n>', 'port to serve the page on; 0 picks a free one').argParser(portNumber).default(0),
      )
      .addHelpText(
        'after',
        `
Each distinct layer is measured once, however often it occurs. With --space or --down-to, the command measures a few
channel counts and interpolates between them. It also times whole networks and prints the error of the sums over their
layers. Ctrl-C saves the measured layers; run the same command again to resume.

--browser prints the address of a page, as text and as a QR code, and waits for the table that the page sends. Only this
machine can open the page, unless --host allows others. A page can use several threads only on this machine or over
https.

Examples:
  kinglet measure mobilenet_v3_small mobilenet_v3_large --threads 1 --out laptop.json
  kinglet measure --space v3-small --size 96 --threads 1
  kinglet measure mobilenet_v3_small --browser --host 0.0.0.0`,
      )
      .action(async (names: string[], options: MeasureOptions) => {
        const task = await taskOf(names, options)
        if (options.browser) return measureInBrowser(io, task, options)
        const here = measuredHere(options.threads ?? maxThreads())
        const out = options.out ?? fileOf(here)
        const table = await measureInto(io, out, openTable(out, here), task, options)
        const checked = task.checked.length > 0 ? await check(io, table, task, options) : []
        const rows = checked.map((row, i) => ({ ...row, name: task.checked[i].name }))
        printTable(io, out, table, rows, options.json ?? false)
      }),
}
