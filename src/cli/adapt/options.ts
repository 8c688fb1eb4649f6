/** Options of `kinglet adapt`. */
import { type Command, Option } from 'commander'
import { type Budget, parseBudget } from '../../latency/index.ts'
import {
  type PaceName,
  type ProposalName,
  paceNames,
  proposalNames,
  type SelectionName,
  selectionNames,
} from '../../prune/index.ts'
import { choice, type EngineOptions, fraction, positiveInteger, wholeNumber } from '../terminal/options.ts'
import { addTrainingOptions, type LearningOptions } from '../train/options.ts'

export interface AdaptCommandOptions extends EngineOptions, LearningOptions {
  readonly data: string
  readonly budget: Budget
  readonly table?: string
  readonly out: string
  readonly proposals: ProposalName
  readonly selection: SelectionName
  readonly pace: PaceName
  readonly delta: number
  readonly decay?: number
  readonly multiple: number
  readonly steps: number
  readonly epochs: number
  readonly holdout: number
  readonly validation: number
  readonly seed: number
  readonly force?: boolean
  readonly strict?: boolean
  readonly json?: boolean
}

/** Arguments and options of the command's own. */
export const addAdaptOptions = (command: Command): Command =>
  command
    .argument('<model>', 'the model file of a trained network')
    .requiredOption('--data <folder>', 'images, as train takes them')
    .addOption(
      new Option('--budget <resource>', 'macs=5M, parameters=300k, size=1MB, memory=200kB or latency=2ms')
        .argParser(parseBudget)
        .makeOptionMandatory(),
    )
    .option('--table <file>', 'latencies of the device, from "kinglet measure": for --budget latency=')
    .option('--out <folder>', 'where the run is kept', 'adapted')
    .addOption(
      new Option('--proposals <kind>', 'filters (of each layer), or v3 (expansions and shared bottlenecks)')
        .argParser(choice(proposalNames))
        .default('filters'),
    )
    .addOption(
      new Option('--selection <rule>', 'accuracy (the highest), or ratio (least accuracy lost per resource saved)')
        .argParser(choice(selectionNames))
        .default('accuracy'),
    )
    .addOption(
      new Option('--pace <name>', 'fixed (each step cuts the same), or decay (each cuts less than the one before)')
        .argParser(choice(paceNames))
        .default('fixed'),
    )
    .addOption(
      new Option('--delta <share>', 'what the first step cuts, of the resource at the beginning')
        .argParser(fraction)
        .default(0.025),
    )
    .addOption(new Option('--decay <factor>', 'of --pace decay (default: 0.96)').argParser(fraction))
    .addOption(
      new Option('--multiple <n>', 'counts of channels are multiples of this').argParser(positiveInteger).default(1),
    )
    .addOption(new Option('--steps <n>', 'of fine-tuning of each proposal').argParser(wholeNumber).default(100))
    .addOption(new Option('--epochs <n>', 'of fine-tuning at the end').argParser(wholeNumber).default(10))
    .addOption(
      new Option('--holdout <fraction>', 'of the training images, to judge proposals by')
        .argParser(fraction)
        .default(0.1),
    )
    .addOption(
      new Option('--validation <fraction>', 'of each class held out, where the folder has no split of its own')
        .argParser(fraction)
        .default(0.1),
    )
    .option('--force', 'replace the run in that folder')
    .option('--strict', 'a damaged image, an empty class and the like are errors')

/** The options of `train`, whose learning rate has another default here. */
export function addFineTuningOptions(command: Command): Command {
  addTrainingOptions(command)
  const rate = command.options.find(({ long }) => long === '--learning-rate')
  if (rate) rate.description = "the highest (default: a third of train's: 0.001 for adamw)"
  return command
}
