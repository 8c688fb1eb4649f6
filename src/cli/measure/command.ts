/** `kinglet measure`: how long each layer takes on this device, or on that of a browser, as a table. */
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

/** The table that `out` has of this device, to go on with; an empty one where there is none. */
function openTable(out: string, here: MeasuredWith): LatencyTable {
  if (!existsSync(out)) return emptyTable(here)
  const found = readTable(readFileSync(out, 'utf8'), out)
  assertMeasuredWith(found, here, out, 'name another file with --out')
  return found
}

/** Measures what the table lacks, keeping it in `out` as it grows. */
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
    io.stderr.write(`${out}: ${plan.length - lacking.length} of ${plan.length} layers are measured already\n`)
  const progress = new Progress(io)
  const onProgress = (done: number, total: number) =>
    progress.update({ done, total, title: `layer ${done}/${total}`, text: '' })
  const notice = 'Stopping: what is measured is kept.'
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
        `Interrupted: ${out} has ${table.entries.length - before.entries.length} layers more; the same command goes on.`,
      )
    } finally {
      progress.clear()
    }
  })
  return table
}

/** Times whole networks beside their sums. */
async function check(io: Io, table: LatencyTable, { checked }: Task, options: MeasureOptions) {
  const { rounds, runs } = options
  const progress = new Progress(io)
  const onProgress = (done: number, total: number) =>
    progress.update({ done, total, title: `network ${done}/${total}`, text: '' })
  return interruptible(io, 'Stopping: the table is kept.', async (signal) => {
    try {
      const timer = engineTimer(engineOf({ threads: table.threads }))
      const models = checked.map(({ model }) => model)
      return await checkSums(timer, table, models, { rounds, runs, signal, onProgress })
    } catch (error) {
      if (signal.aborted) throw new Interrupted('Interrupted: the table is kept.')
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
      .description('Time each layer of networks on this device, or on that of a browser, and write a table of them.')
      .argument('[networks...]', 'networks of "kinglet models", or model files')
      .option('--space <names>', 'all networks of a search space, as "kinglet search" takes it, in the place of some')
      .option('--out <file>', 'the table (default: named after the device); one that is there is gone on with')
      .addOption(
        new Option('--threads <n>', 'threads that share the work (default: one for each core)').argParser(
          positiveInteger,
        ),
      )
      .addOption(
        new Option(
          '--down-to <share>',
          "channel counts down to this share of the networks' own too (for kinglet adapt)",
        )
          .argParser(probability)
          .default(1),
      )
      .addOption(
        new Option('--check <n>', 'whole networks that are timed beside their sums, at most')
          .argParser(wholeNumber)
          .default(30),
      )
      .addOption(new Option('--rounds <n>', 'bursts of each layer').argParser(positiveInteger).default(9))
      .addOption(
        new Option('--runs <n>', 'runs of a burst, of which the fastest counts').argParser(positiveInteger).default(3),
      )
      .option('--browser', 'serve a page that measures the device on which it is opened')
      .addOption(
        new Option('--host <name>', 'where that page is served: 0.0.0.0 for other devices').default('127.0.0.1'),
      )
      .addOption(new Option('--port <n>', 'the same (0: any that is free)').argParser(portNumber).default(0))
      .addHelpText(
        'after',
        `
Each distinct layer is measured once, however often it occurs. With --space or --down-to, a few channel counts are
measured and those between are interpolated. Whole networks are timed beside the sums over their layers, and the error
of the sums is printed. Ctrl-C keeps what is measured; the same command goes on.

--browser prints the address of a page, as text and as a QR code, and waits until the page that was opened there has
sent its table. Only this machine can open it, unless --host says otherwise. A page has several threads only from this
machine or from https.

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
