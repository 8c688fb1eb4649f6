/**
 * The command line. `main` does not end the process: it returns the exit code, so that tests can call it.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted. A user's mistake prints one sentence. KINGLET_DEBUG=1
 * adds the stack of the error.
 */
import { Command, CommanderError } from 'commander'
import { KingletError, UsageError, version } from '../core/index.ts'
import { adaptCommand } from './adapt/command.ts'
import { benchCommand } from './bench/command.ts'
import { evaluateCommand } from './eval/command.ts'
import { measureCommand } from './measure/command.ts'
import { modelsCommand } from './models/command.ts'
import { predictCommand } from './predict/command.ts'
import { searchCommand } from './search/command.ts'
import { studyCommand } from './study/command.ts'
import { summaryCommand } from './summary/command.ts'
import { Interrupted } from './terminal/interrupt.ts'
import { type Io, paint, processIo } from './terminal/terminal.ts'
import { trainCommand } from './train/command.ts'
import { workerCommand } from './worker/command.ts'

/** In the order of the help text. */
const commands = [
  trainCommand,
  evaluateCommand,
  predictCommand,
  adaptCommand,
  measureCommand,
  searchCommand,
  studyCommand,
  workerCommand,
  summaryCommand,
  modelsCommand,
  benchCommand,
]

const exitCodes = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (Ctrl-C).`

/** Creates the program with all commands. */
export function createProgram(io: Io): Command {
  const program = new Command('kinglet')
    .description('Train, evaluate, use, count and time light-weight convolutional networks.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('(add --help for usage)')
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', `${exitCodes}\n\nkinglet <command> --help describes a command, with an example.`)
  for (const { name, describe } of commands)
    describe(program.command(name).helpOption('-h, --help', 'print help'), io).addHelpText('after', exitCodes)
  return program
}

/** Runs a command line (without `node kinglet`) and returns its exit code. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  try {
    await createProgram(io).parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    return printError(error, io)
  }
}

/** Prints an error to stderr and returns its exit code. */
export function printError(error: unknown, io: Io): number {
  // Commander has already printed its message. Help that the user asked for is not an error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof Interrupted) {
    io.stderr.write(`${error.message}\n`)
    return 130
  }
  const say = (message: string) => io.stderr.write(`${paint(io, io.stderr, 'red', 'error:')} ${message}\n`)
  const expected = error instanceof KingletError ? error.message : systemMessage(error)
  if (expected !== undefined) say(expected)
  else {
    say(`${error instanceof Error ? error.message : error}`)
    io.stderr.write(
      'This is a bug in Kinglet. Set KINGLET_DEBUG=1 to print the stack, and please include it in a report.\n',
    )
  }
  if (io.env.KINGLET_DEBUG === '1' && error instanceof Error) io.stderr.write(`${error.stack}\n`)
  return error instanceof UsageError ? 2 : 1
}

const systemReasons: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the disk',
  EISDIR: 'it is a folder, but a file is needed',
  ENOTDIR: 'a part of this path is a file, not a folder',
}

/** Describes a system error about a file; undefined for any other error. */
function systemMessage(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('path' in error)) return undefined
  const reason = systemReasons[String(error.code)]
  return reason && `${error.path}: ${reason}`
}
