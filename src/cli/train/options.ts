/** Options of `kinglet train` for the optimisation, and their translation into options of `fit`. */
import { type Command, Option } from 'commander'
import { oneOf, type Reader, readName } from '../../core/index.ts'
import { augmentationNames } from '../../data/index.ts'
import { smallImage } from '../../door/index.ts'
import { optimizerNames, type Schedule, scheduleNames, type TrainOptions } from '../../train/index.ts'
import { argument, fraction, nonNegative, positive, positiveInteger } from '../terminal/options.ts'

/** Reads a name, or a JSON object with a name and options. */
function nameOrJson(names: readonly string[]): (text: string) => unknown {
  const read: Reader<unknown> = (text) => {
    if (!text.trim().startsWith('{')) return readName(names)(text)
    try {
      return { value: JSON.parse(text) }
    } catch (error) {
      return { problem: `It is not JSON: ${(error as Error).message}.` }
    }
  }
  return argument(read)
}

const layers = (text: string): string[] => text.split(',').filter((name) => name !== '')

const trainingOptions: readonly (readonly [flag: string, help: string, read: (text: string) => unknown])[] = [
  [
    '--batch <n>',
    'images per step (default: 32, or 16 or 8 if an epoch would have fewer than ten steps)',
    positiveInteger,
  ],
  ['--optimizer <name>', `${oneOf(optimizerNames)}, or JSON (default: adamw)`, nameOrJson(optimizerNames)],
  [
    '--learning-rate <rate>',
    'peak learning rate (default: 0.003 for adamw, 0.05 for sgd, 0.005 for rmsprop)',
    positive,
  ],
  ['--schedule <name>', `${oneOf(scheduleNames)}, or JSON (default: cosine)`, nameOrJson(scheduleNames)],
  ['--warmup <epochs>', 'epochs of linear warm-up (default: a tenth of the run, at most 1)', nonNegative],
  [
    '--weight-decay <share>',
    'weight decay of convolutions and linear layers (default: 0.02 for adamw, else 4e-5)',
    nonNegative,
  ],
  ['--label-smoothing <share>', 'share of each target spread over all classes (default: 0.1)', fraction],
  ['--clip-norm <norm>', 'upper bound of the norm of all gradients (default: none)', nonNegative],
  ['--ema <decay>', 'decay of a weight average that replaces the weights (default: no average)', fraction],
  ['--freeze <layers>', 'layers to keep fixed: stem,blocks,last', layers],
  [
    '--augmentation <name>',
    `random changes of images: ${oneOf(augmentationNames)}, or JSON (default: standard; light up to ${smallImage} pixels)`,
    nameOrJson(augmentationNames),
  ],
]

export function addTrainingOptions(command: Command): Command {
  for (const [flag, help, read] of trainingOptions) command.addOption(new Option(flag, help).argParser(read))
  return command.option('--decay-depthwise', 'apply weight decay to depthwise filters too')
}

/** The values that the command line gives, under the names of {@link TrainOptions}. */
export interface LearningOptions
  extends Pick<
    TrainOptions,
    | 'batch'
    | 'optimizer'
    | 'learningRate'
    | 'schedule'
    | 'weightDecay'
    | 'decayDepthwise'
    | 'labelSmoothing'
    | 'clipNorm'
    | 'ema'
    | 'freeze'
    | 'augmentation'
  > {
  readonly warmup?: number
}

const members = [
  'batch',
  'optimizer',
  'learningRate',
  'weightDecay',
  'decayDepthwise',
  'labelSmoothing',
  'clipNorm',
  'ema',
  'freeze',
  'augmentation',
] as const

/** Translates the options into those of `fit`. */
export function learningOptions(options: LearningOptions): Omit<LearningOptions, 'warmup'> {
  const { schedule = 'cosine', warmup } = options
  const given = Object.fromEntries(members.filter((m) => options[m] !== undefined).map((m) => [m, options[m]]))
  if (options.schedule === undefined && warmup === undefined) return given
  const named = typeof schedule === 'string' ? { name: schedule } : schedule
  return { ...given, schedule: { ...named, ...(warmup !== undefined && { warmup }) } as Schedule }
}
