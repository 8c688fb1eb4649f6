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

/** What the command is given beside its engine and seed. */
export const addSearchOptions = (command: Command): Command =>
  command
    .requiredOption('--data <folder>', 'images, as train takes them')
    .option('--space <names>', `${oneOf(spaceNames)}, several with commas, or a space file`, 'v3-small')
    .addOption(new Option('--algorithm <name>', oneOf(algorithmNames)).argParser(choice(algorithmNames)).default('tpe'))
    .addOption(
      new Option(
        '--budget <resource>',
        'latency=2ms, macs=5M, parameters=300k, size=1MB or memory=200kB; several times',
      )
        .argParser(list(parseBudget))
        .default([], 'none'),
    )
    .addOption(
      new Option('--minimize <resources>', 'objectives beside accuracy: latency, macs, parameters, size or memory')
        .argParser(list((text) => parseResourceName(text, '--minimize')))
        .default([], 'accuracy alone'),
    )
    .addOption(
      new Option('--target <resource>', "one reward: accuracy x (resource / target)^w, MnasNet's").argParser(
        parseBudget,
      ),
    )
    .addOption(
      new Option('--exponents <w>', 'of --target: below it, above it')
        .argParser(exponents)
        .default([-0.07, -0.07], '-0.07,-0.07'),
    )
    .option('--table <file>', 'latencies of the device, from "kinglet measure": for what is about latency')
    .addOption(new Option('--trials <n>', 'networks to try').argParser(positiveInteger).default(100))
    .addOption(new Option('--epochs <n>', 'that each network is trained').argParser(positiveInteger).default(10))
    .addOption(new Option('--folds <k>', 'judge each network by k trainings, on k parts').argParser(positiveInteger))
    .addOption(
      new Option('--pruner <name>', `stop networks early that lag behind: ${oneOf(prunerNames)}`).argParser(
        choice(prunerNames),
      ),
    )
    .addOption(
      new Option(
        '--size <pixels>',
        "largest side of an image (default: the images' own where small, else 128)",
      ).argParser(positiveInteger),
    )
    .addOption(
      new Option('--preprocessing <name>', `of images: ${oneOf(preprocessingNames)}`)
        .argParser(choice(preprocessingNames))
        .default('whole'),
    )
    .addOption(
      new Option('--validation <fraction>', 'of each class held out, where the folder has no split of its own')
        .argParser(fraction)
        .default(0.1),
    )
    .addOption(new Option('--trial-seconds <n>', 'most that a trial may take').argParser(positiveInteger))
    .option('--out <folder>', 'for the best networks and the report, and where the study is kept', 'search')
    .option('--database <address>', 'keep the study in PostgreSQL, where "kinglet worker" on other machines shares it')
    .option('--study <name>', 'what the study is called (default: as the folder of images)')
    .option('--strict', 'a damaged image, an empty class and the like are errors')
