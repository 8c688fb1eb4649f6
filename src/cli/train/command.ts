/** `kinglet train`: trains a network on a folder of images and writes a model file and a report. */
import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { UsageError, version } from '../../core/index.ts'
import { type LoaderPool, type PreprocessingName, preprocessingNames } from '../../data/index.ts'
import { formatReport, loaderPool, openDataset } from '../../data/node.ts'
import { costsOf, engineOf, labelOf, networkArguments, smallImage } from '../../door/index.ts'
import { batchOf, defaultModel, planTraining } from '../../door/plans/index.ts'
import { answerSamples, pictureOf, selectSamples, trainingReport } from '../../door/reports/node.ts'
import type { Network } from '../../nn/index.ts'
import { writeFileAtomic } from '../../platform/node/index.ts'
import { count, percent, reportPage, short } from '../../report/index.ts'
import { type Evaluation, evaluate, fit, openRun, runFiles } from '../../train/node.ts'
import { addNetworkOptions, openModelFile } from '../inputs/networks.ts'
import { assertUsable, bestOf, epochsOf, type RunFolderOptions } from '../inputs/run-folder.ts'
import { Interrupted, interruptible } from '../terminal/interrupt.ts'
import {
  addEngineOptions,
  addJsonOption,
  addSeedOption,
  type CommandDefinition,
  choice,
  type EngineOptions,
  flagName,
  fraction,
  positiveInteger,
} from '../terminal/options.ts'
import type { Io } from '../terminal/terminal.ts'
import { addTrainingOptions, type LearningOptions, learningOptions } from './options.ts'
import { showTraining } from './progress.ts'

interface TrainCommandOptions extends EngineOptions, LearningOptions, RunFolderOptions {
  readonly model?: string
  readonly from?: string
  readonly preprocessing?: PreprocessingName
  readonly seed: number
  readonly validation: number
  readonly strict?: boolean
  readonly json?: boolean
}

interface Trained {
  readonly network: Network
  readonly evaluation: Evaluation
  readonly part: string
}

async function run(
  io: Io,
  folder: string,
  options: TrainCommandOptions,
  pool: LoaderPool,
  signal: AbortSignal,
): Promise<Trained> {
  const { out, resume = false, force = false, validation, seed, strict, epochs, from } = options
  const engine = engineOf(options)
  const opened = await openDataset(folder, { pool, validation, seed, strict, signal })
  if (opened.report.issues.length > 0) io.stderr.write(`${formatReport(opened.report)}\n`)
  const { classes, train, val } = opened
  const asked = {
    ...{ seed, build: networkArguments(options) },
    ...(options.model !== undefined && { model: options.model }),
    ...(from !== undefined && { from: { name: from, model: await openModelFile(from) } }),
    ...(options.preprocessing !== undefined && { preprocessing: options.preprocessing }),
  }
  const { network, preprocessing, transferred } = await planTraining(opened, asked, flagName)
  if (transferred) {
    const [taken, anew] = [transferred.loaded, transferred.anew].map(({ length }) => count(length))
    io.stderr.write(`${from}: ${taken} tensors loaded, ${anew} newly initialised\n`)
  }
  const costs = costsOf(network)
  const { parameters, macs } = costs.analysis.total
  io.stderr.write(
    `${labelOf(network)}: ${short(parameters)} parameters, ${short(macs)} multiply-adds an image\n` +
      `${count(train.length)} images of ${classes.length} classes, ${count(val?.length ?? 0)} held out\n`,
  )
  const isSmall = Math.min(...preprocessing.size) <= smallImage
  const store = openRun(out, {
    resume,
    force,
    trainedOn: basename(resolve(folder)),
    ...(from !== undefined && { from }),
  })
  const settings = {
    batch: batchOf(train.length),
    augmentation: isSmall ? ('light' as const) : ('standard' as const),
    ...learningOptions(options),
    ...{ engine, epochs, preprocessing, pool, seed, store, signal },
  }
  const began = performance.now()
  const { last } = await showTraining(io, fit(network, { train, ...(val && { val }) }, settings), 'validation')
  const seconds = (performance.now() - began) / 1000

  const [data, part] = val ? ([val, 'validation'] as const) : ([train, 'training'] as const)
  const use = { engine, preprocessing, pool, signal }
  const evaluation = last?.validation ?? (await evaluate(network, data, use))
  const samples = await answerSamples(network, data, { ...use, top: Math.min(3, classes.length) })
  const report = await trainingReport({
    title: `${basename(resolve(folder))}: ${percent(evaluation.top1)}`,
    subtitle: labelOf(network),
    ...{ part, epochs: epochsOf(out), seconds, evaluation, costs, data },
    notes: [],
    pictureOf,
    samples: selectSamples(samples, Math.min(12, Math.max(6, classes.length))),
    provenance: [
      ['made by', `Kinglet ${version}, kinglet train`],
      ['when', new Date().toISOString()],
      ['data', `${resolve(folder)}: ${count(train.length)} training and ${count(val?.length ?? 0)} validation images`],
      ['training', `${epochs} epochs, seed ${seed}`],
      ['machine', `Node ${process.versions.node}, ${process.arch}, engine ${options.engine}`],
    ],
  })
  writeFileAtomic(join(out, 'report.html'), new TextEncoder().encode(reportPage(report)))
  return { network, evaluation, part }
}

function printResult(io: Io, { evaluation, part }: Trained, { out, json }: TrainCommandOptions): void {
  const best = bestOf(out)
  const files = { model: join(out, runFiles.model), ...(best && { best: best.path }), report: join(out, 'report.html') }
  if (json) {
    const bestEpoch = best && { epoch: best.epoch, top1: best.top1 }
    const said = { ...files, epochs: epochsOf(out), bestEpoch, part, evaluation }
    io.stdout.write(`${JSON.stringify(said, undefined, 2)}\n`)
    return
  }
  io.stdout.write(`top-1 ${percent(evaluation.top1)} on ${count(evaluation.count)} ${part} images\n`)
  for (const [what, path] of Object.entries(files)) {
    const which = best?.path === path ? ` (epoch ${best.epoch}, ${percent(best.top1)})` : ''
    io.stdout.write(`${what.padEnd(6)}  ${path}${which}\n`)
  }
}

export const trainCommand: CommandDefinition = {
  name: 'train',
  describe: (command, io) =>
    addJsonOption(
      addSeedOption(
        addEngineOptions(addTrainingOptions(addNetworkOptions(modelOptions(command), ['classes', 'convolution']))),
      ),
    )
      .description('Train a network on a folder of images.')
      .argument('<data>', 'a folder for each class (photos/cat/1.jpg), or MNIST or CIFAR files')
      .addHelpText(
        'after',
        `
The run folder (--out) holds model.safetensors (after the last epoch), best.safetensors (the most accurate epoch on the
held-out images), report.html, metrics.jsonl, TensorBoard events, and the checkpoint for --resume. Ctrl-C finishes the
current step and writes the checkpoint.

Examples:
  kinglet train photos --model mobilenet_v3_small --epochs 20 --out run
  kinglet train photos --epochs 20 --out run --resume
  kinglet train pets --from run/model.safetensors --freeze stem,blocks --epochs 5 --out tuned`,
      )
      .action(async (folder: string, options: TrainCommandOptions) => {
        const { from, model, out, resume, force } = options
        if (from !== undefined && model !== undefined)
          throw new UsageError(`--model: ${from} already defines the network: leave --model or --from out`)
        if (resume && force) throw new UsageError('--resume continues a run, --force replaces it: leave one out')
        assertUsable(options)
        await interruptible(io, 'Finishing this step and writing the checkpoint.', async (signal) => {
          try {
            await using pool = loaderPool()
            printResult(io, await run(io, folder, options, pool, signal), options)
          } catch (error) {
            if (!signal.aborted || error !== signal.reason) throw error
            const isKept = existsSync(join(out, runFiles.checkpoint))
            throw new Interrupted(
              isKept
                ? `Interrupted. Run the same command with --resume to continue ${out}.`
                : 'Interrupted: nothing was saved.',
            )
          }
        })
      }),
}

const modelOptions = (command: Command) =>
  command
    .option('--model <network>', `a network of "kinglet models" (default: ${defaultModel})`)
    .option('--from <file>', 'start from the network and weights of a model file (fine-tuning)')
    .addOption(new Option('--epochs <n>', 'passes over the training images').argParser(positiveInteger).default(20))
    .option('--out <folder>', 'run folder', 'run')
    .option('--resume', 'resume the run in the run folder')
    .option('--force', 'replace the run in the run folder')
    .addOption(
      new Option('--validation <fraction>', 'share of each class to hold out, if the folder has no split')
        .argParser(fraction)
        .default(0.1),
    )
    .addOption(
      new Option('--preprocessing <name>', `preprocessing of images: ${preprocessingNames.join(', ')}`).argParser(
        choice(preprocessingNames),
      ),
    )
    .option('--strict', 'treat damaged images, empty classes and similar problems as errors')
