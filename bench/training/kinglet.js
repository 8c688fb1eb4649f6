/** Kinglet's training step: the one that `train` runs, on a batch that stays in memory. */

import { trainingStep } from '../../dist/train/step.js'
import { build, key, Rng, size, startingWeights, wasmEngine } from '../kinglet.js'
import { answerMessages } from '../node/answer.js'

let program
let given

answerMessages({
  async open({ model, imageSize, batch, classes, learningRate, momentum, weightDecay, threads }) {
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
    const weights = startingWeights(step.graph, { weights: net.weights })
    const before = performance.now()
    program = await wasmEngine({ threads }).compile(step.graph, { weights })
    const rng = new Rng(key(3))
    const x = Float32Array.from({ length: batch * size(net.inputShape) }, () => rng.between(-1, 1))
    const targets = new Float32Array(batch * classes)
    for (let i = 0; i < batch; i++) targets[i * classes + (i % classes)] = 1
    given = { x, targets, ...step.numbers(1, learningRate, 0) }
    const { loss } = await program.run(given)
    const parameters = [...net.weights].filter(([name]) => !/\.bn\.(mean|variance)$/.test(name))
    return {
      firstMs: performance.now() - before,
      loss: loss.data[0],
      parameters: parameters.reduce((n, [, t]) => n + size(t.shape), 0),
    }
  },
  async run({ count }) {
    const times = []
    for (let i = 0; i < count; i++) {
      const before = performance.now()
      await program.run(given)
      times.push(performance.now() - before)
    }
    return { times }
  },
})
