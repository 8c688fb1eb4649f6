/** Options of `kinglet search`. */
import { type Command, Option } from 'commander'
import { oneOf, readNumbers } from '../../core/index.ts'
import { type PreprocessingName, preprocessingNames } from '../../data/index.ts'
import { type Budget, parseBudget, parseResourceName, type ResourceName } from '../../latency/index.ts'
import { algorithmNames, type PrunerName, prunerNames, spaceNames } from '../../search/node.ts'
import { argument, choice, type EngineOptions, fraction, positiveInteger } from '../terminal/options.ts'

export interface SearchCommandOptions extends EngineOptions {
  readonly data: string
  readonly space: string
  readonly algorithm: string
  readonly budget: readonly Budget[]
  readonly minimize: readonly ResourceName[]
  readonly target?: Budget
  readonly exponents: readonly [below: number, above: number]
  readonly table?: string
  readonly trials: number
  readonly epochs: number
  readonly folds?: number
  readonly pruner?: PrunerName
  readonly size?: number
  readonly preprocessing: PreprocessingName
  readonly validation: number
  readonly trialSeconds?: number
  readonly out: string
  readonly database?: string
  readonly study?: string
  readonly seed: number
  readonly strict?: boolean
  readonly json?: boolean
}

const list =
  <T>(read: (text: string) => T) =>
  (text: string, before: readonly T[]): readonly T[] => [...before, ...text.split(',').map(read)]

const readExponents = readNumbers(
  ',',
  (numbers) => numbers.length <= 2 && numbers.every((n) => Number.isFinite(n) && n <= 0),
  'one number or two, 0 or below: -0.07 or 0,-1',
)
function exponents(text: string): readonly [below: number, above: number] {
  const [below, above = below] = argument(readExponents)(text)
  return [below, above]
}

/** Adds the options that only this command has. */
export const addSearchOptions = (command: Command): Command =>
  command
    .requiredOption('--data <folder>', 'images, in a form that train accepts')
    .option('--space <names>', `${oneOf(spaceNames)}, several joined by commas, or a space file`, 'v3-small')
    .addOption(new Option('--algorithm <name>', oneOf(algorithmNames)).argParser(choice(algorithmNames)).default('tpe'))
    .addOption(
      new Option(
        '--budget <resource>',
        'latency=2ms, macs=5M, parameters=300k, size=1MB or memory=200kB; may be repeated',
      )
        .argParser(list(parseBudget))
        .default([], 'none'),
    )
    .addOption(
      new Option('--minimize <resources>', 'further objectives: latency, macs, parameters, size or memory')
        .argParser(list((text) => parseResourceName(text, '--minimize')))
        .default([], 'accuracy alone'),
    )
    .addOption(
      new Option('--target <resource>', "use MnasNet's reward: accuracy x (resource / target)^w").argParser(
        parseBudget,
      ),
    )
    .addOption(
      new Option('--exponents <w>', 'w below and above --target')
        .argParser(exponents)
        .default([-0.07, -0.07], '-0.07,-0.07'),
    )
    .option('--table <file>', 'latency table of the device, from "kinglet measure"; needed for latency')
    .addOption(new Option('--trials <n>', 'networks to try').argParser(positiveInteger).default(100))
    .addOption(new Option('--epochs <n>', 'training epochs per network').argParser(positiveInteger).default(10))
    .addOption(new Option('--folds <k>', 'evaluate each network by k-fold cross-validation').argParser(positiveInteger))
    .addOption(
      new Option('--pruner <name>', `stop weak networks early: ${oneOf(prunerNames)}`).argParser(choice(prunerNames)),
    )
    .addOption(
      new Option(
        '--size <pixels>',
        "largest side of the input image (default: the images' own size if small, else 128)",
      ).argParser(positiveInteger),
    )
    .addOption(
      new Option('--preprocessing <name>', `preprocessing of images: ${oneOf(preprocessingNames)}`)
        .argParser(choice(preprocessingNames))
        .default('whole'),
    )
    .addOption(
      new Option('--validation <fraction>', 'share of each class to hold out, if the folder has no split')
        .argParser(fraction)
        .default(0.1),
    )
    .addOption(new Option('--trial-seconds <n>', 'time limit of a trial').argParser(positiveInteger))
    .option('--out <folder>', 'folder for the study, the best networks and the report', 'search')
    .option('--database <address>', 'store the study in PostgreSQL, where "kinglet worker" on other machines can join')
    .option('--study <name>', 'name of the study (default: the name of the image folder)')
    .option('--strict', 'treat damaged images, empty classes and similar problems as errors')
