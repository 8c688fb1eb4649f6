/** docs/benchmarks.md, from the newest results of each Node version. Needs nothing but those results. */
import { readdirSync, readFileSync } from 'node:fs'
import { sectionOf } from './tables.js'

export const resultsFolder = new URL('../results/', import.meta.url)

const major = ({ versions }) => versions.node.split('.')[0]

/** The newest results of each major version of Node, the newest version first. */
export function newestResults(folder = resultsFolder) {
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => ({ file: name, ...JSON.parse(readFileSync(new URL(name, folder), 'utf8')) }))
  const newest = new Map(all.map((r) => [major(r), r]))
  return [...newest.values()].sort((a, b) => Number(major(b)) - Number(major(a)))
}

const headings = {
  node: (r) => `Inference in Node ${major(r)}`,
  chromium: (r) => `Inference in Chromium ${r.parts.chromium.version?.split('.')[0] ?? ''}`.trim(),
  training: (r) => `Training, Node ${major(r)}`,
  layers: (r) => `Kernels beside the machine's limits, Node ${major(r)}`,
  step: (r) => `Where a training step goes, Node ${major(r)}`,
  size: () => 'Size of what a page loads',
}
/** Parts in which Node does nothing: the newest results tell. */
const once = new Set(['chromium', 'size'])

const gibibytes = (n) => (n / 2 ** 30).toFixed(0)
const machineLine = ({ machine: m }) =>
  `${m.processor}, ${m.cores} cores, ${gibibytes(m.memoryBytes)} GiB of memory, ${m.system}`

function versionLine({ file, versions: v, parts }) {
  const { kinglet, commit, node, v8, ...packages } = v
  const chromium = parts.chromium?.version
  return (
    `Node ${node} (V8 ${v8}), Kinglet ${kinglet}${commit ? ` (${commit})` : ''}, ` +
    `${chromium ? `Chromium ${chromium}, ` : ''}${Object.entries(packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}: [${file}](../bench/results/${file})`
  )
}

const method = `## How it is measured

\`npm run bench\` in the repository; it installs the other runtimes, each of which has a version of its own there, and
writes this page. All figures, each run among them, are in the files named above.

- **The same work.** The four networks at 224 x 224, batch 1, float32, with the same random weights, written in each
  runtime's own format with batch norm folded away; padding is TensorFlow's "same". Before anything is timed each
  contender's logits must equal Kinglet's to 1e-3 of the largest.
- **Side by side.** Each contender (a runtime with a number of threads) has a process, or a browser, of its own. After
  ten runs that do not count (two steps of training), rounds go through all contenders, and the order turns by one from
  round to round. In a round a contender runs for a tenth of a second or five times, whichever is longer, after 60 ms
  that do not count. A figure is the median of all runs, in brackets the quartiles.
- **Ratios are within a round**: the other's median over Kinglet's, at the same number of threads; above 1 Kinglet is
  the faster. A busy moment falls on both.
- **Two threads** are compared with one thread of the same runtime within a round. What two cores gave at that time to
  arithmetic alone stands beside it: on a shared host it may be less than 2, which no runtime can exceed.
- **A run** goes from an image in an array of the caller's to logits in one. ONNX Runtime native is not JavaScript: it
  is the far reference. TensorFlow.js has no threads in Node. LiteRT.js runs in pages only.
- **First answer**: model bytes in memory to the first logits, in a fresh process; from a page's load, the code and the
  model fetched from this machine too.
- **Training** beside PyTorch, channels last: a step forward, backward and update on a batch that stays in memory.
- **Limits** are measured in the same run: multiply-adds in independent chains in 128-bit vectors, without memory, and
  copies of as many bytes as a kernel reads and writes. The longer of the two is the kernel's floor.
- **Size**: what a page's requests bring before its first answer, gzipped.`

/** The document as Markdown. */
export function documentOf(results) {
  const sections = Object.entries(headings).flatMap(([part, headingOf]) => {
    const having = results.filter((r) => r.parts[part])
    return (once.has(part) ? having.slice(0, 1) : having).map(
      (r) => `## ${headingOf(r)}\n\n${sectionOf(part, r.parts[part])}`,
    )
  })
  const machines = [...new Set(results.map(machineLine))]
  return `${[
    '# Benchmarks',
    'Kinglet beside the runtimes that a web or Node developer could use instead. Written by `npm run bench`.',
    machines.map((line) => `- ${line}`).join('\n'),
    results.map((r) => `- ${versionLine(r)}`).join('\n'),
    ...sections,
    method,
  ].join('\n\n')}\n`
}
