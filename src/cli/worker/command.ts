/** `kinglet worker`: runs trials of a study in PostgreSQL. Any number of machines may share a study. */
import { Option } from 'commander'
import { KingletError, UsageError } from '../../core/index.ts'
import { showObjective } from '../../door/reports/index.ts'
import {
  isPostgres,
  openPostgresStudy,
  type RunStudyOptions,
  runStudy,
  type Study,
  type StudyProgress,
} from '../../search/node.ts'
import { Interrupted, interruptible } from '../terminal/interrupt.ts'
import { addEngineOptions, addJsonOption, type CommandDefinition, positiveInteger } from '../terminal/options.ts'
import type { Io } from '../terminal/terminal.ts'
import { partsOfModule, partsOfSearch, type SearchedData } from './parts.ts'

interface WorkerOptions extends SearchedData {
  readonly parts?: string
  readonly study?: string
  readonly workers: number
  readonly lease: number
  readonly tries: number
  readonly trialSeconds?: number
  readonly json?: boolean
}

/** Prints a line when a trial of this worker changes its state. */
function printTrial(io: Io, { objectives }: Study, { trial, ended, total }: StudyProgress): void {
  const { number, state, reason, values = [] } = trial
  const complete = values.map((v, i) => `${objectives[i].name} ${showObjective(objectives[i], v)}`).join('  ')
  const what = { running: 'started', paused: 'waits for other trials', complete }
  const said = state in what ? what[state as keyof typeof what] : `${state}: ${reason}`
  io.stderr.write(`trial ${number}: ${said} (${ended} of ${total} ended)\n`)
}

async function work(io: Io, address: string, options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const { parts, data, study: name, workers, lease, tries, trialSeconds, json } = options
  if ((parts === undefined) === (data === undefined))
    throw new UsageError(
      'kinglet worker: give --data for a study that kinglet search created, or --parts for a custom study',
    )
  const own = parts === undefined ? undefined : await partsOfModule(parts)
  const notice = (text: string) => io.stderr.write(`${text}\n`)
  await using store = await openPostgresStudy(address, {
    ...{ leaseSeconds: lease, notice, signal },
    ...(name !== undefined && { name }),
  })
  const study = await store.study()
  await using opened = own ?? partsOfSearch(store.place, options, signal)
  io.stderr.write(`${store.place}: study ${study.name}, ${study.trials} trials\n`)
  const run: RunStudyOptions = {
    ...(await opened.partsOf(study)),
    ...{ store, workers, tries, signal, onProgress: (progress) => printTrial(io, study, progress) },
    ...(trialSeconds !== undefined && { trialSeconds }),
  }
  const trials = await runStudy(run).catch((error) => {
    if (signal.aborted && error instanceof KingletError) throw new Interrupted(`Interrupted. ${error.message}`)
    throw error
  })
  if (signal.aborted) throw new Interrupted('Interrupted: its trials were returned to the other workers.')
  const count = (state: string) => trials.filter((trial) => trial.state === state).length
  const said = { study: study.name, complete: count('complete'), pruned: count('pruned'), failed: count('failed') }
  io.stdout.write(
    json
      ? `${JSON.stringify(said, undefined, 2)}\n`
      : `study ${said.study}: ${said.complete} complete, ${said.pruned} pruned, ${said.failed} failed\n`,
  )
}

export const workerCommand: CommandDefinition = {
  name: 'worker',
  describe: (command, io) =>
    addJsonOption(addEngineOptions(command))
      .description('Run trials of a study in PostgreSQL, together with other machines.')
      .argument('<address>', 'postgres://user@host:5432/database; the password goes into it or into PGPASSWORD')
      .option('--data <folder>', 'images of a study that "kinglet search" created')
      .option('--table <file>', 'latency table of the study, if it uses one')
      .option(
        '--parts <file>',
        'module of a custom study; its default export is (study) => ({ space, algorithm, evaluator })',
      )
      .option('--study <name>', 'name of the study in the database (default: the only one)')
      .addOption(new Option('--workers <n>', 'trials to run at the same time').argParser(positiveInteger).default(1))
      .addOption(
        new Option('--lease <seconds>', 'time after its last heartbeat until a worker counts as dead, at least 10')
          .argParser(positiveInteger)
          .default(60),
      )
      .addOption(
        new Option('--tries <n>', 'attempts before a trial counts as failed, if its workers die')
          .argParser(positiveInteger)
          .default(3),
      )
      .addOption(new Option('--trial-seconds <n>', 'time limit of a trial').argParser(positiveInteger))
      .addHelpText(
        'after',
        `
The command ends when all trials have ended. If a worker is killed or its machine is switched off, another worker
resumes its trial from the last checkpoint. Ctrl-C returns the trial at once. The command waits while the server is
unreachable.

Examples:
  kinglet worker postgres://me@lab-server/studies --data photos
  kinglet worker postgres://me@lab-server/studies --parts study.js`,
      )
      .action(async (address: string, options: WorkerOptions) => {
        if (!isPostgres(address))
          throw new UsageError(
            'kinglet worker needs the address of a database: write postgres://user@host:5432/database',
          )
        await interruptible(io, 'Returning the trial.', (signal) => work(io, address, options, signal))
      }),
}
