/** Small sets and networks for the tests of training. */
import { type Tensor, tensor, wordAt, zeros } from '../../src/core/index.ts'
import { arrays, type Dataset, preprocessingPreset } from '../../src/data/index.ts'
import { type Graph, type Network, referenceEngine } from '../../src/graph/index.ts'
import { type BuildOptions, build, type Model } from '../../src/models/index.ts'
import { flatten, input, linear, parameter } from '../../src/ops/index.ts'
import { fit, type TrainData, type TrainOptions, type TrainStep } from '../../src/train/index.ts'

export const side = 16
export const preprocessing = preprocessingPreset('whole', side)

/** Images of three classes, told apart by where they are bright, under noise. */
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

export const toyNet = (options: BuildOptions = {}, name = 'mobilenet_v2'): Model =>
  build(name, { width: 0.1, size: side, reduction: 8, classes: 3, ...options })

/** logits = (all values of an image) w + b: scores that a test can choose. */
export function linearNet(w: Tensor, b: Tensor, inputShape: readonly number[] = [1, 1, 3]): Network {
  const [inner, classes] = w.shape
  const init = { kind: 'constant', value: 0 } as const
  const net: Network = {
    architecture: { name: 'linear', options: {} },
    inputShape,
    classes,
    weights: new Map([
      ['classifier.w', w],
      ['classifier.b', b],
    ]),
    forward: (x) => ({
      logits: linear(
        flatten(x),
        parameter({ name: 'classifier.w', shape: [inner, classes], role: 'weight', init }),
        parameter({ name: 'classifier.b', shape: [classes], role: 'bias', init }),
      ),
      updates: [],
    }),
    graph(batch = 1): Graph {
      const x = input('x', [batch, ...inputShape])
      return { outputs: { logits: net.forward(x, { training: false }).logits }, updates: [] }
    },
  }
  return net
}

/** Scores are the red, green and blue of an image of one pixel. */
export const passThrough = (): Network => linearNet(tensor([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]), zeros([3]))

export const engine = referenceEngine()

export const optionsFor = (options: Partial<TrainOptions> = {}): TrainOptions => ({
  engine,
  epochs: 1,
  batch: 6,
  preprocessing,
  ...options,
})

/** Trains to the end; the steps without what depends on time. */
export async function trained(net: Network, data: TrainData, options: TrainOptions) {
  const steps: Omit<TrainStep, 'imagesPerSecond'>[] = []
  for await (const { imagesPerSecond: _, ...step } of fit(net, data, options)) steps.push(step)
  return steps
}

/** What `body` was rejected with, as `name: message`. */
export async function failureOf(body: () => unknown): Promise<string> {
  try {
    await body()
  } catch (error) {
    return String(error)
  }
  return 'it did not fail'
}
