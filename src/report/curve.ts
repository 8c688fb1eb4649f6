/**
 * The report of `kinglet adapt`: accuracy against the resource, the change of each step, the channels of each layer.
 */

import { bar, lineChart, type Series } from './charts.ts'
import { count, percent, short } from './format.ts'
import { html, type Markup } from './markup.ts'
import { type Shell, wholePage } from './shell.ts'

export interface CurveStep {
  readonly step: number
  /** The change of the step: `blocks.3.exp 96 to 88`. */
  readonly what: string
  readonly resource: number
  readonly macs: number
  readonly parameters: number
  /** Accuracy on the held-out images, from 0 to 1. */
  readonly accuracy: number
}

export interface CurveReport extends Shell {
  readonly resource: {
    readonly name: string
    /** Formats a value with its unit. */
    readonly show: (value: number) => string
  }
  readonly steps: readonly CurveStep[]
  /** The result of the final fine-tuning, on images held out of it. */
  readonly final?: { readonly resource: number; readonly accuracy: number; readonly part: string }
  /** Number of channels of each group before and after. */
  readonly groups: readonly { readonly name: string; readonly before: number; readonly after: number }[]
}

/** Returns the divisor for the numbers of an axis, and the prefix of the unit. */
export function axisUnit(most: number): readonly [divisor: number, unit: string] {
  const units: readonly (readonly [number, string])[] = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ]
  return units.find(([size]) => most >= size) ?? [1, '']
}

function chart({ resource, steps, final }: CurveReport): Markup {
  const [divisor, unit] = axisUnit(Math.max(...steps.map((s) => s.resource)))
  const series: Series[] = [
    { name: 'held out', points: steps.map((s) => [s.resource / divisor, s.accuracy] as const) },
    ...(final
      ? [{ name: `${final.part}, at the end`, points: [[final.resource / divisor, final.accuracy] as const] }]
      : []),
  ]
  return lineChart({
    title: `Top-1 against ${resource.name}, one point for each step`,
    xTitle: unit ? `${resource.name} (${unit})` : resource.name,
    format: (y) => percent(y, 1),
    series,
  })
}

/** Columns of the table of steps. A resource that is also a fixed column appears once. */
const stepColumns = ({ resource }: CurveReport): [title: string, cell: (s: CurveStep) => string][] => {
  const others: [string, (s: CurveStep) => string][] = [
    ['macs', (s) => short(s.macs)],
    ['parameters', (s) => short(s.parameters)],
  ]
  return [
    [resource.name, (s) => resource.show(s.resource)],
    ...others.filter(([name]) => name !== resource.name),
    ['top-1', (s) => percent(s.accuracy)],
  ]
}

const stepTable = (report: CurveReport): Markup => {
  const columns = stepColumns(report)
  return html`<div class="scroll"><table><tr><th class="n">step</th><th>shrunk</th>${columns.map(([title]) => html`<th class="n">${title}</th>`)}</tr>
${report.steps.map(
  (s) =>
    html`<tr><td class="n">${s.step}</td><td>${s.what}</td>${columns.map(([, cell]) => html`<td class="n">${cell(s)}</td>`)}</tr>
`,
)}</table></div>`
}

const groupTable = ({ groups }: CurveReport): Markup =>
  html`<div class="scroll"><table><tr><th>channels</th><th class="n">before</th><th class="n">after</th><th></th><th class="n">kept</th></tr>
${groups.map(
  (g) =>
    html`<tr><td>${g.name}</td><td class="n">${count(g.before)}</td><td class="n">${count(g.after)}</td><td>${bar(g.after / g.before)}</td><td class="n">${percent(g.after / g.before, 0)}</td></tr>
`,
)}</table></div>`

/** Returns the whole page. All text in `data` is escaped. */
export const curvePage = (data: CurveReport): string =>
  wholePage(
    data,
    html`<h2>The curve</h2>
<div class="curves">${chart(data)}</div>
<p class="soft">Each point is a model file in the run folder after its short fine-tuning. Its accuracy is measured on held-out training images.</p>
<h2>What each layer kept</h2>
${groupTable(data)}
<h2>Steps</h2>
${stepTable(data)}`,
  )
