/** The report of a search: the front, the history of the best value, the importance of choices, and stopped trials. */

import {
  axisUnit,
  bar,
  count,
  duration,
  html,
  type LineChart,
  lineChart,
  type Markup,
  percent,
  wholePage,
} from '../../report/index.ts'
import {
  frontOf,
  importanceOf,
  isFeasible,
  type Objective,
  type Point,
  type Problem,
  type StoredTrial,
  type Study,
  summarise,
} from '../../search/index.ts'

export interface SearchReport {
  readonly study: Study
  readonly problem: Problem
  readonly trials: readonly StoredTrial[]
  /** Formats a value of an objective. */
  readonly show: (objective: Objective, value: number) => string
  /** Paths of model files relative to the report, by trial number. */
  readonly models: ReadonlyMap<number, string>
  readonly provenance: readonly (readonly [string, string])[]
}

type Xy = readonly [x: number, y: number]

/** The trials with a measured accuracy: trials above a budget were not trained. */
const measured = (trials: readonly StoredTrial[]): StoredTrial[] =>
  trials.filter((t) => t.state === 'complete' && isFeasible(t))

/** Chart of the first objective: each trial within the budgets, and the best value so far. */
function history({ problem, trials, show }: SearchReport): LineChart {
  const [objective] = problem.objectives
  const better = objective.direction === 'minimize' ? Math.min : Math.max
  const judged = measured(trials)
  let best: number | undefined
  // A step function: the best value holds until the next trial.
  const line = judged.flatMap((t): Xy[] => {
    const before = best
    best = best === undefined ? t.values![0] : better(best, t.values![0])
    return before === undefined || before === best
      ? [[t.number, best]]
      : [
          [t.number, before],
          [t.number, best],
        ]
  })
  return {
    title: `${objective.name} of each trial, and the best so far`,
    xTitle: 'trial',
    format: (y) => show(objective, y),
    series: [
      { name: 'trials', dots: true, points: judged.map((t): Xy => [t.number, t.values![0]]) },
      { name: 'best so far', points: line },
    ],
  }
}

/** Chart of the first objective against the second. */
function front({ problem, trials, show }: SearchReport): LineChart | undefined {
  const [first, second] = problem.objectives
  const judged = measured(trials)
  if (!second || judged.length === 0) return undefined
  const [divisor, unit] = axisUnit(Math.max(...judged.map((t) => t.values![1])))
  const place = (t: { readonly values?: readonly number[] }): Xy => [t.values![1] / divisor, t.values![0]]
  const best = frontOf(problem, trials).sort((a, b) => a.values![1] - b.values![1])
  return {
    title: `${first.name} against ${second.name}`,
    xTitle: unit ? `${second.name} (${unit})` : second.name,
    format: (y) => show(first, y),
    series: [
      { name: 'trials', dots: true, points: judged.map(place) },
      { name: 'front', points: best.map(place) },
    ],
  }
}

const pointText = (point: Point): string =>
  Object.entries(point)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`)
    .join(', ')

function frontTable({ problem, trials, show, models }: SearchReport): Markup {
  const best = frontOf(problem, trials)
  if (best.length === 0) return html`<p class="soft">No trial met the budgets.</p>`
  return html`<div class="scroll"><table><tr><th class="n">trial</th>${problem.objectives.map((o) => html`<th class="n">${o.name}</th>`)}<th>model</th></tr>
${best.map((t) => {
  const model = models.get(t.number)
  return html`<tr title="${pointText(t.point)}"><td class="n">${t.number}</td>${problem.objectives.map((o, i) => html`<td class="n">${show(o, t.values![i])}</td>`)}<td>${model && html`<a href="${model}">${model}</a>`}</td></tr>
`
})}</table></div>
${best.map((t) => html`<p class="soft">Trial ${t.number}: ${pointText(t.point)}</p>`)}`
}

const importance = ({ problem, trials }: SearchReport): Markup =>
  html`<p class="soft">The share of the variance of ${problem.objectives[0].name} that a choice explains on its own. It covers the trials that met the budgets and have this choice.</p>
<div class="scroll"><table><tr><th>choice</th><th></th><th class="n">share</th><th class="n">trials</th></tr>
${importanceOf(problem, trials)
  .filter((i) => i.trials > 1)
  .map(
    (i) =>
      html`<tr><td>${i.choice}</td><td>${bar(i.share)}</td><td class="n">${percent(i.share, 1)}</td><td class="n">${count(i.trials)}</td></tr>
`,
  )}</table></div>`

function stopped({ problem, trials, show }: SearchReport): Markup | undefined {
  const own = trials.filter((t) => t.state === 'pruned' || t.state === 'failed')
  if (own.length === 0) return undefined
  return html`<h2>Stopped early or failed</h2>
<div class="scroll"><table><tr><th class="n">trial</th><th>state</th><th class="n">after step</th><th class="n">${problem.objectives[0].name}</th><th>reason</th></tr>
${own.map((t) => {
  const last = t.reports.at(-1)
  return html`<tr><td class="n">${t.number}</td><td>${t.state}</td><td class="n">${last?.step}</td><td class="n">${last && show(problem.objectives[0], last.value)}</td><td>${t.reason}</td></tr>
`
})}</table></div>`
}

/** Returns the whole page. All text in it is escaped. */
export function searchPage(report: SearchReport): string {
  const { study, problem, trials, show, provenance } = report
  const counted = (state: StoredTrial['state']) => trials.filter((t) => t.state === state).length
  const above = counted('complete') - measured(trials).length
  const { best: first } = summarise(study, trials)
  const best = first && isFeasible(first) ? first : undefined
  const seconds = trials.reduce((sum, t) => sum + (t.began && t.ended ? (t.ended - t.began) / 1000 : 0), 0)
  const figures = [
    ...(best ? problem.objectives.map((o, i) => [show(o, best.values![i]), `${o.name} of the best`] as const) : []),
    [count(measured(trials).length), `trials complete of ${count(study.trials)}`],
    ...(above > 0 ? [[count(above), 'above a budget, not trained'] as const] : []),
    [count(counted('pruned')), 'stopped early'],
    ...(counted('failed') > 0 ? [[count(counted('failed')), 'failed'] as const] : []),
    [duration(seconds), 'in trials'],
  ] as const
  const isDrawn = trials.some((t) => t.state === 'complete')
  const charts = isDrawn ? [front(report), history(report)].filter((c) => c !== undefined) : []
  const drawable = charts.filter((c) => c.series.every((s) => s.points.length > 0))
  const subtitle = html`Space ${study.space.name}, algorithm ${study.algorithm.name}${study.pruner && html`, pruner ${study.pruner.name}`}, evaluation ${study.evaluator.name}, seed ${study.seed}`
  return wholePage(
    { title: study.name, subtitle, figures, provenance },
    html`<h2>The front</h2>
<div class="curves">${drawable.map(lineChart)}</div>
${frontTable(report)}
<h2>What mattered</h2>
${importance(report)}
${stopped(report)}`,
  )
}
