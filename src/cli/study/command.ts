/** `kinglet study`: lists studies, shows the state of one, and exports its trials; also while the study runs. */
import type { Command } from 'commander'
import { KingletError } from '../../core/index.ts'
import { showReward } from '../../door/reports/index.ts'
import { duration } from '../../report/index.ts'
import { isFeasible, type StoredTrial, type Study, studyCsv, summarise } from '../../search/node.ts'
import { openPlace, type StudyPlace, studyPlaces } from '../inputs/study-place.ts'
import { addJsonOption, type CommandDefinition } from '../terminal/options.ts'
import { type Column, type Io, paint, table, warn } from '../terminal/terminal.ts'

interface Json {
  readonly json?: boolean
}

interface OneStudy extends Json {
  readonly study?: string
}

const printJson = (io: Io, value: unknown) => io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)

/** Reads the current state of a study. Prints a warning to stderr for each part that could not be read. */
async function read(io: Io, where: StudyPlace) {
  const { store, warnings } = await openPlace(where)
  try {
    const [study, trials] = [await store.study(), await store.trials()]
    const damage = warnings()
    for (const warning of damage) warn(io, warning)
    return { place: store.place, study, trials, summary: summarise(study, trials), damage }
  } finally {
    await store.close()
  }
}

type Read = Awaited<ReturnType<typeof read>>

const short = (value: number) => String(Number(value.toPrecision(6)))

const bestValue = ({ study, summary: { best } }: Read) =>
  best ? `${study.objectives[0].name} ${short(best.values![0])}` : ''

const listColumns: readonly Column<Read>[] = [
  { title: 'study', cell: ({ study }) => study.name },
  { title: 'place', cell: ({ place }) => place },
  { title: 'space', cell: ({ study }) => study.space.name },
  { title: 'algorithm', cell: ({ study }) => study.algorithm.name },
  { title: 'ended', align: 'right', cell: ({ summary }) => `${summary.ended}/${summary.total}` },
  { title: 'running', align: 'right', cell: ({ summary }) => summary.running },
  { title: 'best', cell: bestValue },
]

async function list(io: Io, place: string, { json }: Json): Promise<void> {
  const found: Read[] = []
  for (const where of await studyPlaces(place)) {
    try {
      found.push(await read(io, where))
    } catch (error) {
      // An unreadable study must not hide the others.
      if (!(error instanceof KingletError)) throw error
      warn(io, error.message)
    }
  }
  if (json)
    printJson(
      io,
      found.map(({ trials: _, ...rest }) => rest),
    )
  else if (found.length === 0) io.stdout.write('no studies there\n')
  else io.stdout.write(`${table(listColumns, found).join('\n')}\n`)
}

const stateText = (t: StoredTrial): string =>
  t.state === 'running' && !t.held ? 'abandoned' : isFeasible(t) ? t.state : 'above a budget'

const trialColumns = ({ objectives }: Study, front: readonly StoredTrial[]): Column<StoredTrial>[] => [
  { title: 'trial', align: 'right', cell: (t) => String(t.number) },
  { title: 'front', cell: (t) => (front.includes(t) ? '*' : '') },
  { title: 'state', cell: stateText },
  ...objectives.map(
    ({ name }, i): Column<StoredTrial> => ({
      title: name,
      align: 'right',
      cell: (t) => (t.values ? short(t.values[i]) : ''),
    }),
  ),
  { title: 'steps', align: 'right', cell: (t) => String(t.reports.at(-1)?.step ?? '') },
  { title: 'tries', align: 'right', cell: (t) => String(t.tries) },
  {
    title: 'time',
    align: 'right',
    cell: ({ began, ended }) => (began && ended ? duration((ended - began) / 1000) : ''),
  },
  { title: 'reason', cell: (t) => t.reason ?? '' },
]

/** Describes the counts that are not 0. */
function counts({ summary }: Read): string {
  const { complete, pruned, failed, running, paused, left, ended, total } = summary
  const parts = Object.entries({
    complete,
    pruned,
    failed,
    running,
    'waiting for other trials': paused,
    'abandoned by ended workers': left,
  })
  const shown = parts.filter(([, n]) => n > 0).map(([what, n]) => `${n} ${what}`)
  return `${ended} of ${total} trials ended${shown.length ? `: ${shown.join(', ')}` : ''}`
}

async function show(io: Io, where: StudyPlace, { json }: Json): Promise<void> {
  const found = await read(io, where)
  if (json) {
    printJson(io, found)
    return
  }
  const { study, trials, summary } = found
  const { best } = summary
  const reward = showReward(study.algorithm)
  const [titles, ...rows] = table(trialColumns(study, summary.front), trials)
  const parts = [
    `space ${study.space.name}`,
    `algorithm ${study.algorithm.name}`,
    ...(study.pruner ? [`pruner ${study.pruner.name}`] : []),
    `evaluator ${study.evaluator.name}`,
    `seed ${study.seed}`,
  ]
  const lines = [
    paint(io, io.stdout, 'bold', `study ${study.name}`),
    parts.join(', '),
    ...(reward === undefined ? [] : [`reward: ${reward}`]),
    ...Object.entries(study.budgets).map(([name, most]) => `budget: ${name} at most ${most}`),
    counts(found),
    '',
    ...(best ? [`best: trial ${best.number}`] : []),
    ...(best ? study.objectives.map(({ name }, i) => `  ${name}  ${short(best.values![i])}`) : []),
    ...(best ? Object.entries(best.point).map(([name, value]) => `  ${name}  ${value}`) : []),
    ...(best ? Object.entries(best.files ?? {}).map(([what, path]) => `  ${what}  ${path}`) : []),
    ...(best ? [''] : []),
    ...(trials.length ? [paint(io, io.stdout, 'bold', titles), ...rows] : []),
  ]
  io.stdout.write(`${lines.join('\n').trimEnd()}\n`)
}

async function exportTrials(io: Io, where: StudyPlace, { json }: Json): Promise<void> {
  const { study, trials } = await read(io, where)
  if (json) printJson(io, { study, trials })
  else io.stdout.write(studyCsv(study, trials))
}

const sub = (command: Command, name: string, description: string): Command =>
  addJsonOption(command.command(name).helpOption('-h, --help', 'print help').description(description))

/** Adds a subcommand that works on one study. */
const one = (
  command: Command,
  name: string,
  description: string,
  work: (where: StudyPlace, options: Json) => Promise<void>,
): Command =>
  sub(command, name, description)
    .argument('<place>', 'folder of the study, or address of its database')
    .option('--study <name>', 'name of the study in the database (default: the only one)')
    .action((place: string, { study, ...options }: OneStudy) =>
      work({ place, ...(study !== undefined && { name: study }) }, options),
    )

export const studyCommand: CommandDefinition = {
  name: 'study',
  describe(command, io) {
    sub(command, 'list', 'List the studies in a folder or a database.')
      .argument('[place]', 'a study, a folder of studies, or the address of a database', '.')
      .action((place: string, options: Json) => list(io, place, options))
    one(
      command,
      'show',
      'Show the state of a study: counts, the best trial, the front, and all trials.',
      (where, options) => show(io, where, options),
    )
    one(command, 'export', 'Print all trials as CSV, or the whole study as JSON.', (where, options) =>
      exportTrials(io, where, options),
    )
    return command
      .helpCommand(false)
      .description('Inspect studies, including running ones.')
      .addHelpText(
        'after',
        `
These commands do not change a study. They print a warning for each damaged line of its journal and show the
rest. With --json, each of them prints JSON.

Examples:
  kinglet study list runs
  kinglet study show runs/search-1
  kinglet study show postgres://me@lab-server/studies --study search-1
  kinglet study export runs/search-1 > trials.csv
  kinglet study export runs/search-1 --json > study.json`,
      )
  },
}
