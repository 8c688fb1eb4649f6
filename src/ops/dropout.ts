/**
 * Inverted dropout (Srivastava et al. 2014): kept elements are scaled up, so inference does nothing. Whether an element is
 * kept depends only on (seed, stream, index). So the gradient drops the same elements, and the bits are the same in every
 * engine at any number of threads. All of it is 32-bit integer arithmetic (`core/rng.ts`):
 *
 *     k = mix32(seed ^ key(stream))                         key(stream) is known when the graph is built
 *     word = mix32(mix32(index ^ k) + k)                    this is wordAt(k, index)
 *     y[index] = (word >>> 8) >= ceil(rate * 2^24) ? x[index] / (1 - rate) : 0
 */
import { assert, key, mix32, size, type Tensor, tensor, uniformAt } from '../core/index.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, native, type Value } from './define.ts'

/** The key of one run of one dropout layer: `seed` changes with each step, `stream` with each layer. */
export const dropoutKey = (seed: number, stream: number): number => mix32(seed ^ key(stream))

/** A seed, for samples. */
/* @__NO_SIDE_EFFECTS__ */
function seed(value: number): Tensor {
  return tensor([], [value], 'i32')
}

const definition = declareOp({
  name: 'dropout',
  inputs: { x: '*', seed: 'i32:' },
  attrs: { rate: 0.5, stream: 0 },
  shape({ x }, { rate, stream }) {
    assert(rate >= 0 && rate < 1, () => `dropout: rate is ${rate}: it must be at least 0 and below 1`)
    assert(
      Number.isInteger(stream) && stream >= 0 && stream < 2 ** 32,
      () => `dropout: stream is ${stream}: it must be an integer from 0 to 2^32 - 1`,
    )
    return x.shape
  },
  lower: native,
})

export const dropoutContract = completeOp(definition, {
  cost: free,
  reference({ x, seed }, { rate, stream }, y) {
    const k = dropoutKey(seed.data[0], stream)
    for (let i = 0, n = size(x.shape); i < n; i++) y.data[i] = uniformAt(k, i) >= rate ? x.data[i] / (1 - rate) : 0
  },
  grad: ({ seed }, attrs, dy): Gradients<'x' | 'seed'> => ({ x: definition({ x: dy, seed }, attrs) }),
  samples: [
    { inputs: { x: [3, 17], seed: seed(1) }, attrs: { rate: 0.2, stream: 3 } },
    { inputs: { x: [2, 3, 5, 7], seed: seed(-7) }, attrs: { rate: 0.5, stream: 2 ** 32 - 1 } },
    { inputs: { x: [1], seed: seed(0) }, attrs: { rate: 0.9 } },
    { inputs: { x: [4, 16], seed: seed(2 ** 31 - 1) }, attrs: { rate: 0 } },
  ],
})

/**
 * Zeroes each element of `x` with probability `rate` and divides the others by 1 - rate. Returns `x` itself if rate is 0.
 * `seed` is an i32 scalar that changes with each step. `stream` distinguishes the layers of a network.
 */
export const dropout: typeof definition = Object.assign(
  (inputs: { readonly x: Value; readonly seed: Value }, attrs: Parameters<typeof definition>[1] = {}): Value =>
    attrs.rate === 0 ? inputs.x : definition(inputs, attrs),
  { op: definition.op },
)
