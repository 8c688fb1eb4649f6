/** `kinglet measure`: how long each layer takes on this device, or on that of a browser, as a table. */
import { existsSync, readFileSync } from 'node:fs'
import { Option } from 'commander'
import { renderUnicodeCompact } from 'uqr'
import { UsageError } from '../../core/index.ts'
import { engineOf, labelOf, networkArguments, type PagePlan } from '../../door/index.ts'
import { assertNetworks, drawNetworks, openSpace, planOfSpace } from '../../door/plans/node.ts'
import { graphToJson } from '../../graph/json/index.ts'
import {
  type Agreement,
  agreementOf,
  assertMeasuredWith,
  type CheckedNetwork,
  checkedNetwork,
  checkSums,
  describeTable,
  engineTimer,
  entryKey,
  entryOf,
  type LatencyTable,
  latencyOf,
  type MeasuredWith,
  measureUnits,
  planOf,
  readTable,
  type Unit,
  unitKey,
  unitsOf,
  writeTable,
} from '../../latency/index.ts'
import { measuredHere } from '../../latency/node.ts'
import type { Network } from '../../nn/index.ts'
import { writeFileAtomic } from '../../platform/node/index.ts'
import { percent } from '../../report/index.ts'
import { networkOf } from '../../search/space/index.ts'
import { maxThreads } from '../../wasm/index.ts'
import { addNetworkOptions, openNetwork } from '../inputs/networks.ts'
import { Interrupted, interruptible } from '../terminal/interrupt.ts'
import {
  addJsonOption,
  addSeedOption,
  type CommandDefinition,
  flagName,
  portNumber,
  positiveInteger,
  probability,
  wholeNumber,
} from '../terminal/options.ts'
import { Progress } from '../terminal/progress.ts'
import { type Column, type Io, table as lines, paint } from '../terminal/terminal.ts'
import { serveMeasurePage } from './server.ts'

interface MeasureOptions {
  readonly space?: string
  readonly out?: string
  readonly threads?: number
  readonly downTo: number
  readonly check: number
  readonly rounds: number
  readonly runs: number
  readonly seed: number
  readonly browser?: boolean
  readonly host: string
  readonly port: number
  readonly json?: boolean
}

interface Named {
  readonly name: string
  readonly model: Network
}

interface Task {
  readonly plan: readonly Unit[]
  /** Networks whose sums are held against their own times. */
  readonly checked: readonly Named[]
}

/** What is to be measured, and what is checked with it. */
async function taskOf(names: readonly string[], options: MeasureOptions): Promise<Task> {
  const given = networkArguments(options)
  const { space: name, downTo, check, seed } = options
  if (name && names.length > 0)
    throw new UsageError(`--space ${name}: it stands in the place of networks, ${names[0]} is one: leave one out`)
  if (name) {
    const space = openSpace(name, typeof given.size === 'number' ? given.size : undefined, flagName)
    assertNetworks(space, flagName)
    const { width, ...rest } = given
    if (width !== undefined) throw new UsageError(`--width: space ${name} has widths of its own: leave it out`)
    const build = (point: Parameters<typeof networkOf>[1]) => networkOf(space, point, rest)
    return { plan: planOfSpace(space, build, seed), checked: drawNetworks(space, build, check, seed) }
  }
  if (names.length === 0)
    throw new UsageError(`measure: no network is named: give some of "kinglet models", model files, or --space`)
  const models: Network[] = []
  for (const text of names) models.push(await openNetwork(text, given))
  return {
    plan: planOf(models.flatMap(unitsOf), { downTo }),
    checked: models.slice(0, check).map((model) => ({ name: labelOf(model), model })),
  }
}

const slug = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase()

/** The file that a table has where none is named: after the device. */
export const fileOf = ({ device, threads }: MeasuredWith): string =>
  `latency-${slug(device.name).slice(0, 60) || 'device'}-${threads}t.json`

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

const ms = (n: number): string => n.toFixed(n < 10 ? 3 : 1)
const signed = (n: number): string => `${n < 0 ? '-' : '+'}${percent(Math.abs(n), 1)}`

interface CheckRow extends CheckedNetwork {
  readonly name: string
}
const columns: readonly Column<CheckRow>[] = [
  { title: 'network', cell: (r) => r.name },
  { title: 'sum ms', align: 'right', cell: (r) => ms(r.sumMs) },
  { title: 'whole ms', align: 'right', cell: (r) => ms(r.wholeMs.median) },
  { title: 'quartiles', align: 'right', cell: (r) => `${ms(r.wholeMs.lower)} - ${ms(r.wholeMs.upper)}` },
  { title: 'error', align: 'right', cell: (r) => signed(r.error) },
]

const agreementLine = ({ medianError, worstError, rankCorrelation }: Agreement): string =>
  `error of the sum: ${percent(medianError, 1)} at the median, ${percent(worstError, 1)} at worst` +
  (rankCorrelation === undefined ? '' : `; Spearman's rank correlation ${rankCorrelation.toFixed(3)}`)

function report(io: Io, out: string, table: LatencyTable, rows: readonly CheckRow[], json: boolean): void {
  const agreement = rows.length > 0 ? agreementOf(rows) : undefined
  if (json) {
    const networks = rows.map(({ model, ...row }) => ({ ...row, ...model.architecture }))
    const { entries, ...head } = table
    io.stdout.write(`${JSON.stringify({ out, ...head, layers: entries.length, networks, agreement }, undefined, 2)}\n`)
    return
  }
  io.stdout.write(`${out}: ${table.entries.length} layers; ${describeTable(table)}\n`)
  if (!agreement) return
  const [titles, ...rest] = lines(columns, rows)
  io.stdout.write(['', paint(io, io.stdout, 'dim', titles), ...rest, '', agreementLine(agreement), ''].join('\n'))
}

/** What a page is told of a network. */
function toldOf({ architecture, declared }: Network): PagePlan['networks'][number] {
  if (architecture) return architecture
  const { json, tensors } = graphToJson(declared)
  const constants = [...tensors].map(([name, { shape, data }]) => [name, { shape, values: Array.from(data, Number) }])
  return { graph: json, constants: Object.fromEntries(constants) }
}

/** Has a page measure the plan and time the networks, and keeps the table that it sends. */
async function measureInBrowser(io: Io, { plan, checked }: Task, options: MeasureOptions): Promise<void> {
  const { rounds, runs, threads, host, port, json = false } = options
  const networks = checked.map(({ model }) => toldOf(model))
  const server = await serveMeasurePage({ units: plan, networks, threads, timing: { rounds, runs } }, { host, port })
  try {
    const [first, ...others] = server.addresses
    io.stderr.write(`Open this page on the device (${plan.length} layers):\n\n  ${first}\n`)
    for (const address of others) io.stderr.write(`  ${address}\n`)
    io.stderr.write(`\n${renderUnicodeCompact(first)}\n\nWaiting for its table; Ctrl-C stops.\n`)
    const { table, wholes } = await interruptible(io, 'Stopping.', (signal) => {
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new Interrupted('Interrupted: no table came.')))
      })
      return Promise.race([server.answer, stopped])
    })
    const out = options.out ?? fileOf(table)
    writeFileAtomic(out, new TextEncoder().encode(writeTable(table)))
    const rows = checked.map(({ name, model }, i) => ({
      name,
      ...checkedNetwork(model, latencyOf(table, model), wholes[i]),
    }))
    report(io, out, table, rows, json)
  } finally {
    server.close()
  }
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
        report(io, out, table, rows, options.json ?? false)
      }),
}
