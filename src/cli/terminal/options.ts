/** Options that several commands share, and readers of their values. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Check, checks, integerBetween, type Reader, readName, readNumber } from '../../core/index.ts'
import { type EngineOptions as AnyEngine, type EngineName, engineNames, type OptionName } from '../../door/index.ts'

/** The command-line name of an option: `trialSeconds` becomes `--trial-seconds`. */
export const flagName: OptionName = (member) => `--${member.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`

/** Makes an argument parser from a reader; Commander adds the option's name to its error. */
export const argument =
  <T>(read: Reader<T>) =>
  (text: string): T => {
    const found = read(text)
    if ('problem' in found) throw new InvalidArgumentError(found.problem)
    return found.value
  }

const number = (check: Check) => argument(readNumber(check))

/** Argument parsers. Each error says what the value must be. */
export const positiveInteger = number(checks.count)
export const portNumber = number(integerBetween(0, 65_535, 'a port, 0 to 65535'))
export const wholeNumber = number(checks.whole)
export const positive = number(checks.positive)
export const nonNegative = number(checks.nonNegative)
export const fraction = number(checks.share)
export const probability = number(checks.fraction)

/** One of `names`. */
export const choice = <T extends string>(names: readonly T[]) => argument(readName(names))

export interface EngineOptions extends AnyEngine {
  readonly engine: EngineName
}

/** `--engine`, `--threads` and `--deterministic`. */
export const addEngineOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--engine <name>', 'wasm (fast) or reference (plain loops)')
        .argParser(choice(engineNames))
        .default('wasm'),
    )
    .addOption(new Option('--threads <n>', 'number of threads (default: one per core)').argParser(positiveInteger))
    .addOption(
      new Option('--deterministic', 'bit-identical results on every machine, but slower').preset(
        'everywhere' satisfies AnyEngine['deterministic'],
      ),
    )

export const addSeedOption = (command: Command): Command =>
  command.addOption(new Option('--seed <n>', 'seed of all random choices').argParser(wholeNumber).default(0))

export const addJsonOption = (command: Command): Command => command.option('--json', 'print JSON to stdout')

/** A command: `describe` adds its arguments, options and action. */
export interface CommandDefinition {
  readonly name: string
  describe(command: Command, io: import('./terminal.ts').Io): Command
}
