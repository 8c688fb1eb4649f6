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

/** Adds the arguments and options that only this command has. */
export const addAdaptOptions = (command: Command): Command =>
  command
    .argument('<model>', 'the model file of a trained network')
    .requiredOption('--data <folder>', 'images, in a form that train accepts')
    .addOption(
      new Option('--budget <resource>', 'macs=5M, parameters=300k, size=1MB, memory=200kB or latency=2ms')
        .argParser(parseBudget)
        .makeOptionMandatory(),
    )
    .option('--table <file>', 'latency table of the device, from "kinglet measure": for --budget latency=')
    .option('--out <folder>', 'run folder', 'adapted')
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
      new Option('--pace <name>', 'fixed (each step cuts the same), or decay (each step cuts less than the one before)')
        .argParser(choice(paceNames))
        .default('fixed'),
    )
    .addOption(
      new Option('--delta <share>', 'what the first step cuts, as a share of the initial resource')
        .argParser(fraction)
        .default(0.025),
    )
    .addOption(new Option('--decay <factor>', 'factor of --pace decay (default: 0.96)').argParser(fraction))
    .addOption(
      new Option('--multiple <n>', 'make channel counts multiples of this').argParser(positiveInteger).default(1),
    )
    .addOption(new Option('--steps <n>', 'steps of fine-tuning for each proposal').argParser(wholeNumber).default(100))
    .addOption(new Option('--epochs <n>', 'epochs of fine-tuning at the end').argParser(wholeNumber).default(10))
    .addOption(
      new Option('--holdout <fraction>', 'share of the training images that proposals are compared on')
        .argParser(fraction)
        .default(0.1),
    )
    .addOption(
      new Option('--validation <fraction>', 'share of each class to hold out, if the folder has no split')
        .argParser(fraction)
        .default(0.1),
    )
    .option('--force', 'replace the run in the run folder')
    .option('--strict', 'treat damaged images, empty classes and similar problems as errors')

/** Adds the options of `train` with this command's default for the learning rate. */
export function addFineTuningOptions(command: Command): Command {
  addTrainingOptions(command)
  const rate = command.options.find(({ long }) => long === '--learning-rate')
  if (rate) rate.description = "peak learning rate (default: a third of train's: 0.001 for adamw)"
  return command
}
