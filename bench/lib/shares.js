/**
 * The tables of docs/performance.md: kernels of one inference and of one training step by purpose, from the newest
 * results of each Node version. A table is between a line that names it and `<!-- end -->`.
 */
import { markdown } from './tables.js'

/** Kernels of MobileNet V2 by purpose. The first match counts. */
const parts = {
  expansions: (l) => l.layer.endsWith('.expand'),
  projections: (l) => l.layer.endsWith('.project'),
  depthwise: (l) => l.kernel === 'depthwise_conv2d',
  'last convolution': (l) => l.layer === 'last',
  'first convolution': (l) => l.layer === 'stem' && l.macs > 0,
  classifier: (l) => l.layer === 'classifier',
  'padding, pooling': () => true,
}

/** Kernels of a training step by purpose. */
const purposes = {
  packed_matmul: 'products: forward and gradients to x',
  matmul: 'products: gradients to weights',
  elementwise: 'elementwise (normalise, activate, their gradients, updates)',
  sums: 'sums (batch-norm statistics, their gradients)',
  depthwise_conv2d_dw: 'depthwise, gradient to weights',
  depthwise_conv2d: 'depthwise, forward',
  depthwise_conv2d_dx: 'depthwise, gradient to x',
}
const others = 'packing, patches, softmax, dropout'

const sum = (list, of) => list.reduce((n, x) => n + of(x), 0)
const percent = (x) => `${Math.round(100 * x)} %`

function inference({ parts: { layers } }) {
  const { layers: all, limitGflops } = layers.networks.find((n) => n.name === 'mobilenet_v2')
  const total = sum(all, (l) => l.timeMs.median)
  const row = (what, own) => {
    const ms = sum(own, (l) => l.timeMs.median)
    const floor = sum(own, (l) => l.timeMs.median / l.timesFloor)
    const gflops = (2 * sum(own, (l) => l.macs)) / ms / 1e6
    const arithmetic = gflops > 0 ? [gflops.toFixed(1), percent(gflops / limitGflops)] : ['', '']
    return [what, String(own.length), ms.toFixed(2), percent(ms / total), ...arithmetic, (ms / floor).toFixed(2)]
  }
  const partOf = (l) => Object.keys(parts).find((name) => parts[name](l))
  const rows = Object.keys(parts).map((name) =>
    row(
      name,
      all.filter((l) => partOf(l) === name),
    ),
  )
  const titles = ['kernels', 'number', 'ms', 'of the time', 'GFLOP/s', 'of limit', 'times its floor']
  return { ms: total, table: markdown(titles, [...rows, row('all', all)]) }
}

function step({ parts: { step: measured } }) {
  const { kernels, limitGflops } = measured
  const total = sum(kernels, (k) => k.timeMs.median)
  const own = kernels
    .filter((k) => k.op in purposes)
    .sort((a, b) => b.timeMs.median - a.timeMs.median)
    .map((k) => [
      purposes[k.op],
      String(k.calls),
      k.timeMs.median.toFixed(1),
      percent(k.timeMs.median / total),
      ...(k.macs > 0 ? [k.gflops.toFixed(1), percent(k.gflops / limitGflops)] : ['', '']),
      k.gigabytesPerSecond.toFixed(1),
    ])
  const rest = kernels.filter((k) => !(k.op in purposes))
  const ms = sum(rest, (k) => k.timeMs.median)
  const last = [others, String(sum(rest, (k) => k.calls)), ms.toFixed(1), percent(ms / total), '', '', '']
  const titles = ['kernels', 'number', 'ms', 'of the time', 'GFLOP/s', 'of limit', 'GB/s']
  return { ms: total, table: markdown(titles, [...own, last]) }
}

const tables = { inference, step }
const needed = { inference: 'layers', step: 'step' }

/** Returns `text` with its tables replaced by those of `results`, from `newestResults`. */
export function withShares(text, results) {
  return text.replace(/(<!-- bench: (\w+) -->\n).*?(<!-- end -->)/gs, (_, open, name, close) => {
    const found = results
      .filter((r) => r.parts[needed[name]])
      .map((r) => {
        const { ms, table } = tables[name](r)
        return `\nNode ${r.versions.node.split('.')[0]}, ${ms.toFixed(1)} ms in all kernels:\n\n${table}\n`
      })
    return `${open}${found.join('')}\n${close}`
  })
}
