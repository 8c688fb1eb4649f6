/**
 * `npm start`: every stage on real images in about two minutes. Trains a small MobileNet V3 on a slice of
 * Fashion-MNIST, compares its cost with that of its twin of standard convolutions, classifies a few images, and writes
 * a model file and a report.
 */
import { basename, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Command, CommanderError, Option } from 'commander'
import { version } from '../../core/index.ts'
import { type Dataset, fashionMnistClasses, preprocessingPreset } from '../../data/index.ts'
import { formatReport, loaderPool, openDataset } from '../../data/node.ts'
import { costsOf, engineOf, labelOf, pairsOf } from '../../door/index.ts'
import {
  answerSamples,
  columnOf,
  formulaNotes,
  pictureOf,
  type Sample,
  selectSamples,
  timeNetworks,
  trainingReport,
} from '../../door/reports/node.ts'
import { contentsOf, provenanceNow, writeModelFile } from '../../formats/index.ts'
import { load } from '../../index.ts'
import { build, twin } from '../../models/index.ts'
import { makeFolder, writeFileAtomic } from '../../platform/node/index.ts'
import { count, duration, percent, reportPage, short } from '../../report/index.ts'
import { fit } from '../../train/index.ts'
import { printError } from '../main.ts'
import { answerLines } from '../predict/command.ts'
import { comparisonLines, formulaLines } from '../summary/comparison.ts'
import { abortable } from '../terminal/interrupt.ts'
import { positiveInteger, wholeNumber } from '../terminal/options.ts'
import { type Io, paint, processIo } from '../terminal/terminal.ts'
import { showTraining } from '../train/progress.ts'

/** Trains within two minutes on two cores, and reaches more than 85 %. */
const network = { width: 0.5, size: 28, reduction: 8, dropout: 0.1 } as const
const training = { batch: 64, learningRate: 0.003, labelSmoothing: 0.05 } as const

interface DemoOptions {
  readonly data: string
  readonly out: string
  readonly epochs: number
  readonly threads?: number
  readonly seed: number
}

const shippedSlice = fileURLToPath(new URL('../../../data/fashion-mnist', import.meta.url))

const citation = ' (Xiao et al. 2017, arXiv:1708.07747; MIT licence)'

/** Classifies `samples` with the model file through the public `load`. */
async function classifyByName(io: Io, path: string, data: Dataset, samples: readonly Sample[]): Promise<void> {
  using model = await load(path, { threads: 1 })
  for (const { index, truth } of samples) {
    const answers = await model.classify(await data.image(index), { top: 2 })
    const mark =
      answers[0].label === truth ? paint(io, io.stdout, 'green', 'right') : paint(io, io.stdout, 'red', 'wrong')
    io.stdout.write(`${data.name(index)}: ${truth} (${mark})\n${answerLines(answers).join('\n')}\n`)
  }
}

async function run(io: Io, options: DemoOptions, signal: AbortSignal): Promise<void> {
  const { data, out, epochs, threads, seed } = options
  const heading = (text: string) => io.stdout.write(`\n${paint(io, io.stdout, 'bold', text)}\n\n`)
  await using pool = loaderPool(1)
  const opened = await openDataset(data, { pool, signal })
  const { train, val, report } = opened
  const test = opened.test ?? val ?? train
  if (report.issues.length > 0) io.stderr.write(`${formatReport(report)}\n`)
  const { classes } = opened
  const isFashion = classes.join() === fashionMnistClasses.join()
  const name = isFashion ? 'Fashion-MNIST' : basename(resolve(data))
  const net = build('mobilenet_v3_small', { ...network, classes: classes.length, seed })
  const standard = twin(net)
  const [costs, twinCosts] = [costsOf(net), costsOf(standard)]
  const preprocessing = preprocessingPreset('whole', network.size)
  const engine = engineOf({ threads })

  heading(`1. Training ${labelOf(net)}`)
  io.stdout.write(
    `${count(train.length)} images of ${classes.length} classes, ${count(test.length)} to test; ` +
      `${short(costs.analysis.total.parameters)} parameters, ${short(costs.analysis.total.macs)} multiply-adds an image\n`,
  )
  const began = performance.now()
  const settings = { ...training, engine, epochs, preprocessing, pool, seed, signal }
  const { epochs: records, last } = await showTraining(io, fit(net, { train, val: test }, settings), 'test')
  const seconds = (performance.now() - began) / 1000
  const evaluation = last!.validation!
  io.stdout.write(
    `${percent(evaluation.top1)} of ${count(evaluation.count)} test images after ${duration(seconds)} minutes\n`,
  )

  heading('2. Its cost, compared with its twin of standard convolutions')
  const [own, other] = await timeNetworks(engineOf({ threads: 1 }), [net, standard], signal)
  const comparison = [columnOf('this network', costs, own), columnOf('its twin', twinCosts, other)] as const
  const pairs = pairsOf(costs, twinCosts)
  const notes = formulaNotes(pairs)
  io.stdout.write([...comparisonLines(comparison), '', ...formulaLines(pairs), '', ...notes, ''].join('\n'))

  heading('3. Classifying a few images')
  const model = resolve(out, 'model.safetensors')
  makeFolder(out)
  const provenance = provenanceNow({
    trainedOn: name,
    images: train.length,
    epochs,
    seed,
    accuracy: evaluation.top1,
    evaluatedOn: evaluation.count,
  })
  writeFileAtomic(model, writeModelFile({ ...contentsOf(net), classes, preprocessing, provenance }))
  const samples = await answerSamples(net, test, { engine, preprocessing, pool, signal, top: 3 })
  const shown = selectSamples(samples, classes.length)
  await classifyByName(io, model, test, [...shown.slice(0, 4), ...shown.slice(-1)])

  const page = resolve(out, 'report.html')
  const reportData = await trainingReport({
    title: `${name}: ${percent(evaluation.top1)}`,
    subtitle: labelOf(net),
    part: 'test',
    epochs: records,
    seconds,
    evaluation,
    costs,
    comparison,
    notes,
    data: test,
    samples: shown,
    pictureOf,
    provenance: [
      ['made by', `Kinglet ${version}, npm start`],
      ['when', provenance.created],
      [
        'data',
        `${count(train.length)} training and ${count(test.length)} test images of ${name}${isFashion ? citation : ''}`,
      ],
      ['training', `${epochs} epochs, batch ${training.batch}, AdamW, seed ${seed}`],
      ['machine', `Node ${process.versions.node}, ${process.arch}, ${threads ?? 'all'} threads`],
    ],
  })
  writeFileAtomic(page, new TextEncoder().encode(reportPage(reportData)))

  heading('4. Files')
  io.stdout.write(`${model}\n${page}\n  open ${pathToFileURL(page).href}\n`)
}

/** The program behind `npm start`. Returns the exit code. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  const command = new Command('npm start --')
    .description('Train, measure and use a small MobileNet V3 on Fashion-MNIST.')
    .addOption(
      new Option('--data <folder>', 'the full set, or another set of small images').default(
        shippedSlice,
        'the slice in this repository',
      ),
    )
    .option('--out <folder>', 'folder for the model file and the report', 'runs/fashion-mnist')
    .addOption(new Option('--epochs <n>', 'passes over the training images').argParser(positiveInteger).default(5))
    .addOption(new Option('--threads <n>', 'threads (default: one per core)').argParser(positiveInteger))
    .addOption(new Option('--seed <n>', 'seed of all random choices').argParser(wholeNumber).default(0))
    .addHelpText(
      'after',
      `
Example, with the full set of Debian's package dataset-fashion-mnist:
  npm start -- --data /usr/share/datasets/fashion-mnist --epochs 3`,
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
  try {
    command.parse(argv, { from: 'user' })
    await abortable(io, (signal) => run(io, command.opts<DemoOptions>(), signal))
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return printError(error, io)
  }
}
