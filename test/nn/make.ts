/** Hand-made networks. */
import { Builder, type Network, networkFrom } from '../../src/nn/index.ts'
import { add, avgPool, concat, flatten, globalAvgPool, input, relu, sigmoid, type Value } from '../../src/ops/index.ts'

const settings = { padding: 'torch', initializer: 'he', batchNormEps: 1e-3, batchNormMomentum: 0.1 } as const

/** A network that does not classify: a mask of two channels and an edge of one, each half as large as the image. */
export function segmenting({ size = 16, seed = 0 } = {}): Network {
  const b = new Builder(settings)
  const x = input('x', [1, size, size, 3])
  const y = b.layer('stem', () => relu(b.batchNorm(b.conv(x, { kernel: 3, out: 6, stride: 2 }))))
  const mask = b.layer('mask', () => b.conv(y, { kernel: 1, out: 2 }))
  const edge = b.layer('edge', () => sigmoid(b.conv(y, { kernel: 3, out: 1 })))
  return networkFrom({ outputs: { mask, edge }, updates: [] }, { seed })
}

/** Two joined branches, a depthwise convolution, and layers that behave differently in training. */
export function branched({ classes = 3, size = 16, seed = 0, dropout = 0.2 } = {}): Network {
  const b = new Builder(settings)
  const conv = (name: string, x: Value, spec: { kernel: number; out: number; stride?: number }) =>
    b.layer(name, () => relu(b.batchNorm(b.conv(x, spec))))
  const x = input('x', [1, size, size, 3])
  const wide = conv('wide', x, { kernel: 5, out: 6, stride: 2 })
  const narrow = conv('narrow', avgPool({ x }, { kernel: [2, 2], stride: 2 }), { kernel: 1, out: 4 })
  const joined = b.layer('join', () => concat([wide, narrow], { axis: 3 }))
  const deep = b.layer('deep', () => relu(b.batchNorm(b.depthwise(joined, { kernel: 3 }))))
  const sum = b.layer('add', () => add(deep, joined))
  const logits = b.layer('head', () => b.linear(b.dropout(flatten(globalAvgPool(sum)), dropout), { out: classes }))
  return networkFrom({ outputs: { logits }, updates: [] }, { seed })
}
