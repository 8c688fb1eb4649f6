/** Options that several commands have, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { nearest, oneOf } from '../../core/index.ts'
import { type EngineOptions as AnyEngine, type EngineName, engineNames } from '../../door/index.ts'

const number =
  (what: string, isRight: (n: number) => boolean) =>
  (text: string): number => {
    const n = text.trim() === '' ? Number.NaN : Number(text)
    if (!isRight(n)) throw new InvalidArgumentError(`It must be ${what}.`)
    return n
  }

/** Readers of option values. Each refuses with what the value must be. */
export const positiveInteger = number('a positive integer', (n) => Number.isInteger(n) && n > 0)
export const portNumber = number('a port, 0 to 65535', (n) => Number.isInteger(n) && n >= 0 && n <= 65_535)
export const wholeNumber = number('a whole number, 0 or more', (n) => Number.isSafeInteger(n) && n >= 0)
export const positive = number('a number above 0', (n) => n > 0 && Number.isFinite(n))
export const nonNegative = number('a number, 0 or more', (n) => n >= 0 && Number.isFinite(n))
export const fraction = number('a number from 0 up to, but not including, 1', (n) => n >= 0 && n < 1)
export const probability = number('a number from 0 to 1', (n) => n >= 0 && n <= 1)

/** One of `names`; a near miss is told what was probably meant. */
export const choice =
  <T extends string>(names: readonly T[]) =>
  (text: string): T => {
    const found = names.find((name) => name === text)
    if (found !== undefined) return found
    const meant = nearest(text, names)
    throw new InvalidArgumentError(`It must be ${oneOf(names)}${meant ? ` (did you mean ${meant}?)` : ''}.`)
  }

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
    .addOption(
      new Option('--threads <n>', 'threads that share the work (default: one for each core)').argParser(
        positiveInteger,
      ),
    )
    .addOption(
      new Option('--deterministic', 'the same bits on every machine, at the price of speed').preset(
        'everywhere' satisfies AnyEngine['deterministic'],
      ),
    )

export const addSeedOption = (command: Command): Command =>
  command.addOption(new Option('--seed <n>', 'start of every random choice').argParser(wholeNumber).default(0))

export const addJsonOption = (command: Command): Command => command.option('--json', 'print JSON to stdout')

/** A command: `describe` adds its arguments, options and action. */
export interface CommandDefinition {
  readonly name: string
  describe(command: Command, io: import('./terminal.ts').Io): Command
}
