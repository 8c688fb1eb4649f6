/** The training step that Kinglet's `train` runs, and a batch for it. */
import { trainingStep } from '../../dist/train/step.js'
import { build, key, Rng, size, startingWeights } from '../kinglet.js'

export function stepOf({ model, imageSize, batch, classes, learningRate, momentum, weightDecay }) {
  const net = build(model, { size: imageSize, classes })
  const step = trainingStep(net, {
    optimizer: { name: 'sgd', momentum, nesterov: false },
    frozen: new Set(),
    decayDepthwise: true,
    labelSmoothing: 0,
    clipNorm: 0,
    ema: 0,
    batch,
    weightDecay,
  })
  const rng = new Rng(key(3))
  const x = Float32Array.from({ length: batch * size(net.inputShape) }, () => rng.between(-1, 1))
  const targets = new Float32Array(batch * classes)
  for (let i = 0; i < batch; i++) targets[i * classes + (i % classes)] = 1
  return {
    net,
    graph: step.graph,
    weights: startingWeights(step.graph, { weights: net.weights }),
    inputs: { x, targets, ...step.numbers(1, learningRate, 0) },
  }
}
