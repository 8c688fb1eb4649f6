/** The gradient of max pooling. */
import { size } from '../core/index.ts'
import { completeOp, free, no } from './contract.ts'
import { declareOp, native } from './define.ts'
import { largest, poolAttrs, poolSamples, poolShape } from './pool-window.ts'
import { assertGradient } from './taps.ts'

/** The gradient of `max_pool`: each dy goes to the pixel that was the largest in its window. */
export const maxPoolDx = declareOp({
  name: 'max_pool_dx',
  inputs: { x: 'NHWC', dy: 'NHWC' },
  attrs: poolAttrs,
  shape({ x, dy }, attrs) {
    assertGradient('max_pool_dx', dy.shape, poolShape('max_pool_dx', x.shape, attrs), x.shape)
    return x.shape
  },
  lower: native,
})

export const maxPoolDxContract = completeOp(maxPoolDx, {
  cost: free,
  reference({ x, dy }, attrs, dx) {
    const channels = x.shape[3]
    const sums = new Float64Array(size(x.shape))
    const at = largest(x, dy.shape, attrs)
    for (let i = 0; i < at.length; i++) sums[at[i] * channels + (i % channels)] += dy.data[i]
    dx.data.set(sums)
  },
  grad: /* @__PURE__ */ no(
    'second derivatives of pooling are not built: they would need the places of the largest as a value',
  ),
  samples: /* @__PURE__ */ poolSamples.map(({ x, dy, attrs }) => ({ inputs: { x, dy }, attrs })),
})
