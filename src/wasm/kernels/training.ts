/**
 * The kernel families that are used mostly by training steps: gradients, dropout, weights that are packed in each run, and
 * patches with two readers. They are loaded together.
 */
import { depthwiseDw } from './depthwise-dw.ts'
import { depthwiseDx } from './depthwise-dx.ts'
import { dropout } from './dropout.ts'
import { flipTranspose } from './flip-transpose.ts'
import { im2col } from './im2col.ts'
import type { Family } from './kernel.ts'
import { packedTransposed, transposedProduct } from './matmul-transposed.ts'
import { maxPoolDx } from './max-pool-dx.ts'
import { packPanels } from './pack.ts'
import { resizeBilinearDx } from './resize-bilinear.ts'

export const training: Readonly<Record<string, Family>> = {
  depthwise_conv2d_dw: depthwiseDw,
  depthwise_conv2d_dx: depthwiseDx,
  dropout,
  flip_transpose: flipTranspose,
  im2col,
  matmul: transposedProduct,
  max_pool_dx: maxPoolDx,
  pack: packPanels,
  'packed_matmul transA': packedTransposed,
  resize_bilinear_dx: resizeBilinearDx,
}
