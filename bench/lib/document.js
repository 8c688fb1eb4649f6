/** Writes docs/benchmarks.md from the newest results of each Node version. Needs only those results. */
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
  layers: (r) => `Kernels and the machine's limits, Node ${major(r)}`,
  step: (r) => `Where a training step goes, Node ${major(r)}`,
  size: () => 'Size of what a page loads',
}
/** Parts that do not run in Node: only the newest results are shown. */
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

\`npm run bench\` in the repository installs the other runtimes in fixed versions, measures, and writes this page. The
files named above have all figures, including each run.

- **Same work.** The four networks at 224 x 224, batch 1, float32, with the same random weights, in each runtime's
  format with batch norm folded. Padding is TensorFlow's "same". Before any timing, the logits of each contender must
  equal Kinglet's to 1e-3 of the largest.
- **Rounds.** Each contender (a runtime with a number of threads) has a separate process or browser. After ten untimed
  runs (two steps in training), rounds go through all contenders, and the order rotates by one each round. In a round a
  contender runs for a tenth of a second or five times, whichever is longer, after 60 ms of untimed runs. A figure is
  the median of all runs, with the quartiles in brackets.
- **Ratios are within a round**: the other runtime's median over Kinglet's, with the same number of threads. Above 1,
  Kinglet is faster. A busy moment affects both.
- **Two threads** are compared with one thread of the same runtime within a round. Another table shows the gain of the
  second core for arithmetic alone at that time. On a shared host it may be less than 2, and no runtime can exceed it.
- **A run** goes from an image in the caller's array to logits in an array. ONNX Runtime native is not JavaScript; it is
  a distant reference. TensorFlow.js has no threads in Node. LiteRT.js runs only in pages.
- **First answer**: from model bytes in memory to the first logits, in a fresh process. In a page also from its load,
  which fetches the code and the model from this machine.
- **Training** is compared with PyTorch, channels last: forward, backward and update on a batch that stays in memory.
- **Limits** are measured in the same run: multiply-adds in independent chains of 128-bit vectors without memory, and
  copies of as many bytes as a kernel reads and writes. The longer of the two times is the kernel's floor.
- **Size**: the gzipped bytes that a page requests before its first answer.`

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
    'Kinglet compared with the runtimes that a web or Node developer could use instead. Written by `npm run bench`.',
    machines.map((line) => `- ${line}`).join('\n'),
    results.map((r) => `- ${versionLine(r)}`).join('\n'),
    ...sections,
    method,
  ].join('\n\n')}\n`
}
