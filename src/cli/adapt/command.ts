/** `kinglet adapt`: shrinks a trained network with NetAdapt until it meets a budget, and reports each step. */
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { assert, UsageError, version } from '../../core/index.ts'
import type { Dataset, LoaderPool, Preprocessing } from '../../data/index.ts'
import { formatReport, loaderPool, openDataset } from '../../data/node.ts'
import { engineOf, labelOf, smallImage } from '../../door/index.ts'
import { assertTableOfBudget, batchOf, openTable, resourceOfBudget } from '../../door/plans/node.ts'
import { type Adapted, adaptationPage } from '../../door/reports/index.ts'
import { contentsOf, provenanceNow, writeModelFile } from '../../formats/index.ts'
import { showBudget, showResource } from '../../latency/index.ts'
import type { Network } from '../../nn/index.ts'
import { writeFileAtomic } from '../../platform/node/index.ts'
import { adapt, fineTuningRate } from '../../prune/index.ts'
import { adaptFiles, openAdaptation } from '../../prune/node.ts'
import { count, percent, short } from '../../report/index.ts'
import { type EvaluateOptions, evaluate, fit, openRun, runFiles } from '../../train/node.ts'
import { openModelFile } from '../inputs/networks.ts'
import { assertOwnFolder } from '../inputs/run-folder.ts'
import { Interrupted, interruptible } from '../terminal/interrupt.ts'
import {
  addEngineOptions,
  addJsonOption,
  addSeedOption,
  type CommandDefinition,
  flagName,
} from '../terminal/options.ts'
import { type Io, table } from '../terminal/terminal.ts'
import { learningOptions } from '../train/options.ts'
import { showTraining } from '../train/progress.ts'
import { type AdaptCommandOptions, addAdaptOptions, addFineTuningOptions } from './options.ts'
import { showAdaptation } from './progress.ts'

/** Files that the command writes beside those of `adaptFiles`. */
const files = { long: 'long', model: 'adapted.safetensors', report: 'curve.html' } as const

/** True for files of a run; `--out` may hold no others. */
const isOurs = (name: string): boolean =>
  /^step-\d+\.safetensors$/.test(name) ||
  name === adaptFiles.trying ||
  (Object.values(files) as string[]).includes(name)

interface Surroundings {
  readonly io: Io
  readonly pool: LoaderPool
  readonly signal: AbortSignal
}

async function run({ io, pool, signal }: Surroundings, path: string, options: AdaptCommandOptions): Promise<Adapted> {
  const { data, budget, out, force = false, seed, validation, strict, epochs } = options
  if (!force) assertOwnFolder(out, adaptFiles.curve, isOurs)
  const { network, classes, preprocessing } = await openModelFile(path)
  assertTableOfBudget(budget, options.table, flagName)
  const resource = resourceOfBudget(budget, openTable(options.table), network, flagName)
  const engine = engineOf(options)
  const opened = await openDataset(data, { pool, classes, validation, seed, strict, signal })
  if (opened.report.issues.length > 0) io.stderr.write(`${formatReport(opened.report)}\n`)
  const { train, val = train } = opened
  const now = resource.value(network)
  assert(
    now > budget.most,
    () =>
      `${path}: it has ${showResource(budget.resource, now)}, which meets the budget of ${showBudget(budget)}: give a smaller budget, ` +
      'or train it further with kinglet train --from',
  )
  io.stderr.write(
    `${labelOf(network)}: ${showResource(budget.resource, now)}, budget: ${showBudget(budget)}\n` +
      `${count(train.length)} images of ${classes.length} classes, ${count(val.length)} to validate\n`,
  )
  const isSmall = Math.min(...preprocessing.size) <= smallImage
  const learning = {
    batch: batchOf(train.length),
    learningRate: fineTuningRate(options.optimizer),
    augmentation: isSmall ? ('light' as const) : ('standard' as const),
    ...learningOptions(options),
  }
  const kept = { trainedOn: basename(resolve(data)), from: path }
  const { steps, holdout, multiple, proposals, selection, pace: name, delta, decay } = options
  const adapting = adapt(network, train, {
    ...{ engine, preprocessing, pool, signal, seed, resource, budget: budget.most },
    ...{ steps, holdout, multiple, proposals, selection, training: learning },
    pace: { name, delta, ...(decay !== undefined && { decay }) },
    store: openAdaptation(out, { force, ...kept }),
  })
  const { points, model } = await showAdaptation(io, adapting, budget)

  const use = { engine, preprocessing, pool, signal }
  const before = (await evaluate(network, val, use)).top1
  if (epochs > 0) {
    const long = join(out, files.long)
    const resume = !force && existsSync(join(long, runFiles.checkpoint))
    const store = openRun(long, { ...(resume ? { resume } : { force: true }), ...kept })
    const settings = { ...learning, ...use, epochs, seed, store }
    await showTraining(io, fit(model, { train, val }, settings), 'validation')
  }
  const after = await finish(path, model, { classes, preprocessing, train, val }, use, options)
  const adapted = { points, before, after, images: val.length }
  const page = adaptationPage({
    ...{ ...adapted, name: basename(path), budget, given: network, last: model },
    provenance: [
      ['made by', `Kinglet ${version}, kinglet adapt`],
      ['when', new Date().toISOString()],
      ['data', resolve(data)],
      ['run', `proposals ${proposals}, selection ${selection}, pace ${name}`],
      ['fine-tuning', `${steps} steps for each proposal, ${epochs} epochs at the end, seed ${seed}`],
    ],
  })
  writeFileAtomic(join(out, files.report), new TextEncoder().encode(page))
  return adapted
}

/** Evaluates the last network and writes its model file. */
async function finish(
  from: string,
  model: Network,
  set: {
    readonly classes: readonly string[]
    readonly preprocessing: Preprocessing
    readonly train: Dataset
    readonly val: Dataset
  },
  use: EvaluateOptions,
  { out, data, epochs, seed }: AdaptCommandOptions,
): Promise<number> {
  const { classes, preprocessing, train, val } = set
  const { top1 } = await evaluate(model, val, use)
  const provenance = provenanceNow({
    ...{ trainedOn: basename(resolve(data)), from, images: train.length, epochs, seed },
    ...{ accuracy: top1, evaluatedOn: val.length },
  })
  const bytes = writeModelFile({ ...contentsOf(model), classes, preprocessing, provenance })
  writeFileAtomic(join(out, files.model), bytes)
  return top1
}

function printResult(
  io: Io,
  { points, before, after, images }: Adapted,
  { out, budget, json }: AdaptCommandOptions,
): void {
  const [first, last] = [points[0], points[points.length - 1]]
  const left = { model: join(out, files.model), curve: join(out, adaptFiles.curve), report: join(out, files.report) }
  if (json) {
    const said = { ...left, points, validation: { before, after, images } }
    io.stdout.write(`${JSON.stringify(said, undefined, 2)}\n`)
    return
  }
  const rows = [
    { name: 'before', top1: before, ...first },
    { name: 'after', top1: after, ...last },
  ]
  const lines = table(
    [
      { title: '', cell: (r) => r.name },
      { title: budget.resource, align: 'right', cell: (r) => showResource(budget.resource, r.resource) },
      { title: 'macs', align: 'right', cell: (r) => short(r.macs) },
      { title: 'parameters', align: 'right', cell: (r) => short(r.parameters) },
      { title: `top-1 of ${count(images)}`, align: 'right', cell: (r) => percent(r.top1) },
    ],
    rows,
  )
  const paths = Object.entries(left).map(([what, path]) => `${what.padEnd(6)}  ${path}`)
  io.stdout.write([...lines, '', ...paths, ''].join('\n'))
}

export const adaptCommand: CommandDefinition = {
  name: 'adapt',
  describe: (command, io) =>
    addJsonOption(addSeedOption(addEngineOptions(addFineTuningOptions(addAdaptOptions(command)))))
      .description('Shrink a trained network layer by layer until it meets a budget (NetAdapt).')
      .addHelpText(
        'after',
        `
The run folder (--out) holds a model file for each step (step-001.safetensors), curve.json and the final fine-tuning
(long/). At the end it also holds adapted.safetensors and curve.html. To resume a run that was interrupted or killed,
run the same command again.

Examples:
  kinglet adapt run/model.safetensors --data photos --budget macs=5M
  kinglet adapt run/model.safetensors --data photos --budget latency=2ms --table phone.json --multiple 8
  kinglet adapt run/model.safetensors --data photos --budget size=500kB --proposals v3 --selection ratio --pace decay`,
      )
      .action(async (path: string, options: AdaptCommandOptions) => {
        if (options.decay !== undefined && options.pace !== 'decay')
          throw new UsageError(`--decay: pace ${options.pace} has no decay: leave --decay out, or give --pace decay`)
        const { out } = options
        await interruptible(io, 'Finishing this step of training.', async (signal) => {
          try {
            await using pool = loaderPool()
            printResult(io, await run({ io, pool, signal }, path, options), options)
          } catch (error) {
            if (!signal.aborted || error !== signal.reason) throw error
            throw new Interrupted(
              existsSync(join(out, adaptFiles.curve))
                ? `Interrupted. Run the same command again to resume ${out}.`
                : 'Interrupted: nothing was saved.',
            )
          }
        })
      }),
}
