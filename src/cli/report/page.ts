/**
 * The report of a training run: one HTML page that opens from the disk, with nothing outside of it, in the colours
 * (dark or light) that its reader's system asks for.
 */
import { mistakesOf } from '../confusion.ts'
import { count, percent } from '../format.ts'
import { bar, confusionChart, type LineChart, lineChart } from './charts.ts'
import { html, Markup } from './markup.ts'

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

export interface ReportData {
  readonly title: string
  readonly subtitle: string
  /** Large figures at the top: a value and what it is. */
  readonly figures: readonly (readonly [value: string, meaning: string])[]
  readonly curves: readonly LineChart[]
  /** What the images are called that the network was not trained on: `test`, `validation`. */
  readonly part: string
  readonly classes: readonly string[]
  /** confusion[truth][answer]: images. */
  readonly confusion: readonly (readonly number[])[]
  readonly layers: readonly CostRow[]
  /** The network and what it is compared with. */
  readonly comparison?: readonly [CostColumn, CostColumn]
  /** Sentences below the comparison. */
  readonly notes: readonly string[]
  readonly pictures: readonly Picture[]
  /** How the run was made: command, seed, versions. */
  readonly provenance: readonly (readonly [string, string])[]
}

export const style = new Markup(`
:root{color-scheme:light dark;--paper:#fff;--raised:#f5f6f8;--ink:#1b1f24;--soft:#5b6470;--rule:#dde1e6;--s0:#1a66c2;--s1:#b8500c;--right:#1a66c2;--wrong:#c2410c;--strong:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--raised:#1d2127;--ink:#e8eaed;--soft:#a0a8b3;--rule:#333a43;--s0:#6eb0ff;--s1:#ffa366;--right:#3f8ae0;--wrong:#e0622a;--strong:#fff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1000px;padding:32px 20px 60px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:26px;margin:0}h2{font-size:18px;margin:40px 0 12px}
p{margin:6px 0}.soft,figcaption,dt{color:var(--soft)}
.figures,.curves,.pictures{display:grid;gap:14px}
.figures{grid-template-columns:repeat(auto-fit,minmax(150px,1fr));margin-top:22px}
.figures div{background:var(--raised);border-radius:8px;padding:12px 16px}.figures b{display:block;font-size:24px;font-weight:600}
.curves{grid-template-columns:repeat(auto-fit,minmax(320px,1fr))}
.pictures{grid-template-columns:repeat(auto-fill,minmax(210px,1fr))}
.picture{background:var(--raised);border-radius:8px;padding:10px;display:grid;grid-template-columns:72px 1fr;gap:12px;font-size:13px}
.picture img{width:72px;height:72px;image-rendering:pixelated;border-radius:4px}
.picture b{display:block}.picture .missed{color:var(--wrong)}.picture ol{margin:2px 0 0;padding:0;list-style:none}
.picture li{display:flex;justify-content:space-between;gap:8px}
figure{margin:0}svg{display:block;width:100%;height:auto}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px 4px 0;text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap}th{font-weight:600;color:var(--soft)}
.n{text-align:right}.bar{width:90px;height:8px}.track{fill:var(--rule)}
tr.total td{font-weight:600;border-bottom:0}
.grid{stroke:var(--rule)}.tick,.legend,.cell{font-size:11px;fill:var(--soft)}.legend{font-size:12px;fill:var(--ink)}.cell{fill:var(--ink)}.cell.strong{fill:var(--strong)}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.line.s0{stroke:var(--s0)}.line.s1{stroke:var(--s1)}
.key.s0,.dot.s0{fill:var(--s0)}.key.s1,.dot.s1{fill:var(--s1)}
rect.right{fill:var(--right);stroke:var(--rule)}rect.wrong{fill:var(--wrong);stroke:var(--rule)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;font-size:13px}dd{margin:0;overflow-wrap:anywhere}
`)

/** A matrix of more classes than this cannot be read: the commonest mistakes stand in its place. */
const widestMatrix = 40
const mostMistakes = 30

function confusion({ classes, confusion, part }: ReportData): Markup {
  if (classes.length <= widestMatrix)
    return html`<p class="soft">Rows are the truth, columns the answers; numbers are ${part} images.</p>
${confusionChart(classes, confusion)}`
  const mistakes = mistakesOf(classes, confusion).slice(0, mostMistakes)
  return html`<p class="soft">${classes.length} classes; the commonest mistakes among the ${part} images:</p>
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

/** The whole page. All text in `data` is escaped. */
export const reportPage = (data: ReportData): string =>
  html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${data.title}</title>
<style>${style}</style>
<h1>${data.title}</h1>
<p class="soft">${data.subtitle}</p>
<div class="figures">${data.figures.map(([value, meaning]) => html`<div><b>${value}</b><span class="soft">${meaning}</span></div>`)}</div>
<h2>Training</h2>
<div class="curves">${data.curves.map(lineChart)}</div>
<h2>What it sees</h2>
<p class="soft">The bold name is the truth; below it what the network answers.</p>
<div class="pictures">${data.pictures.map(pictureCard)}</div>
<h2>Confusion matrix</h2>
${confusion(data)}
${data.comparison && html`<h2>Cost beside standard convolutions</h2>${comparisonTable(data.comparison)}`}
${data.notes.map((note) => html`<p class="soft">${note}</p>`)}
<h2>Cost by layer</h2>
${layerTable(data.layers)}
<h2>How this was made</h2>
<dl>${data.provenance.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</html>
`.text
