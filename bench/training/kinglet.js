/** The trainer of Kinglet, on a batch that stays in memory. */

import { size, wasmEngine } from '../kinglet.js'
import { answerMessages } from '../node/answer.js'
import { stepOf } from './step.js'

let program
let inputs

answerMessages({
  async open({ threads, ...options }) {
    const { net, graph, weights, inputs: given } = stepOf(options)
    inputs = given
    const before = performance.now()
    program = await wasmEngine({ threads }).compile(graph, { weights })
    const { loss } = await program.run(inputs)
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
      await program.run(inputs)
      times.push(performance.now() - before)
    }
    return { times }
  },
})
