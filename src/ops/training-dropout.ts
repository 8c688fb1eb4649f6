/** Marks dropout in a network's graph. */
import { assert } from '../core/index.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients } from './define.ts'
import { dropout } from './dropout.ts'

/**
 * Marks where a network drops elements in training. The training form is {@link dropout} with the step's seed and the
 * node's own stream; otherwise the node is x.
 */
export const trainingDropout = declareOp({
  name: 'training_dropout',
  inputs: { x: '*' },
  attrs: { rate: 0.5 },
  shape({ x }, { rate }) {
    assert(rate >= 0 && rate < 1, () => `training_dropout: rate is ${rate}: it must be at least 0 and below 1`)
    return x.shape
  },
  lower: ({ x }) => x,
  isIdentity: true,
})

export const trainingDropoutContract = completeOp(trainingDropout, {
  cost: free,
  reference({ x }, _, y) {
    y.data.set(x.data)
  },
  grad: (_x, _, dy): Gradients<'x'> => ({ x: dy }),
  training({ x }, { rate }, { random }) {
    if (rate === 0) return { y: x, updates: [] }
    const { seed, stream } = random()
    return { y: dropout({ x, seed }, { rate, stream }), updates: [] }
  },
  samples: [
    { inputs: { x: [3, 17] }, attrs: { rate: 0.2 } },
    { inputs: { x: [1] }, attrs: { rate: 0 } },
  ],
})
