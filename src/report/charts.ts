/** Charts of a report as SVG. Their colours come from the style of the page. */
import { html, type Markup } from './markup.ts'

export interface Series {
  readonly name: string
  /** Draws points without a line. */
  readonly dots?: boolean
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface LineChart {
  readonly title: string
  readonly xTitle: string
  readonly series: readonly Series[]
  /** Formats values of y: `0.41`, `88 %`. */
  readonly format: (y: number) => string
}

/** Returns about `wanted` round numbers that span `low` to `high`. */
export function ticks(low: number, high: number, wanted = 5): number[] {
  const span = high - low || Math.abs(high) || 1
  const rough = span / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough)!
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil((low === high ? low + span : high) / step - 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

const width = 440
const height = 250
const plot = { left: 52, right: 16, top: 30, bottom: 42 }
const at = (n: number) => Math.round(n * 10) / 10

/** Draws lines over a grid, with a legend above the plot. A series of one point is a dot. */
export function lineChart({ title, xTitle, series, format }: LineChart): Markup {
  const points = series.flatMap((s) => s.points).filter(([, y]) => Number.isFinite(y))
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])]
  const xTicks = ticks(Math.min(...xs), Math.max(...xs)).filter((x) => x <= Math.max(...xs) && x >= Math.min(...xs))
  const yTicks = ticks(Math.min(...ys), Math.max(...ys))
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)]
  const [y0, y1] = [yTicks[0], yTicks[yTicks.length - 1]]
  const x = (v: number) => at(plot.left + ((width - plot.left - plot.right) * (v - x0)) / (x1 - x0 || 1))
  const y = (v: number) => at(height - plot.bottom - ((height - plot.top - plot.bottom) * (v - y0)) / (y1 - y0 || 1))
  const path = (s: Series) => s.points.map(([px, py], i) => `${i ? 'L' : 'M'}${x(px)} ${y(py)}`).join('')
  return html`<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}: ${series.map((s) => s.name).join(', ')}">
${yTicks.map(
  (t) => html`<line class="grid" x1="${plot.left}" x2="${width - plot.right}" y1="${y(t)}" y2="${y(t)}"/>
<text class="tick" x="${plot.left - 7}" y="${y(t) + 4}" text-anchor="end">${format(t)}</text>
`,
)}${xTicks.map(
  (t) => html`<text class="tick" x="${x(t)}" y="${height - plot.bottom + 17}" text-anchor="middle">${t}</text>
`,
)}<text class="tick" x="${(width + plot.left - plot.right) / 2}" y="${height - 6}" text-anchor="middle">${xTitle}</text>
${series.map((s, i) => {
  const [px, py] = s.points[s.points.length - 1]
  const dot = (cx: number, cy: number) => html`<circle class="dot s${i}" cx="${x(cx)}" cy="${y(cy)}" r="3"/>`
  const drawn = s.dots
    ? s.points.map(([cx, cy]) => dot(cx, cy))
    : [html`<path class="line s${i}" d="${path(s)}"/>`, dot(px, py)]
  return html`${drawn}
<rect class="key s${i}" x="${plot.left + i * 120}" y="9" width="12" height="4" rx="2"/>
<text class="legend" x="${plot.left + i * 120 + 18}" y="15">${s.name}</text>
`
})}</svg></figure>`
}

/**
 * Draws a confusion matrix: rows are the truth, columns the answers. The opacity of a cell is its share of the row; for
 * mistakes it is the root of the share, so that rare mistakes are visible.
 */
export function confusionChart(classes: readonly string[], counts: readonly (readonly number[])[]): Markup {
  const cell = Math.max(16, Math.min(46, 520 / classes.length))
  const showsNumbers = cell >= 24
  const side = cell * classes.length
  const left = 14 + 6.2 * Math.max(...classes.map((c) => c.length))
  const top = left * 0.75 + 10
  const rows = counts.map((row, i) => {
    const total = row.reduce((a, b) => a + b, 0) || 1
    return html`<text class="tick" x="${left - 8}" y="${at(top + (i + 0.5) * cell + 4)}" text-anchor="end">${classes[i]}</text>
${row.map((n, j) => {
  const share = n / total
  const [cx, cy] = [at(left + j * cell), at(top + i * cell)]
  return html`<rect class="${i === j ? 'right' : 'wrong'}" x="${cx}" y="${cy}" width="${at(cell - 1)}" height="${at(cell - 1)}" fill-opacity="${(i === j ? share : Math.sqrt(share)).toFixed(3)}"><title>${classes[i]}, taken for ${classes[j]}: ${n}</title></rect>
${n > 0 && showsNumbers ? html`<text class="${share > 0.55 ? 'cell strong' : 'cell'}" x="${at(cx + cell / 2)}" y="${at(cy + cell / 2 + 4)}" text-anchor="middle">${n}</text>` : undefined}`
})}`
  })
  const columns = classes.map((name, j) => {
    const [cx, cy] = [at(left + (j + 0.5) * cell + 4), at(top - 8)]
    return html`<text class="tick" transform="translate(${cx} ${cy}) rotate(-50)">${name}</text>
`
  })
  return html`<svg class="wide" viewBox="0 0 ${at(left + side + 60)} ${at(top + side + 4)}" style="max-width:${at(left + side + 60)}px" role="img" aria-label="Confusion matrix: rows are the truth, columns the answers">
${columns}${rows}</svg>`
}

/** Draws a bar for a table cell; `fraction` is 0 to 1. */
export const bar = (fraction: number): Markup =>
  html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10" rx="2"/><rect class="key s0" width="${at(100 * fraction)}" height="10" rx="2"/></svg>`
