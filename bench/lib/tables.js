/** Formats results as Markdown tables, for a terminal and for docs/benchmarks.md. Needs only the results. */
import { runtimes } from '../runtimes/index.js'

const ms = (n) => n.toFixed(n < 10 ? 2 : 1)
const times = (n) => n.toFixed(2)
const mebibytes = (n) => String(Math.round(n / 2 ** 20))
const kilobytes = (n) => (n / 1000).toFixed(1)
const percent = (x) => `${Math.round(100 * x)} %`
const spread = ({ lower, median, upper }, show) => `${show(median)} (${show(lower)} - ${show(upper)})`

/** Formats rows of cells as an aligned table. All columns but the first are right-aligned. */
export function markdown(titles, rows) {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length), 3))
  const line = (cells) => `| ${cells.map((c, i) => (i ? c.padStart(widths[i]) : c.padEnd(widths[i]))).join(' | ')} |`
  const rule = `| ${widths.map((w, i) => (i ? `${'-'.repeat(w - 1)}:` : '-'.repeat(w))).join(' | ')} |`
  return [line(titles), rule, ...rows.map(line)].join('\n')
}

const named = (label, threads) => `${label}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`

/** Rows are contenders, columns are networks or cases. Empty rows are left out. */
function matrix(title, columns, contendersIn, nameOf, cell) {
  const ids = [...new Set(columns.flatMap((c) => contendersIn(c).map(nameOf)))]
  const rows = ids.map((id) => [
    id,
    ...columns.map((column) => {
      const found = contendersIn(column).find((c) => nameOf(c) === id)
      return (found && cell(found)) ?? ''
    }),
  ])
  const filled = rows.filter(([, ...cells]) => cells.some((c) => c !== ''))
  return filled.length > 0 ? [markdown([title, ...columns.map((c) => c.network ?? c.title)], filled)] : []
}

/** The contenders that could not run, one per line. */
function failures(columns, labels) {
  const lines = columns.flatMap(({ failed }) =>
    failed.map(
      ({ runtime, trainer, threads, reason }) => `- ${named(labels[runtime ?? trainer].label, threads)}: ${reason}`,
    ),
  )
  return lines.length > 0 ? [['Did not run:', '', ...new Set(lines)].join('\n')] : []
}

/** If half of all rows spread by more than this, the document says so. */
const wide = 0.1

/** A sentence about the distance of the quartiles, if it is large. */
function spreadNote(quartiles, { loadBefore, loadAfter }) {
  const widths = quartiles.map(({ lower, upper }) => upper / lower - 1).sort((a, b) => a - b)
  const middle = widths[Math.floor(widths.length / 2)]
  if (!(middle > wide)) return []
  return [
    `The machine was busy: in half of these rows the quartiles lie ${percent(middle)} apart or more, at most ` +
      `${percent(widths.at(-1))} (load average ${loadBefore} before and ${loadAfter} after). Ratios are taken within a round ` +
      'and suffer less.',
  ]
}

/** The gain of the second core while the networks ran. */
function secondCore(networks) {
  const known = networks.filter((n) => n.secondCore)
  if (known.length === 0) return []
  const row = ['arithmetic without memory', ...known.map((n) => spread(n.secondCore, times))]
  return [markdown(['two cores do more than one, times', ...known.map((n) => n.network)], [row])]
}

function inference(part) {
  const { networks } = part
  const of = (n) => n.contenders
  const name = (c) => named(runtimes[c.runtime].label, c.threads)
  const table = (title, cell) => matrix(title, networks, of, name, cell)
  return [
    ...table('ms, median (quartiles)', (c) => spread(c.latencyMs, ms)),
    ...table('Kinglet is faster, times', (c) => c.kingletIsFaster && spread(c.kingletIsFaster, times)),
    ...table('two threads are faster than one, times', (c) => c.timesOneThread && spread(c.timesOneThread, times)),
    ...secondCore(networks),
    ...table('from model bytes to the first answer, ms', (c) => spread(c.firstAnswerMs, ms)),
    ...table("from the page's load to the first answer, ms", (c) => c.fromLoadMs && spread(c.fromLoadMs, ms)),
    ...table('peak memory of the process, MiB', (c) => c.peakBytes && mebibytes(c.peakBytes)),
    ...spreadNote(
      networks.flatMap((n) => n.contenders.map((c) => c.latencyMs)),
      part,
    ),
    ...failures(networks, runtimes),
  ]
}

const trainers = {
  kinglet: { label: 'Kinglet' },
  before: { label: 'Kinglet before' },
  torch: { label: 'PyTorch, channels last' },
  tfjs: { label: 'TensorFlow.js wasm' },
}

function training(part) {
  const { cases } = part
  const of = (c) => c.trainers
  const name = (t) => named(trainers[t.trainer].label, t.threads)
  const table = (title, cell) => matrix(title, cases, of, name, cell)
  const [version] = cases.flatMap((c) => c.trainers.flatMap((t) => (t.trainer === 'torch' ? [t.version] : [])))
  return [
    `Batches of ${cases[0].batch}, SGD with momentum${version ? `; PyTorch ${version}` : ''}.`,
    ...table('images/s', (t) => t.imagesPerSecond.toFixed(t.imagesPerSecond < 100 ? 1 : 0)),
    ...table('ms a step, median (quartiles)', (t) => spread(t.stepMs, ms)),
    ...table('Kinglet is faster, times', (t) => t.kingletIsFaster && spread(t.kingletIsFaster, times)),
    ...table('first step, compiled, ms', (t) => ms(t.firstStepMs)),
    ...table('peak memory of the process, MiB', (t) => mebibytes(t.peakBytes)),
    ...spreadNote(
      cases.flatMap((c) => c.trainers.map((t) => t.stepMs)),
      part,
    ),
    ...failures(cases, trainers),
  ]
}

const middle = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
/** Pixels of a pointwise convolution's result, which is [n, h, w, c], or [pixels, c] as a matrix product. */
const pixels = ({ output }) => output.slice(0, -1).reduce((a, b) => a * b, 1)
const kinds = {
  'pointwise and dense, 196 pixels or more': (l) => /^packed/.test(l.kernel) && pixels(l) >= 196,
  'pointwise and dense, fewer pixels': (l) => /^packed/.test(l.kernel) && pixels(l) < 196,
  depthwise: (l) => l.kernel === 'depthwise_conv2d',
  'everything else': (l) => !/^packed/.test(l.kernel) && l.kernel !== 'depthwise_conv2d',
}

function layers({ networks }) {
  const whole = networks.map((n) => [
    n.name,
    spread(n.latencyMs, ms),
    n.gflops.toFixed(1),
    n.limitGflops.toFixed(1) + (n.fused ? ', fused' : ''),
    percent(n.shareOfLimit),
  ])
  const rows = networks.flatMap((n) =>
    Object.entries(kinds).flatMap(([kind, isOf]) => {
      const own = n.layers.filter(isOf)
      if (own.length === 0) return []
      const limited = own.filter((l) => l.macs > 0)
      return [
        [
          `${n.name}: ${kind}`,
          String(own.length),
          percent(own.reduce((sum, l) => sum + l.share, 0)),
          limited.length > 0 ? percent(middle(limited.map((l) => l.shareOfLimit))) : '',
          times(middle(own.map((l) => l.timesFloor))),
          times(Math.max(...own.map((l) => l.timesFloor))),
        ],
      ]
    }),
  )
  return [
    markdown(['one thread', 'ms, median (quartiles)', 'GFLOP/s', 'limit', 'of limit'], whole),
    markdown(['kernels', 'number', 'of the time', 'of limit, median', 'times its floor, median', 'at most'], rows),
  ]
}

function step({ title, batch, stepMs, limitGflops, fused, kernels }) {
  const rows = [...kernels]
    .sort((a, b) => b.timeMs.median - a.timeMs.median)
    .filter((k) => k.timeMs.median > stepMs.median / 1000)
    .map((k) => [
      k.op,
      String(k.calls),
      spread(k.timeMs, ms),
      percent(k.timeMs.median / stepMs.median),
      k.macs > 0 ? k.gflops.toFixed(1) : '',
      k.macs > 0 ? percent(k.shareOfLimit) : '',
      k.gigabytesPerSecond.toFixed(1),
    ])
  return [
    `${title}, batch ${batch}, one thread: ${spread(stepMs, ms)} ms; the limit of ${fused ? 'fused ' : ''}multiply-adds ` +
      `is ${limitGflops.toFixed(1)} GFLOP/s. Kinds of kernels that take a thousandth or more:`,
    markdown(['kernels', 'number', 'ms, median (quartiles)', 'of the time', 'GFLOP/s', 'of limit', 'GB/s'], rows),
  ]
}

function size({ entries, loaded, failed }) {
  const own = Object.entries(entries).map(([what, e]) => [what, kilobytes(e.minifiedBytes), kilobytes(e.gzippedBytes)])
  const isCode = ({ path }) => /\.m?js$/.test(path)
  const sum = (files) => files.reduce((n, f) => n + f.gzippedBytes, 0)
  const rows = loaded.map(({ runtime, threads, files, gzippedBytes }) => [
    named(runtimes[runtime].label, threads),
    kilobytes(sum(files.filter(isCode))),
    kilobytes(sum(files.filter((f) => !isCode(f)))),
    kilobytes(gzippedBytes),
  ])
  return [
    markdown(['Kinglet, kB', 'minified', 'and gzipped'], own),
    markdown(['a page loads, kB gzipped', 'code', 'WebAssembly', 'together'], rows),
    ...failures([{ failed }], runtimes),
  ]
}

const sections = { node: inference, chromium: inference, training, layers, step, size }

/** Formats the results of a part as paragraphs and tables. */
export const sectionOf = (name, part) =>
  (part.skipped ? [`Left out: ${part.skipped}.`] : sections[name](part)).join('\n\n')
