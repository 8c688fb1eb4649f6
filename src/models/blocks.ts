/**
 * What each operator of a table adds to the graph. Orders of layers: V1 arXiv:1704.04861 figure 3; V2 arXiv:1801.04381
 * figure 4; V3 arXiv:1905.02244 figure 4; ResNet arXiv:1512.03385 figure 5; squeeze-and-excitation arXiv:1709.01507.
 */
import type { Builder, WindowSpec } from '../nn/index.ts'
import {
  add,
  flatten,
  globalAvgPool,
  hardSigmoid,
  maxPool,
  mul,
  relu,
  reshape,
  sigmoid,
  type Value,
} from '../ops/index.ts'
import { activate } from './activation.ts'
import type { Options } from './options.ts'
import type { Operator, Row } from './table.ts'

type Act = Row['act']

const gates = { sigmoid, hard_sigmoid: hardSigmoid }

/** Convolution, batch norm, activation, as one layer. */
const conv = (b: Builder, name: string, x: Value, spec: WindowSpec & { readonly out: number }, act: Act): Value =>
  b.layer(name, () => activate(b.batchNorm(b.conv(x, spec)), act))

const depthwise = (b: Builder, x: Value, spec: WindowSpec, act: Act): Value =>
  b.layer('depthwise', () => activate(b.batchNorm(b.depthwise(x, spec)), act))

/** x times a gate for each channel, which a bottleneck of two linear layers makes of the channel's mean. */
function squeezeExcite(b: Builder, x: Value, row: Row, { seGate }: Options): Value {
  if (row.squeeze === 0) return x
  const channels = x.shape[3]
  return b.layer('se', () => {
    const mean = b.layer('pool', () => flatten(globalAvgPool(x)))
    const squeezed = b.layer('reduce', () => relu(b.linear(mean, { out: row.squeeze })))
    const gate = b.layer('expand', () => gates[seGate](b.linear(squeezed, { out: channels })))
    return b.layer('scale', () => mul(x, reshape({ x: gate }, { shape: [0, 1, 1, -1] })))
  })
}

const addShortcut = (b: Builder, y: Value, x: Value, row: Row): Value =>
  row.shortcut && row.stride === 1 && x.shape[3] === y.shape[3] ? b.layer('add', () => add(y, x)) : y

/** What is added to the output of a ResNet block: its input, through a 1x1 convolution where the shape changes. */
const project = (b: Builder, x: Value, { out, stride }: Row): Value =>
  stride === 1 && x.shape[3] === out ? x : conv(b, 'downsample', x, { out, kernel: 1, stride }, 'none')

const residual = (b: Builder, x: Value, y: Value, row: Row): Value => {
  const through = project(b, x, row)
  return b.layer('add', () => activate(add(y, through), row.act))
}

/** `x` in, the row's output out; all within the layer that the row names. */
export const operators: Record<Operator, (b: Builder, x: Value, row: Row, options: Options) => Value> = {
  conv: (b, x, row) => activate(b.batchNorm(b.conv(x, row)), row.act),

  separable(b, x, row, options) {
    if (row.standard) return squeezeExcite(b, conv(b, 'conv', x, row, row.act), row, options)
    const y = depthwise(b, x, row, row.act)
    return squeezeExcite(b, conv(b, 'pointwise', y, { out: row.out, kernel: 1 }, row.act), row, options)
  },

  bneck(b, x, row, options) {
    const expanded = row.exp === x.shape[3] ? x : conv(b, 'expand', x, { out: row.exp, kernel: 1 }, row.act)
    if (row.standard) {
      const y = conv(b, 'conv', squeezeExcite(b, expanded, row, options), row, row.outAct)
      return addShortcut(b, y, x, row)
    }
    const y = squeezeExcite(b, depthwise(b, expanded, row, row.act), row, options)
    return addShortcut(b, conv(b, 'project', y, { out: row.out, kernel: 1 }, row.outAct), x, row)
  },

  basic(b, x, row, options) {
    const { out, kernel, dilation } = row
    const y = conv(b, 'conv2', conv(b, 'conv1', x, row, row.act), { out, kernel, dilation }, 'none')
    return residual(b, x, squeezeExcite(b, y, row, options), row)
  },

  bottleneck(b, x, row, options) {
    const narrow = conv(b, 'conv1', x, { out: row.exp, kernel: 1 }, row.act)
    const inner = conv(b, 'conv2', narrow, { ...row, out: row.exp }, row.act)
    const y = conv(b, 'conv3', inner, { out: row.out, kernel: 1 }, 'none')
    return residual(b, x, squeezeExcite(b, y, row, options), row)
  },

  max_pool: (b, x, row) => maxPool({ x }, { kernel: [row.kernel, row.kernel], stride: row.stride, pad: b.pad(x, row) }),

  pool: (_, x) => globalAvgPool(x),

  linear(b, x, row, options) {
    const classifier = row.name === 'classifier'
    const flat = x.shape.length === 2 ? x : flatten(x)
    const kept = classifier ? b.dropout(flat, options.dropout) : flat
    return activate(b.linear(kept, { out: row.out, bias: row.bias, classifier }), row.act)
  },
}
