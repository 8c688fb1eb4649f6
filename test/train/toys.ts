/** Small sets and networks for the tests of training. */
import { type Tensor, tensor, wordAt, zeros } from '../../src/core/index.ts'
import { arrays, type Dataset, preprocessingPreset } from '../../src/data/index.ts'
import { referenceEngine } from '../../src/engine/index.ts'
import { Builder, type Network, networkFrom } from '../../src/nn/index.ts'
import {
  flatten,
  hardSigmoid,
  hardSwish,
  input,
  linear,
  mul,
  parameter,
  reduceMean,
  relu6,
  reshape,
  type Value,
} from '../../src/ops/index.ts'
import { fit, type TrainData, type TrainOptions, type TrainStep } from '../../src/train/index.ts'

export const side = 16
export const preprocessing = preprocessingPreset('whole', side)

/** Images of three classes, which differ in where they are bright, with noise. */
export function toySet(length: number, seed = 1, name = `toys ${seed}`): Dataset {
  const pixels = new Uint8Array(length * side * side)
  const labels = Array.from({ length }, (_, i) => i % 3)
  for (let i = 0; i < pixels.length; i++) {
    const [image, y, x] = [Math.floor(i / side ** 2), Math.floor((i % side ** 2) / side), i % side]
    const bright = [x < side / 2, y < side / 2, x < side / 2 === y < side / 2][labels[image]]
    pixels[i] = (bright ? 110 : 40) + (wordAt(seed, i) % 100)
  }
  return arrays({ width: side, height: side, channels: 1, pixels, labels, classes: ['left', 'top', 'chess'], name })
}

/** A small network with every layer that training handles: both kinds of convolution, batch norm, gate, dropout. */
export function toyNet({ classes = 3, size = side, channels = 3, seed = 0 } = {}): Network {
  const settings = { padding: 'same', initializer: 'he', batchNormEps: 1e-3, batchNormMomentum: 0.1 } as const
  const b = new Builder(settings)
  const block = (y: Value, out: number) => {
    y = b.layer('depthwise', () => hardSwish(b.batchNorm(b.depthwise(y, { kernel: 3, stride: 2 }))))
    const gate = b.layer('gate', () => hardSigmoid(b.linear(means(y), { out: y.shape[3] })))
    y = mul(y, reshape({ x: gate }, { shape: [0, 1, 1, -1] }))
    return b.layer('project', () => b.batchNorm(b.conv(y, { kernel: 1, out })))
  }
  const x = input('x', [1, size, size, channels])
  let y = b.layer('stem', () => relu6(b.batchNorm(b.conv(x, { kernel: 3, stride: 2, out: 8 }))))
  y = b.layer('blocks', () => b.layer('0', () => block(y, 12)))
  y = b.layer('blocks', () => b.layer('1', () => block(y, 16)))
  const logits = b.layer('classifier', () => b.linear(b.dropout(means(y), 0.2), { out: classes, classifier: true }))
  const net = networkFrom({ outputs: { logits }, updates: [] }, { seed })
  return Object.assign(net, { architecture: { name: 'toy', options: { classes, size, channels } } })
}

/** [N, H, W, C] as [N, C]. */
const means = (x: Value): Value => flatten(reduceMean(x, [1, 2]))

/** logits = (all values of an image) w + b: scores that a test can choose. */
export function linearNet(w: Tensor, b: Tensor, inputShape: readonly number[] = [1, 1, 3]): Network {
  const [inner, classes] = w.shape
  const init = { kind: 'constant', value: 0 } as const
  const logits = linear(
    flatten(input('x', [1, ...inputShape])),
    parameter({ name: 'classifier.w', shape: [inner, classes], role: 'weight', init }),
    parameter({ name: 'classifier.b', shape: [classes], role: 'bias', init }),
  )
  const weights = new Map([
    ['classifier.w', w],
    ['classifier.b', b],
  ])
  const net = networkFrom({ outputs: { logits }, updates: [] }, { weights })
  return Object.assign(net, { architecture: { name: 'linear', options: {} } })
}

/** The scores are the red, green and blue values of an image of one pixel. */
export const passThrough = (): Network => linearNet(tensor([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]), zeros([3]))

export const engine = referenceEngine()

export const optionsFor = (options: Partial<TrainOptions> = {}): TrainOptions => ({
  engine,
  epochs: 1,
  batch: 6,
  preprocessing,
  ...options,
})

/** Trains to the end; returns the steps without values that depend on time. */
export async function trained(net: Network, data: TrainData, options: TrainOptions) {
  const steps: Omit<TrainStep, 'imagesPerSecond'>[] = []
  for await (const { imagesPerSecond: _, ...step } of fit(net, data, options)) steps.push(step)
  return steps
}

/** Returns the error that `body` rejects with, as `name: message`. */
export async function failureOf(body: () => unknown): Promise<string> {
  try {
    await body()
  } catch (error) {
    return String(error)
  }
  return 'it did not fail'
}
