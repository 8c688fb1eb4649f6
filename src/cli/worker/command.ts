/** `kinglet worker`: works on a study in PostgreSQL, on as many machines as wanted. */
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

/** A line for each trial that ended here. */
function printTrial(io: Io, { objectives }: Study, { trial, ended, total }: StudyProgress): void {
  const { number, state, reason, values = [] } = trial
  const complete = values.map((v, i) => `${objectives[i].name} ${showObjective(objectives[i], v)}`).join('  ')
  const what = { running: 'begins', paused: 'waits for others', complete }
  const said = state in what ? what[state as keyof typeof what] : `${state}: ${reason}`
  io.stderr.write(`trial ${number}: ${said} (${ended} of ${total} ended)\n`)
}

async function work(io: Io, address: string, options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const { parts, data, study: name, workers, lease, tries, trialSeconds, json } = options
  if ((parts === undefined) === (data === undefined))
    throw new UsageError(
      'kinglet worker: give --data for a study that kinglet search began, or --parts for one of your own',
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
  if (signal.aborted) throw new Interrupted('Interrupted: its trials are given back to the other workers.')
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
      .description('Work on a study in PostgreSQL, on one machine of many.')
      .argument('<address>', 'postgres://user@host:5432/database; the password in it, or in PGPASSWORD')
      .option('--data <folder>', 'the images, of a study that "kinglet search" began')
      .option('--table <file>', 'its latency table, where it has one')
      .option(
        '--parts <file>',
        'of a study of your own: a module that exports (study) => ({ space, algorithm, evaluator })',
      )
      .option('--study <name>', 'which of the studies in the database (default: the only one)')
      .addOption(new Option('--workers <n>', 'trials at the same time').argParser(positiveInteger).default(1))
      .addOption(
        new Option('--lease <seconds>', 'how long after its last sign of life a worker counts as dead, 10 at least')
          .argParser(positiveInteger)
          .default(60),
      )
      .addOption(
        new Option('--tries <n>', 'how many workers may die of a trial before it has failed')
          .argParser(positiveInteger)
          .default(3),
      )
      .addOption(new Option('--trial-seconds <n>', 'most that a trial may take').argParser(positiveInteger))
      .addHelpText(
        'after',
        `
It ends when all trials have ended. A worker that is killed, or whose machine is switched off, loses its trial to
another one, which goes on from the last checkpoint; Ctrl-C gives it back at once. While the server is away, it waits.

Examples:
  kinglet worker postgres://me@lab-server/studies --data photos
  kinglet worker postgres://me@lab-server/studies --parts study.js`,
      )
      .action(async (address: string, options: WorkerOptions) => {
        if (!isPostgres(address))
          throw new UsageError(
            'kinglet worker takes the address of a database: write postgres://user@host:5432/database',
          )
        await interruptible(io, 'Giving the trial back.', (signal) => work(io, address, options, signal))
      }),
}
