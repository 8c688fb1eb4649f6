/**
 * NASWOT (Mellor et al. 2021, arXiv:2006.04647, equation 2, and its code). The code of an image is the set of units
 * that it switches on. K counts, for each pair of images, the units in which their codes agree, over all layers. The
 * score is log |det K|: the more the codes differ, the more images the network can distinguish before training.
 *
 * A unit is on where the input of its activation is above 0. The paper defines this for ReLU; here it also applies to
 * ReLU6, h-swish, swish and tanh, which bend at 0 too. Sigmoid and hard sigmoid, the gates, are on everywhere and have
 * no code. Batch norm uses the statistics of the batch.
 */
import { assert, size } from '../../../core/index.ts'
import { topological } from '../../../graph/index.ts'
import { calledOf } from '../../../nn/index.ts'
import { addAll, greater, hardSwish, matmul, type Op, relu, relu6, reshape, swish, tanh } from '../../../ops/index.ts'
import { batchSize, trainingLogits, type ZeroCostProxy } from './proxy.ts'

const switching = new Set<Op>([relu, relu6, hardSwish, swish, tanh].map((f) => f.op))

export const naswot: ZeroCostProxy = {
  says: 'log |det K|, K the number of units that two images switch alike',
  batches: 1,
  async score({ net, engine, batches: [{ x, ...rest }] }) {
    const n = batchSize(net, { x, ...rest })
    const activations = topological([trainingLogits(net, n)]).filter((v) => switching.has(v.op))
    assert(
      activations.length > 0,
      `naswot: ${calledOf(net)} has no ReLU, nor another activation that is off for some inputs: use synflow`,
    )
    const units = activations.reduce((sum, v) => sum + size(v.shape) / n, 0)
    const bothOn = activations.map((v) => {
      const code = reshape({ x: greater(v.inputs[0], 0) }, { shape: [n, size(v.shape) / n] })
      return matmul({ a: code, b: code }, { transB: true })
    })
    const program = await engine.compile({ outputs: { on: addAll(bothOn) }, updates: [] }, { weights: net.weights })
    try {
      const { on } = await program.run({ x })
      // Units that are on in both images or off in both: all units except those that are on in one of them only.
      const at = (i: number, j: number) => on.data[i * n + j]
      const alike = Array.from({ length: n }, (_, i) =>
        Float64Array.from({ length: n }, (_, j) => units - at(i, i) - at(j, j) + 2 * at(i, j)),
      )
      const score = logDeterminant(alike)
      assert(
        Number.isFinite(score),
        `naswot: ${calledOf(net)} switches its units alike for two of the ${n} images: use images that differ`,
      )
      return score
    } finally {
      program.dispose()
    }
  },
}

/**
 * log |det m|, by elimination with the largest pivot of each column. Overwrites `m`. -Infinity where `m` is singular.
 */
export function logDeterminant(m: Float64Array[]): number {
  let sum = 0
  for (let k = 0; k < m.length; k++) {
    let pivot = k
    for (let i = k + 1; i < m.length; i++) if (Math.abs(m[i][k]) > Math.abs(m[pivot][k])) pivot = i
    ;[m[k], m[pivot]] = [m[pivot], m[k]]
    sum += Math.log(Math.abs(m[k][k]))
    for (let i = k + 1; i < m.length; i++) {
      const factor = m[i][k] / m[k][k]
      for (let j = k; j < m.length; j++) m[i][j] -= factor * m[k][j]
    }
  }
  return sum
}
