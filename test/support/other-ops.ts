/** A network with ops that no network of the registry has: concatenation, bilinear resizing, softmax. */
import { Rng, tensor } from '../../src/core/index.ts'
import { type Network, networkFrom } from '../../src/nn/index.ts'
import {
  concat,
  conv2d,
  globalAvgPool,
  input,
  linear,
  mul,
  parameter,
  relu,
  reshape,
  resizeBilinear,
  softmax,
  type Value,
} from '../../src/ops/index.ts'

/** Two scales of an image, side by side, and a gate over the channels; for images of 32 x 32. */
export function otherOps(): Network {
  const rng = new Rng(11)
  const weights = new Map<string, ReturnType<typeof tensor>>()
  const weight = (name: string, shape: readonly number[]): Value => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.between(-0.5, 0.5))
    weights.set(name, tensor(shape, values))
    return parameter({ name, shape, role: 'weight', init: { kind: 'normal', std: 0.1 } })
  }
  const fine = relu(conv2d({ x: input('x', [1, 32, 32, 3]), w: weight('fine', [3, 3, 3, 8]) }, { pad: [1, 1, 1, 1] }))
  const coarse = relu(conv2d({ x: fine, w: weight('coarse', [3, 3, 8, 8]) }, { stride: 2, pad: [0, 1, 0, 1] }))
  const both = concat([fine, resizeBilinear({ x: coarse }, { size: [32, 32] })], { axis: 3 })
  const mean = reshape({ x: globalAvgPool(both) }, { shape: [0, -1] })
  const gate = softmax({ x: linear(mean, weight('gate', [16, 16])) })
  const logits = linear(mul(mean, gate), weight('classes', [16, 3]))
  return networkFrom({ outputs: { logits }, updates: [] }, { weights })
}
