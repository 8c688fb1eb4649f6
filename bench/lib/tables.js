/** Results as text: for a terminal and, being Markdown, for docs/benchmarks.md. */
import { runtimes } from '../runtimes/index.js'

const ms = (n) => n.toFixed(n < 10 ? 2 : 1)

/** Lines of cells as a Markdown table whose columns line up; all but the first are right-aligned. */
export function markdown(titles, rows) {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length), 3))
  const line = (cells) => `| ${cells.map((c, i) => (i ? c.padStart(widths[i]) : c.padEnd(widths[i]))).join(' | ')} |`
  const rule = `| ${widths.map((w, i) => (i ? `${'-'.repeat(w - 1)}:` : '-'.repeat(w))).join(' | ')} |`
  return [line(titles), rule, ...rows.map(line)].join('\n')
}

const spread = ({ lower, median, upper }, show) => `${show(median)} (${show(lower)} - ${show(upper)})`

/** One network, all contenders of a run. */
export function inferenceTable({ network, contenders, failed }) {
  const rows = contenders.map((c) => [
    runtimes[c.runtime].label,
    String(c.threads),
    spread(c.latencyMs, ms),
    c.kingletIsFaster ? spread(c.kingletIsFaster, (n) => n.toFixed(2)) : '',
    ms(c.firstAnswerMs.median),
    c.peakBytes ? String(Math.round(c.peakBytes / 2 ** 20)) : '',
  ])
  const titles = [network, 'threads', 'ms (quartiles)', 'Kinglet is faster, times', 'first answer ms', 'peak MiB']
  return [markdown(titles, rows), ...failed.map((f) => `${runtimes[f.runtime].label} did not run: ${f.reason}`)].join(
    '\n',
  )
}
