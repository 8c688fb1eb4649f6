/** Options of `kinglet train` that say how the network learns, and what they mean to `fit`. */
import { type Command, Option } from 'commander'
import { oneOf, type Reader, readName } from '../../core/index.ts'
import { augmentationNames } from '../../data/index.ts'
import { smallImage } from '../../door/index.ts'
import { optimizerNames, type Schedule, scheduleNames, type TrainOptions } from '../../train/index.ts'
import { argument, fraction, nonNegative, positive, positiveInteger } from '../terminal/options.ts'

/** A name, or a JSON object for what names do not have. */
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
    'images in a step (default: 32, or 16 or 8 where an epoch would have fewer than ten steps)',
    positiveInteger,
  ],
  ['--optimizer <name>', `${oneOf(optimizerNames)}, or JSON (default: adamw)`, nameOrJson(optimizerNames)],
  ['--learning-rate <rate>', 'the highest (default: 0.003 for adamw, 0.05 sgd, 0.005 rmsprop)', positive],
  ['--schedule <name>', `${oneOf(scheduleNames)}, or JSON (default: cosine)`, nameOrJson(scheduleNames)],
  ['--warmup <epochs>', 'in which the learning rate rises (default: a tenth of the run, 1 at most)', nonNegative],
  ['--weight-decay <share>', 'of convolutions and linear layers (default: 0.02 for adamw, else 4e-5)', nonNegative],
  ['--label-smoothing <share>', 'what the other classes get of each target (default: 0.1)', fraction],
  ['--clip-norm <norm>', 'gradients are made no longer than this (default: as long as they are)', nonNegative],
  ['--ema <decay>', 'decay of an average of the weights that takes their place (default: none)', fraction],
  ['--freeze <layers>', 'layers that keep their weights: stem,blocks,last', layers],
  [
    '--augmentation <name>',
    `random changes of images: ${oneOf(augmentationNames)}, or JSON (default: standard; light up to ${smallImage} pixels)`,
    nameOrJson(augmentationNames),
  ],
]

export function addTrainingOptions(command: Command): Command {
  for (const [flag, help, read] of trainingOptions) command.addOption(new Option(flag, help).argParser(read))
  return command.option('--decay-depthwise', 'weight decay of depthwise filters too')
}

/** Their values, under the names of {@link TrainOptions}, as far as they are given. */
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

/** The part of `fit`'s options that is about learning. */
export function learningOptions(options: LearningOptions): Omit<LearningOptions, 'warmup'> {
  const { schedule = 'cosine', warmup } = options
  const given = Object.fromEntries(members.filter((m) => options[m] !== undefined).map((m) => [m, options[m]]))
  if (options.schedule === undefined && warmup === undefined) return given
  const named = typeof schedule === 'string' ? { name: schedule } : schedule
  return { ...given, schedule: { ...named, ...(warmup !== undefined && { warmup }) } as Schedule }
}
