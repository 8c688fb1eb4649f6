/** `kinglet worker`: works on a study in PostgreSQL, on as many machines as wanted. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Option } from 'commander'
import { assert, KingletError, UsageError } from '../core/index.ts'
import { fingerprint } from '../data/index.ts'
import { loaderPool, openDataset } from '../data/node.ts'
import { engineOf } from '../door/index.ts'
import { heldOut, judgingOf, planOfStudy, prepareSearchInFiles } from '../door/plans/node.ts'
import { showObjective } from '../door/reports/index.ts'
import {
  assertSameStudy,
  isPostgres,
  openPostgresStudy,
  type RunStudyOptions,
  runStudy,
  type Study,
  type StudyParts,
  type StudyProgress,
} from '../search/node.ts'
import { Interrupted, interruptible } from './terminal/interrupt.ts'
import {
  addEngineOptions,
  addJsonOption,
  type CommandDefinition,
  type EngineOptions,
  flagName,
  positiveInteger,
} from './terminal/options.ts'
import type { Io } from './terminal/terminal.ts'

interface WorkerOptions extends EngineOptions {
  readonly parts?: string
  readonly data?: string
  readonly table?: string
  readonly study?: string
  readonly workers: number
  readonly lease: number
  readonly tries: number
  readonly trialSeconds?: number
  readonly json?: boolean
}

/** The function that a module of the user's exports: what the parts of a study are. */
type PartsOf = (study: Study) => StudyParts | Promise<StudyParts>

async function partsIn(path: string): Promise<PartsOf> {
  if (!existsSync(path)) throw new UsageError(`--parts: ${path}: there is no such file`)
  const { default: partsOf } = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }
  if (typeof partsOf !== 'function')
    throw new UsageError(
      `--parts: ${path} has no function as its default export: write export default (study) => ({ space, algorithm, evaluator })`,
    )
  return partsOf as PartsOf
}

/** Makes the parts of a study, and what has to be closed after it. */
type Opened = AsyncDisposable & { readonly partsOf: PartsOf }

/** The parts of a study that `kinglet search` began: it says all of them, but where its images are on this machine. */
function ofSearch(place: string, { data, table, ...engine }: WorkerOptions, signal: AbortSignal): Opened {
  const pool = loaderPool()
  return {
    async partsOf(study) {
      const judging = judgingOf(study, flagName)
      const opened = await openDataset(data!, { pool, validation: heldOut(judging), seed: study.seed, signal })
      assert(
        opened.classes.join() === judging.classes.join() && fingerprint(opened.train) === judging.data,
        () =>
          `--data ${data}: these are not the images of study ${study.name}, which has ${judging.images} of ` +
          `${judging.classes.length} classes (${judging.classes.join(', ')}): here are ${opened.train.length} of ` +
          `${opened.classes.length} (${opened.classes.join(', ')})`,
      )
      const { study: here, parts } = prepareSearchInFiles(
        planOfStudy(study, place, flagName),
        { opened, pool, engine: engineOf(engine), table },
        flagName,
      )
      assertSameStudy(place, study, here)
      return parts
    },
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

const ofModule = async (path: string): Promise<Opened> => ({
  partsOf: await partsIn(path),
  [Symbol.asyncDispose]: async () => undefined,
})

/** A line for each trial that ended here. */
function tell(io: Io, { objectives }: Study, { trial, ended, total }: StudyProgress): void {
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
  const own = parts === undefined ? undefined : await ofModule(parts)
  const notice = (text: string) => io.stderr.write(`${text}\n`)
  await using store = await openPostgresStudy(address, {
    ...{ leaseSeconds: lease, notice, signal },
    ...(name !== undefined && { name }),
  })
  const study = await store.study()
  await using opened = own ?? ofSearch(store.place, options, signal)
  io.stderr.write(`${store.place}: study ${study.name}, ${study.trials} trials\n`)
  const run: RunStudyOptions = {
    ...(await opened.partsOf(study)),
    ...{ store, workers, tries, signal, onProgress: (progress) => tell(io, study, progress) },
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

export const worker: CommandDefinition = {
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
