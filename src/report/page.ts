/**
 * The report of a training run: one self-contained HTML page that opens from the disk. It is dark or light as the
 * reader's system prefers.
 */

import { bar, confusionChart, type LineChart, lineChart } from './charts.ts'
import { mistakesOf } from './confusion.ts'
import { count, percent } from './format.ts'
import { html, type Markup } from './markup.ts'
import { type Shell, wholePage } from './shell.ts'

export interface Picture {
  /** `data:` URL. */
  readonly url: string
  readonly truth: string
  /** Best first. */
  readonly answers: readonly { readonly label: string; readonly score: number }[]
}

export interface CostRow {
  readonly layer: string
  readonly kind: string
  readonly output: string
  readonly parameters: number
  readonly macs: number
}

export interface CostColumn {
  readonly name: string
  readonly parameters: number
  readonly macs: number
  readonly latencyMs: number
}

export interface ReportData extends Shell {
  readonly curves: readonly LineChart[]
  /** Name of the images that the network was not trained on: `test`, `validation`. */
  readonly part: string
  readonly classes: readonly string[]
  /** confusion[truth][answer]: number of images. */
  readonly confusion: readonly (readonly number[])[]
  readonly layers: readonly CostRow[]
  /** The network, and the one that it is compared with. */
  readonly comparison?: readonly [CostColumn, CostColumn]
  /** Sentences below the comparison. */
  readonly notes: readonly string[]
  readonly pictures: readonly Picture[]
}

/** A matrix with more classes is illegible: the page lists the most common mistakes instead. */
const widestMatrix = 40
const mostMistakes = 30

function confusion({ classes, confusion, part }: ReportData): Markup {
  if (classes.length <= widestMatrix)
    return html`<p class="soft">Rows are the truth, columns the answers; numbers are ${part} images.</p>
${confusionChart(classes, confusion)}`
  const mistakes = mistakesOf(classes, confusion).slice(0, mostMistakes)
  return html`<p class="soft">${classes.length} classes; the most common mistakes among the ${part} images:</p>
<div class="scroll"><table><tr><th>truth</th><th>answer</th><th class="n">images</th></tr>
${mistakes.map((m) => html`<tr><td>${m.truth}</td><td>${m.answer}</td><td class="n">${count(m.images)}</td></tr>`)}</table></div>`
}

const ratio = (a: number, b: number) => `${(b / a).toFixed(2)} x`

const comparisonTable = ([own, other]: readonly [CostColumn, CostColumn]): Markup => {
  const rows: [string, (c: CostColumn) => number, (n: number) => string][] = [
    ['parameters', (c) => c.parameters, count],
    ['multiply-adds', (c) => c.macs, count],
    ['time per image', (c) => c.latencyMs, (ms) => `${ms.toFixed(3)} ms`],
  ]
  return html`<div class="scroll"><table><tr><th></th><th class="n">${own.name}</th><th class="n">${other.name}</th><th class="n">ratio</th></tr>
${rows.map(
  ([name, of, show]) =>
    html`<tr><td>${name}</td><td class="n">${show(of(own))}</td><td class="n">${show(of(other))}</td><td class="n">${ratio(of(own), of(other))}</td></tr>
`,
)}</table></div>`
}

function layerTable(layers: readonly CostRow[]): Markup {
  const total = { parameters: 0, macs: 0 }
  for (const l of layers) {
    total.parameters += l.parameters
    total.macs += l.macs
  }
  const most = Math.max(...layers.map((l) => l.macs), 1)
  return html`<div class="scroll"><table><tr><th>layer</th><th>kind</th><th>output</th><th class="n">parameters</th><th class="n">MACs</th><th></th><th class="n">share</th></tr>
${layers.map(
  (l) =>
    html`<tr><td>${l.layer}</td><td>${l.kind}</td><td>${l.output}</td><td class="n">${count(l.parameters)}</td><td class="n">${count(l.macs)}</td><td>${bar(l.macs / most)}</td><td class="n">${percent(l.macs / (total.macs || 1), 1)}</td></tr>
`,
)}<tr class="total"><td>total</td><td></td><td></td><td class="n">${count(total.parameters)}</td><td class="n">${count(total.macs)}</td><td></td><td></td></tr></table></div>`
}

const pictureCard = ({ url, truth, answers }: Picture): Markup =>
  html`<div class="picture"><img src="${url}" alt="${truth}"><div><b class="${answers[0]?.label === truth ? '' : 'missed'}">${truth}</b><ol>${answers.map((a) => html`<li><span>${a.label}</span><span>${percent(a.score, 1)}</span></li>`)}</ol></div></div>
`

/** Returns the whole page. All text in `data` is escaped. */
export const reportPage = (data: ReportData): string =>
  wholePage(
    data,
    html`<h2>Training</h2>
<div class="curves">${data.curves.map(lineChart)}</div>
<h2>What it sees</h2>
<p class="soft">The bold name is the truth. The answers of the network are below it.</p>
<div class="pictures">${data.pictures.map(pictureCard)}</div>
<h2>Confusion matrix</h2>
${confusion(data)}
${data.comparison && html`<h2>Cost compared with standard convolutions</h2>${comparisonTable(data.comparison)}`}
${data.notes.map((note) => html`<p class="soft">${note}</p>`)}
<h2>Cost by layer</h2>
${layerTable(data.layers)}`,
  )
