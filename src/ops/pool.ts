/** Pooling, NHWC: the average or the largest of a sliding window, and of a whole image. */
import { assert, showShape } from '../core/index.ts'
import type { Value } from './define.ts'
import { reduceMean } from './reduce.ts'

/** The average of each channel: x [N, H, W, C] to [N, 1, 1, C]. */
export function globalAvgPool(x: Value): Value {
  assert(x.shape.length === 4, () => `global_avg_pool: x has shape ${showShape(x.shape)}: it must be [N, H, W, C]`)
  return reduceMean(x, [1, 2])
}
