/** `kinglet eval`: measures the accuracy of a model on labelled images. */
import { Option } from 'commander'
import type { Dataset } from '../../data/index.ts'
import { formatReport, loaderPool, openDataset } from '../../data/node.ts'
import { engineOf } from '../../door/index.ts'
import { count, type Mistake, mistakesOf, percent } from '../../report/index.ts'
import { type Evaluation, evaluate } from '../../train/index.ts'
import { openModelFile } from '../inputs/networks.ts'
import { abortable } from '../terminal/interrupt.ts'
import {
  addEngineOptions,
  addJsonOption,
  addSeedOption,
  type CommandDefinition,
  type EngineOptions,
  fraction,
  positiveInteger,
} from '../terminal/options.ts'
import { type Column, type Io, paint, table } from '../terminal/terminal.ts'

interface EvalOptions extends EngineOptions {
  readonly batch: number
  readonly validation?: number
  readonly seed: number
  readonly strict?: boolean
  readonly json?: boolean
}

/** A matrix with more classes is too wide to print: the most common mistakes are listed instead. */
const widestMatrix = 16
const mostMistakes = 20

type ClassResult = Evaluation['perClass'][number]
const classColumns: readonly Column<ClassResult>[] = [
  { title: 'class', cell: (c) => c.label },
  { title: 'images', cell: (c) => c.count },
  { title: 'right', cell: (c) => c.correct },
  { title: 'top-1', align: 'right', cell: (c) => (c.count > 0 ? percent(c.correct / c.count) : '') },
]

function confusionLines(result: Evaluation): string[] {
  const { perClass, confusion } = result
  if (perClass.length <= widestMatrix) {
    const columns: Column<{ label: string; row: readonly number[] }>[] = [
      { title: 'truth', cell: (r) => r.label },
      ...perClass.map((_, j) => ({ title: String(j), cell: (r: { row: readonly number[] }) => r.row[j] })),
    ]
    return [
      'Confusion matrix: rows are the truth, columns the answers.',
      '',
      ...table(
        columns,
        perClass.map(({ label }, i) => ({ label: `${i} ${label}`, row: confusion[i] })),
      ),
    ]
  }
  const mistakes = mistakesOf(
    perClass.map((c) => c.label),
    confusion,
  ).slice(0, mostMistakes)
  if (mistakes.length === 0) return []
  return [
    'Most common mistakes (--json has the whole confusion matrix).',
    '',
    ...table(
      [
        { title: 'truth', cell: (m: Mistake) => m.truth },
        { title: 'answer', cell: (m) => m.answer },
        { title: 'images', cell: (m) => m.images },
      ],
      mistakes,
    ),
  ]
}

function print(io: Io, what: string, result: Evaluation): void {
  const { top1, top5, loss, perClass } = result
  io.stdout.write(
    [
      paint(io, io.stdout, 'bold', what),
      '',
      `top-1  ${percent(top1)}`,
      ...(perClass.length > 5 ? [`top-5  ${percent(top5)}`] : []),
      `loss   ${loss.toFixed(4)}`,
      '',
      ...table(classColumns, perClass),
      '',
      ...confusionLines(result),
      '',
    ].join('\n'),
  )
}

export const evaluateCommand: CommandDefinition = {
  name: 'eval',
  describe: (command, io) =>
    addJsonOption(addSeedOption(addEngineOptions(command)))
      .description('Measure the accuracy of a model: top-1, top-5, per class, and the confusion matrix.')
      .argument('<model>', 'a model file')
      .argument('<data>', 'images, in a form that train accepts')
      .addOption(new Option('--batch <n>', 'images per run').argParser(positiveInteger).default(32))
      .addOption(
        new Option(
          '--validation <fraction>',
          'use only the images that train holds out with this fraction and --seed, if the folder has no split',
        ).argParser(fraction),
      )
      .option('--strict', 'treat damaged images and images of unknown classes as errors')
      .addHelpText(
        'after',
        `
Uses the test part of the folder if there is one, else the validation part, else all images.

Example:
  kinglet eval run/model.safetensors photos --validation 0.1`,
      )
      .action(async (path: string, folder: string, options: EvalOptions) => {
        const { batch, validation = 0, seed, strict } = options
        const engine = engineOf(options)
        const { network, classes, preprocessing } = await openModelFile(path)
        const { part, result } = await abortable(io, async (signal) => {
          await using pool = loaderPool()
          const opened = await openDataset(folder, { pool, classes, validation, seed, strict, signal })
          if (opened.report.issues.length > 0) io.stderr.write(`${formatReport(opened.report)}\n`)
          const { test, val, train } = opened
          const set: Dataset = test ?? val ?? train
          const part = set === test ? 'test' : set === val ? 'validation' : 'all'
          return {
            part,
            result: await evaluate(network, set, {
              engine,
              batch,
              preprocessing,
              pool,
              signal,
            }),
          }
        })
        if (options.json) {
          io.stdout.write(`${JSON.stringify({ model: path, data: folder, part, ...result }, undefined, 2)}\n`)
          return
        }
        const which = part === 'all' ? 'all' : `${part} part,`
        print(io, `${path} on ${folder}: ${which} ${count(result.count)} images`, result)
      }),
}
