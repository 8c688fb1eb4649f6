/** Pooling, NHWC: the maximum of a sliding window, and the average of a whole image. */
import { lastAxes } from './axes.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, native, type Value } from './define.ts'
import { maxPoolDx } from './pool-gradients.ts'
import { largest, poolAttrs, poolSamples, poolShape } from './pool-window.ts'
import { reduceMean } from './reduce.ts'
import { assertImages } from './window.ts'

/** y[n,i,j,c] = the largest of x[n, i*s + u - top, j*s + v - left, c] over u, v. Padding is ignored. */
export const maxPool = declareOp({
  name: 'max_pool',
  inputs: { x: 'NHWC' },
  attrs: poolAttrs,
  shape: ({ x }, attrs) => poolShape('max_pool', x.shape, attrs),
  lower: native,
})

export const maxPoolContract = completeOp(maxPool, {
  cost: free,
  reference({ x }, attrs, y) {
    const channels = x.shape[3]
    const at = largest(x, y.shape, attrs)
    for (let i = 0; i < at.length; i++) y.data[i] = x.data[at[i] * channels + (i % channels)]
  },
  grad: ({ x }, attrs, dy): Gradients<'x'> => ({ x: maxPoolDx({ x, dy }, attrs) }),
  axes: lastAxes,
  samples: /* @__PURE__ */ poolSamples.map(({ x, attrs }) => ({ inputs: { x }, attrs })),
})

/** The average of each channel: x [N, H, W, C] to [N, 1, 1, C]. */
export function globalAvgPool(x: Value): Value {
  assertImages('global_avg_pool', 'x has shape', x.shape)
  return reduceMean(x, [1, 2])
}
