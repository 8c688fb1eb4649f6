/** `kinglet bench`: times networks on this machine. */
import { Option } from 'commander'
import { type Quartiles, quartiles, Rng, size, turn, UsageError } from '../../core/index.ts'
import { engineOf, labelOf, networkArguments, timeRounds } from '../../door/index.ts'
import { type LayerTimes, timeLayers } from '../../door/reports/index.ts'
import type { Program } from '../../engine/index.ts'
import { analyse } from '../../graph/index.ts'
import type { Network } from '../../nn/index.ts'
import { bytes, percent } from '../../report/index.ts'
import { maxThreads } from '../../wasm/index.ts'
import { addNetworkOptions, openNetwork } from '../inputs/networks.ts'
import { abortable } from '../terminal/interrupt.ts'
import {
  addEngineOptions,
  addJsonOption,
  addSeedOption,
  type CommandDefinition,
  type EngineOptions,
  positiveInteger,
  wholeNumber,
} from '../terminal/options.ts'
import { Progress } from '../terminal/progress.ts'
import { type Column, type Io, paint, table } from '../terminal/terminal.ts'
import { layerColumns } from './layers.ts'

interface BenchOptions extends EngineOptions {
  readonly batch: number
  readonly rounds: number
  readonly warmup: number
  readonly seed: number
  readonly layers?: boolean
  readonly json?: boolean
}

interface Timed {
  readonly model: Network
  readonly batch: number
  /** Milliseconds for a batch. */
  readonly latencyMs: Quartiles
  readonly compileMs: number
  readonly imagesPerSecond: number
  /** Multiply-adds per second at the median, in units of 1e9. */
  readonly gmacs: number
  readonly memoryBytes: { readonly parameters: number; readonly arena: number }
}

const threadsInWords = (threads = maxThreads()): string => `${threads} ${threads === 1 ? 'thread' : 'threads'}`
const ms = (n: number): string => n.toFixed(n < 10 ? 3 : 1)

const columns: readonly Column<Timed>[] = [
  { title: 'network', cell: (t) => labelOf(t.model) },
  { title: 'median ms', align: 'right', cell: (t) => ms(t.latencyMs.median) },
  { title: 'quartiles', align: 'right', cell: (t) => `${ms(t.latencyMs.lower)} - ${ms(t.latencyMs.upper)}` },
  { title: 'images/s', align: 'right', cell: (t) => t.imagesPerSecond.toFixed(1) },
  { title: 'GMAC/s', align: 'right', cell: (t) => t.gmacs.toFixed(2) },
  { title: 'memory', align: 'right', cell: (t) => bytes(t.memoryBytes.parameters + t.memoryBytes.arena) },
]

/** Compiles and times all networks, and disposes of their programs. */
async function time(
  models: readonly Network[],
  options: BenchOptions,
  signal: AbortSignal,
  onRound: (done: number, of: number) => void,
): Promise<Timed[]> {
  const { batch, rounds, warmup, seed } = options
  const engine = engineOf(options)
  const programs: Program[] = []
  try {
    const bodies: (() => Promise<unknown>)[] = []
    const compileMs: number[] = []
    for (const model of models) {
      const began = performance.now()
      const program = await engine.compile(model.graph(batch), { weights: model.weights, freeze: true })
      compileMs.push(performance.now() - began)
      programs.push(program)
      const rng = new Rng(seed)
      const x = Float32Array.from({ length: batch * size(model.inputShape) }, () => rng.between(-1, 1))
      bodies.push(() => program.run({ x }))
    }
    const times = await timeRounds(bodies, { warmup, rounds, signal, onRound })
    return models.map((model, i) => {
      const latencyMs = quartiles(times[i])
      return {
        model,
        batch,
        latencyMs,
        compileMs: compileMs[i],
        imagesPerSecond: (1000 * batch) / latencyMs.median,
        gmacs: (batch * analyse(model.graph()).total.macs) / latencyMs.median / 1e6,
        memoryBytes: programs[i].memory,
      }
    })
  } finally {
    for (const program of programs) program.dispose()
  }
}

type OnRound = (done: number, of: number) => void

/** Times whole networks in interleaved rounds and prints the results. */
async function rounds(io: Io, models: readonly Network[], options: BenchOptions): Promise<void> {
  const timed = await withProgress(io, (signal, onRound) => time(models, options, signal, onRound))
  if (options.json) {
    printJson(io, timed)
    return
  }
  const threads = options.engine === 'wasm' ? `, ${threadsInWords(options.threads)}` : ''
  const head = `engine ${options.engine}${threads}, batch ${options.batch}, ${options.rounds} rounds`
  printTable(io, head, table(columns, timed))
}

/** Times the kernels of each network and prints the results. */
async function layers(io: Io, models: readonly Network[], options: BenchOptions): Promise<void> {
  if (options.engine !== 'wasm')
    throw new UsageError(`--layers: engine ${options.engine} has no kernels to time: use --engine wasm`)
  if (options.threads !== undefined && options.threads !== 1)
    throw new UsageError(`--layers: it measures one thread, --threads is ${options.threads}: leave --threads out`)
  const { batch, rounds, warmup, seed, deterministic } = options
  const timed: ({ readonly model: Network } & LayerTimes)[] = []
  await withProgress(io, async (signal, onRound) => {
    for (const model of models) {
      const onRun = async (done: number, of: number) => {
        onRound(done, of)
        await turn()
        signal.throwIfAborted()
      }
      timed.push({ model, ...(await timeLayers(model, { batch, rounds, warmup, seed, deterministic, onRun })) })
    }
  })
  if (options.json) {
    printJson(io, timed)
    return
  }
  for (const { model, latencyMs, gflops, limitGflops, shareOfLimit, fused, layers } of timed) {
    const head =
      `${labelOf(model)}, 1 thread, batch ${batch}, ${rounds} runs: ${ms(latencyMs.median)} ms, ` +
      `${gflops.toFixed(1)} GFLOP/s, ${percent(shareOfLimit, 0)} of ${limitGflops.toFixed(1)}, the limit of ` +
      `${fused ? 'fused ' : ''}multiply-adds in 128-bit vectors`
    printTable(io, head, table(layerColumns, layers))
  }
}

/** Runs `body` with a progress bar of its rounds. Ctrl-C aborts it. */
function withProgress<T>(io: Io, body: (signal: AbortSignal, onRound: OnRound) => Promise<T>): Promise<T> {
  const progress = new Progress(io)
  const onRound: OnRound = (done, total) => progress.update({ done, total, title: `round ${done}/${total}`, text: '' })
  return abortable(io, (signal) => body(signal, onRound).finally(() => progress.clear()))
}

function printJson(io: Io, timed: readonly { readonly model: Network }[]): void {
  const value = timed.map(({ model, ...rest }) => ({ network: labelOf(model), ...model.architecture, ...rest }))
  io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

function printTable(io: Io, head: string, [titles, ...lines]: readonly string[]): void {
  io.stdout.write([head, '', paint(io, io.stdout, 'dim', titles), ...lines, ''].join('\n'))
}

export const benchCommand: CommandDefinition = {
  name: 'bench',
  describe: (command, io) =>
    addJsonOption(addSeedOption(addEngineOptions(addNetworkOptions(command))))
      .description('Time networks against each other on this machine.')
      .argument('<networks...>', 'networks of "kinglet models", or model files')
      .addOption(new Option('--batch <n>', 'images per run').argParser(positiveInteger).default(1))
      .addOption(new Option('--rounds <n>', 'timed runs of each network').argParser(positiveInteger).default(30))
      .addOption(
        new Option('--warmup <n>', 'untimed runs of each network before that').argParser(wholeNumber).default(5),
      )
      .option('--layers', 'time each kernel and compare it with the limit of this machine (one thread)')
      .addHelpText(
        'after',
        `
Each round runs every network once, so that background load affects all of them alike. Network options apply to all
networks. Options for one network follow its name: mobilenet_v2:width=0.75,size=192.

--layers: a kernel cannot be faster than its multiply-adds at the limit (independent chains in 128-bit vectors, without
memory), or than reading its operands and writing its result once. The longer of the two times is its floor. Both limits
are measured in the same run. An operation is a multiply or an add: each multiply-add counts as two.

Examples:
  kinglet bench mobilenet_v1 mobilenet_v1_standard --threads 2
  kinglet bench mobilenet_v2 mobilenet_v2:width=0.5 --size 96 --batch 8
  kinglet bench mobilenet_v3_large --layers`,
      )
      .action(async (names: string[], options: BenchOptions) => {
        const given = networkArguments(options)
        const models: Network[] = []
        for (const name of names) models.push(await openNetwork(name, given))
        await (options.layers ? layers : rounds)(io, models, options)
      }),
}
