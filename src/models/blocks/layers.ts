/** The operators of a single layer: stems and last convolutions, pools, and the fully connected layers at the end. */
import { flatten, globalAvgPool, maxPool as maxPoolOf } from '../../ops/index.ts'
import { activate } from './activation.ts'
import { defineBlock, member } from './define.ts'

const { window, channels, activation, count, flag } = member

/** Convolution, batch norm, activation. */
export const conv = defineBlock({
  name: 'conv',
  kind: 'layer',
  row: { kernel: window, out: channels, act: activation, stride: count },
  title: ({ isBefore }) => (isBefore ? 'stem' : 'last'),
  build: (b, x, row) => activate(b.batchNorm(b.conv(x, row)), row.act),
})

export const maxPool = defineBlock({
  name: 'max_pool',
  kind: 'layer',
  row: { kernel: window, stride: count },
  title: () => 'stem_pool',
  canDilate: false,
  build: (b, x, row) => maxPoolOf({ x }, { kernel: [row.kernel, row.kernel], stride: row.stride, pad: b.pad(x, row) }),
})

/** The average of each channel. */
export const pool = defineBlock({
  name: 'pool',
  kind: 'layer',
  row: {},
  title: () => 'pool',
  build: (_, x) => globalAvgPool(x),
})

/** A fully connected layer. The classifier has dropout before it. */
export const linear = defineBlock({
  name: 'linear',
  kind: 'layer',
  row: { out: channels, act: activation, bias: flag },
  title: ({ isClassifier }) => (isClassifier ? 'classifier' : 'head'),
  isVector: true,
  build(b, x, row, options) {
    const classifier = row.name === 'classifier'
    const flat = x.shape.length === 2 ? x : flatten(x)
    const kept = classifier ? b.dropout(flat, options.dropout) : flat
    return activate(b.linear(kept, { out: row.out, bias: row.bias, classifier }), row.act)
  },
})
