/**
 * `kinglet search`: runs a study that searches a space for the best networks for a folder of images, within budgets.
 */
import { basename, join, resolve } from 'node:path'
import { KingletError, version } from '../../core/index.ts'
import type { LoaderPool } from '../../data/index.ts'
import { formatReport, loaderPool, openDataset } from '../../data/node.ts'
import { engineOf } from '../../door/index.ts'
import { heldOut, inputSizeFor, openSpace, planSearch, prepareSearchInFiles } from '../../door/plans/node.ts'
import { searchPage, showObjective, showReward } from '../../door/reports/index.ts'
import { writeFileAtomic } from '../../platform/node/index.ts'
import { count, duration } from '../../report/index.ts'
import {
  countPoints,
  frontOf,
  isFeasible,
  journalName,
  openPostgresStudy,
  openStudy,
  type Problem,
  runStudy,
  type Store,
  type StoredTrial,
  type Study,
  type StudyProgress,
} from '../../search/node.ts'
import { assertOwnFolder } from '../inputs/run-folder.ts'
import { warningsOf } from '../inputs/study-place.ts'
import { Interrupted, interruptible } from '../terminal/interrupt.ts'
import {
  addEngineOptions,
  addJsonOption,
  addSeedOption,
  type CommandDefinition,
  flagName,
} from '../terminal/options.ts'
import { Progress } from '../terminal/progress.ts'
import { type Io, warn } from '../terminal/terminal.ts'
import { keepBest } from './best-models.ts'
import { addSearchOptions, type SearchCommandOptions } from './options.ts'

/** The values of a trial. A trial above a budget was not trained and has no accuracy. */
const valuesText = ({ objectives }: Study, trial: StoredTrial): string => {
  const values = objectives.map((o, i) => `${o.name} ${showObjective(o, trial.values![i])}`)
  return isFeasible(trial) ? values.join('  ') : ['above a budget, not trained', ...values.slice(1)].join('  ')
}

/** One line with the outcome of a trial and the progress of the study. */
function trialLine(study: Study, trial: StoredTrial, { secondsLeft, ...counts }: StudyProgress): string {
  const { ended, total, pruned, failed, best } = counts
  const last = trial.reports.at(-1)
  const reached = last
    ? `${study.objectives[0].name} ${showObjective(study.objectives[0], last.value)} after ${last.step}`
    : ''
  const outcome =
    trial.state === 'complete'
      ? valuesText(study, trial)
      : trial.state === 'paused'
        ? `waits for other trials: ${reached}`
        : [`${trial.state}: ${trial.reason}`, reached].filter(Boolean).join(', ')
  const progress = [
    `${ended}/${total} done`,
    ...(pruned > 0 ? [`${pruned} pruned`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(best ? [`best ${best.number}: ${showObjective(study.objectives[0], best.values![0])}`] : []),
    ...(secondsLeft !== undefined && ended < total ? [`${duration(secondsLeft)} left`] : []),
  ]
  return `trial ${String(trial.number).padStart(String(total - 1).length)}  ${outcome}  (${progress.join(', ')})`
}

/** One line with the front, printed when a trial joins it. */
const frontLine = ({ objectives }: Study, front: readonly StoredTrial[]): string =>
  `front  ${front.map((t) => `${t.number}: ${objectives.map((o, i) => showObjective(o, t.values![i])).join(', ')}`).join('  ')}`

interface Searched {
  readonly study: Study
  readonly trials: readonly StoredTrial[]
  readonly front: readonly StoredTrial[]
  readonly models: ReadonlyMap<number, string>
}

/** Creates the study, or opens the existing one. */
async function openStore(
  io: Io,
  study: Study,
  { database, out }: SearchCommandOptions,
  signal: AbortSignal,
): Promise<Store> {
  const notice = (text: string) => io.stderr.write(`${text}\n`)
  if (database !== undefined) return openPostgresStudy(database, { study, notice, signal })
  const store = openStudy(out, study)
  for (const warning of warningsOf(store)) warn(io, warning)
  return store
}

async function run(io: Io, options: SearchCommandOptions, pool: LoaderPool, signal: AbortSignal): Promise<Searched> {
  const { data, out, seed, strict, table, trialSeconds } = options
  assertOwnFolder(out, journalName, (name) => ['best', 'report.html', 'trials'].includes(name))
  const opened = await openDataset(data, { pool, validation: heldOut(options), seed, strict, signal })
  if (opened.report.issues.length > 0) io.stderr.write(`${formatReport(opened.report)}\n`)
  const size = options.size ?? Math.max(...(await inputSizeFor(opened)))
  const space = openSpace(options.space, size, flagName)
  const plan = planSearch({ ...options, name: options.study ?? basename(resolve(data)), size, space }, flagName)
  const { study, parts } = prepareSearchInFiles(plan, { opened, pool, engine: engineOf(options), table }, flagName)
  await using store = await openStore(io, study, options, signal)
  const known = await store.trials()
  const before = known.length
  // Each trial that ends or waits gets a line, whichever process ran it.
  const stateOf = ({ state, reports }: StoredTrial) => `${state} ${reports.length}`
  const printed = new Map(known.map((trial) => [trial.number, stateOf(trial)]))
  const points = countPoints(parts.space)
  io.stderr.write(
    `space ${study.space.name}: ${Number.isFinite(points) ? `${points < 1e7 ? count(points) : points.toExponential(1)} points` : 'infinitely many points'}; ` +
      `${count(opened.train.length)} images of ${opened.classes.length} classes, ${count(opened.val?.length ?? 0)} held out\n` +
      (before > 0 ? `${store.place}: resuming a study with ${count(before)} trials\n` : ''),
  )
  const progress = new Progress(io)
  try {
    await runStudy({
      ...{ store, ...parts, signal },
      ...(trialSeconds !== undefined && { trialSeconds }),
      onProgress(state) {
        for (const trial of state.trials.filter((t) => t.state !== 'running' && printed.get(t.number) !== stateOf(t))) {
          printed.set(trial.number, stateOf(trial))
          progress.line(trialLine(study, trial, state))
        }
        if (study.objectives.length > 1 && state.front.includes(state.trial))
          progress.line(frontLine(study, state.front))
        progress.update({
          done: state.ended,
          total: state.total,
          title: 'trials',
          text: `${state.running} running${state.best ? `  best ${showObjective(study.objectives[0], state.best.values![0])}` : ''}`,
        })
      },
    })
  } catch (error) {
    // After an abort the store reports that it gave up waiting for its server.
    if (!(signal.aborted && error instanceof KingletError)) throw error
  } finally {
    progress.clear()
  }
  if (signal.aborted) throw new Interrupted(`Interrupted. Run the same command again to resume ${store.place}.`)
  const trials = await store.trials()
  const problem: Problem = { space: parts.space, objectives: study.objectives, seed }
  const front = frontOf(study, trials)
  const models = await keepBest(store, out, front)
  const provenance = [
    ['made by', `Kinglet ${version}, kinglet search`],
    ['when', new Date().toISOString()],
    [
      'data',
      `${resolve(data)}: ${count(opened.train.length)} training and ${count(opened.val?.length ?? 0)} held-out images`,
    ],
    ['reward', showReward(study.algorithm) ?? 'none'],
    [
      'budgets',
      Object.entries(study.budgets)
        .map(([name, most]) => `${name} at most ${most}`)
        .join(', ') || 'none',
    ],
    ['machine', `Node ${process.versions.node}, ${process.arch}, engine ${options.engine}`],
  ] as const
  const page = searchPage({ study, problem, trials, models, provenance, show: showObjective })
  writeFileAtomic(join(out, 'report.html'), new TextEncoder().encode(page))
  return { study, trials, front, models }
}

function printResult(io: Io, { study, trials, front, models }: Searched, { out, json }: SearchCommandOptions): void {
  const report = join(out, 'report.html')
  const modelOf = (t: StoredTrial) => (models.has(t.number) ? join(out, models.get(t.number)!) : undefined)
  if (json) {
    const shown = front.map((t) => ({ ...t, model: modelOf(t) }))
    io.stdout.write(
      `${JSON.stringify({ study: study.name, trials: trials.length, front: shown, report }, undefined, 2)}\n`,
    )
  }
  if (front.length === 0) {
    const [why] = trials.filter((t) => t.state === 'failed')
    throw new KingletError(
      `${out}: none of ${trials.length} trials completed within the budgets` +
        `${why ? ` (trial ${why.number}: ${why.reason})` : ''}: run more trials or loosen the budgets; "kinglet study show" lists the results`,
    )
  }
  if (json) return
  for (const t of front) io.stdout.write(`trial ${t.number}  ${valuesText(study, t)}  ${modelOf(t) ?? ''}\n`)
  io.stdout.write(`report  ${report}\n`)
}

export const searchCommand: CommandDefinition = {
  name: 'search',
  describe: (command, io) =>
    addJsonOption(addSeedOption(addEngineOptions(addSearchOptions(command))))
      .description('Search a space for the best networks for a folder of images.')
      .addHelpText(
        'after',
        `
The study is stored in the --out folder, or in a database (--database). To resume it after Ctrl-C or a crash, or with
more --trials, run the same command again. Several commands that run at the same time share the trials. At the end the
folder holds best/ (the models of the front) and report.html. "kinglet study show" prints the state of the study.

Examples:
  kinglet search --data photos --space v3-small --budget macs=20M --trials 50
  kinglet search --data photos --space v3-small,training --algorithm nsga2 --minimize latency --table phone.json
  kinglet search --data photos --budget latency=2ms --table phone.json --pruner asha --trials 100
  kinglet search --data photos --database postgres://me@lab-server/studies`,
      )
      .action(async (options: SearchCommandOptions) => {
        await interruptible(
          io,
          'Finishing this step. Run the same command again to resume the study.',
          async (signal) => {
            await using pool = loaderPool()
            const found = await run(io, options, pool, signal).catch((error) => {
              if (signal.aborted && error === signal.reason) throw new Interrupted('Interrupted: nothing was started.')
              throw error
            })
            printResult(io, found, options)
          },
        )
      }),
}
