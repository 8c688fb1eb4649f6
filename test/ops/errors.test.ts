/** The error texts of ops for wrong inputs: the op, both values, the way out. */
import { describe, expect, it } from 'vitest'
import { KingletError, type Shape, tensor } from '../../src/core/index.ts'
import {
  add,
  avgPool,
  batchNorm,
  broadcastTo,
  channelMean,
  channelVariance,
  clamp,
  concat,
  constant,
  conv2d,
  conv2dDw,
  conv2dDx,
  crop,
  crossEntropy,
  depthwiseConv2d,
  depthwiseConv2dDw,
  depthwiseConv2dDx,
  dropout,
  globalAvgPool,
  im2col,
  input,
  linear,
  matmul,
  maxPool,
  maxPoolDx,
  pad,
  reduceSum,
  relu,
  reshape,
  resizeBilinear,
  resizeBilinearDx,
  slice,
  sliceFirst,
  softmax,
  type Value,
  where,
  zeroPad,
} from '../../src/ops/index.ts'

const of = (...shape: Shape): Value => input('x', shape)
const seed = input('seed', [], 'i32')
const image = of(2, 8, 8, 16)

const wrong: readonly (readonly [() => Value, string])[] = [
  // Ranks, dtypes and names, the same for every op
  [
    () => conv2d({ x: of(8, 8, 3), w: of(3, 3, 3, 4) }),
    'conv2d: x has shape [8, 8, 3], rank 3: it must be [N, H, W, C], rank 4',
  ],
  [() => softmax({ x: of(5) }), 'softmax: x has shape [5], rank 1: it must be [N, K], rank 2'],
  [() => conv2d({ x: input('i', [1, 4, 4, 3], 'u8'), w: of(3, 3, 3, 4) }), 'conv2d: x is u8: it must be f32'],
  [() => relu(input('i', [4], 'i32')), 'relu: x is i32: it must be f32'],
  [() => conv2d({ x: image } as never), 'conv2d: input w is missing: it takes x or w'],
  [() => conv2d({ x: image, weights: image } as never), 'conv2d: no input weights: it takes x or w'],
  // Convolutions
  [
    () => conv2d({ x: image, w: of(3, 3, 24, 32) }),
    'conv2d: x has 16 channels in 1 group, w has 24: w must be [kh, kw, 16, cout]',
  ],
  [
    () => conv2d({ x: image, w: of(3, 3, 16, 32) }, { groups: 4 }),
    'conv2d: x has 16 channels in 4 groups, w has 16: w must be [kh, kw, 4, cout]',
  ],
  [
    () => conv2d({ x: image, w: of(3, 3, 5, 32) }, { groups: 3 }),
    'conv2d: groups is 3: it must divide the channels of x, 16, and the outputs of w, 32',
  ],
  [
    () => conv2d({ x: image, w: of(3, 3, 4, 30) }, { groups: 4 }),
    'conv2d: groups is 4: it must divide the channels of x, 16, and the outputs of w, 30',
  ],
  [() => conv2d({ x: image, w: of(3, 3, 16, 32) }, { stride: 0 }), 'conv2d: stride is 0: it must be an integer from 1'],
  [
    () => conv2d({ x: image, w: of(3, 3, 16, 32) }, { dilation: 1.5 }),
    'conv2d: dilation is 1.5: it must be an integer from 1',
  ],
  [
    () => conv2d({ x: image, w: of(3, 3, 16, 32) }, { pad: [1, -1, 0, 0] }),
    'conv2d: pad is [1, -1, 0, 0]: it must be [top, bottom, left, right], integers from 0',
  ],
  [
    () => conv2d({ x: image, w: of(3, 3, 16, 32) }, { pad: [1, 1] as never }),
    'conv2d: pad is [1, 1]: it must be [top, bottom, left, right], integers from 0',
  ],
  [
    () => conv2d({ x: image, w: of(7, 7, 16, 32) }, { dilation: 2, pad: [1, 0, 2, 2] }),
    'conv2d: x is 8 x 8 (9 x 12 with pad [1, 0, 2, 2]), the window 13 x 13: enlarge x or pad',
  ],
  [
    () => conv2dDx({ dy: of(2, 8, 8, 32), w: of(3, 3, 16, 32) }, { inputShape: [8, 8, 16] }),
    'conv2d_dx: inputShape is [8, 8, 16]: it must be [N, H, W, C]',
  ],
  [
    () => conv2dDx({ dy: of(2, 8, 8, 32), w: of(3, 3, 16, 32) }, { inputShape: image.shape }),
    'conv2d_dx: dy has shape [2, 8, 8, 32]: for x [2, 8, 8, 16] it must be [2, 6, 6, 32]',
  ],
  [
    () => conv2dDw({ x: image, dy: of(1, 6, 6, 32) }, { kernel: [3, 3] }),
    'conv2d_dw: dy has shape [1, 6, 6, 32]: for x [2, 8, 8, 16] it must be [2, 6, 6, 32]',
  ],
  [
    () => conv2dDw({ x: image, dy: of(2, 6, 6, 32) }, { kernel: [3, 0] }),
    'conv2d_dw: kernel is [3, 0]: it must be [height, width], integers from 1',
  ],
  [
    () => depthwiseConv2d({ x: image, w: of(3, 3, 24) }),
    'depthwise_conv2d: x has 16 channels, w has 24: w must be [kh, kw, 16]',
  ],
  [
    () => depthwiseConv2d({ x: image, w: of(9, 9, 16) }),
    'depthwise_conv2d: x is 8 x 8 (8 x 8 with pad [0, 0, 0, 0]), the window 9 x 9: enlarge x or pad',
  ],
  [
    () => depthwiseConv2dDx({ dy: of(2, 8, 8, 16), w: of(3, 3, 16) }, { inputShape: [2, 8, 16] }),
    'depthwise_conv2d_dx: inputShape is [2, 8, 16]: it must be [N, H, W, C]',
  ],
  [
    () => depthwiseConv2dDx({ dy: of(2, 8, 8, 16), w: of(3, 3, 16) }, { inputShape: image.shape }),
    'depthwise_conv2d_dx: dy has shape [2, 8, 8, 16]: for x [2, 8, 8, 16] it must be [2, 6, 6, 16]',
  ],
  [
    () => depthwiseConv2dDw({ x: image, dy: of(2, 6, 6, 8) }, { kernel: [3, 3] }),
    'depthwise_conv2d_dw: dy has shape [2, 6, 6, 8]: for x [2, 8, 8, 16] it must be [2, 6, 6, 16]',
  ],
  [
    () => im2col({ x: image }, { size: [0, 3] }),
    'im2col: {"kernel":[1,1],"stride":1,"top":0,"left":0,"dilation":1,"upsample":1,"size":[0,3]}: all must be integers, and from 1 but for top and left',
  ],
  // Matrix products
  [
    () => matmul({ a: of(3, 5), b: of(4, 6) }),
    'matmul: a is [3, 5], b is [4, 6]: the inner dimensions are 5 and 4, they must be equal',
  ],
  [
    () => matmul({ a: of(3, 5), b: of(4, 6) }, { transA: true, transB: true }),
    'matmul: a is [3, 5] transposed, b is [4, 6] transposed: the inner dimensions are 3 and 6, they must be equal',
  ],
  [
    () => linear(of(3, 5), of(5, 4), of(3)),
    'add: shapes [3, 4] and [3] do not broadcast: dimension 1 is 4 and 3, make them equal or one of them 1',
  ],
  // Normalisation
  [
    () => batchNorm({ x: image, gamma: of(16), beta: of(16), mean: of(8), variance: of(16) }),
    'batch_norm: x has 16 channels, mean has 8: it must be [16]',
  ],
  [
    () => batchNorm({ x: of(4), gamma: of(4), beta: of(4), mean: of(4), variance: of(4) }),
    'batch_norm: x has shape [4]: it must be [..., C], rank 2 or more',
  ],
  [
    () => batchNorm({ x: image, gamma: of(16), beta: of(16), mean: of(16), variance: of(16) }, { eps: 0 }),
    'batch_norm: eps is 0: it must be above 0',
  ],
  [() => channelMean({ x: of(4) }), 'channel_mean: x has shape [4]: it must be [..., C], rank 2 or more'],
  [() => channelVariance({ x: of(4) }), 'channel_variance: x has shape [4]: it must be [..., C], rank 2 or more'],
  // Elementwise
  [
    () => add(of(2, 3), of(4)),
    'add: shapes [2, 3] and [4] do not broadcast: dimension 1 is 3 and 4, make them equal or one of them 1',
  ],
  [
    () => where(of(2), of(3), 0),
    'where: shapes [2] and [3] do not broadcast: dimension 0 is 2 and 3, make them equal or one of them 1',
  ],
  [() => clamp(image, { min: 2 }), 'clamp: min is 2, max is 1: min must be below max'],
  // Pools and resizing
  [
    () => avgPool({ x: image }, { kernel: [9, 9] }),
    'avg_pool: x is 8 x 8 (8 x 8 with pad [0, 0, 0, 0]), the window 9 x 9: enlarge x or pad',
  ],
  [
    () => maxPool({ x: image }, { kernel: [2, 3], pad: [2, 0, 2, 2] }),
    'max_pool: pad is [2, 0, 2, 2], kernel [2, 3]: a window would see no pixel, pad less',
  ],
  [
    () => maxPoolDx({ x: image, dy: image }, { kernel: [2, 2], stride: 2 }),
    'max_pool_dx: dy has shape [2, 8, 8, 16]: for x [2, 8, 8, 16] it must be [2, 4, 4, 16]',
  ],
  [() => globalAvgPool(of(2, 16)), 'global_avg_pool: x has shape [2, 16]: it must be [N, H, W, C]'],
  [
    () => resizeBilinear({ x: image }, { size: [4, 0] }),
    'resize_bilinear: size is [4, 0]: it must be [height, width], integers from 1',
  ],
  [
    () => resizeBilinearDx({ dy: image }, { size: [4, 4], inputShape: image.shape }),
    'resize_bilinear_dx: dy has shape [2, 8, 8, 16]: for x [2, 8, 8, 16] it must be [2, 4, 4, 16]',
  ],
  [
    () => resizeBilinearDx({ dy: image }, { size: [8, 8], inputShape: [8, 8] }),
    'resize_bilinear_dx: inputShape is [8, 8]: it must be [N, H, W, C]',
  ],
  // Shapes
  [
    () => reduceSum({ x: image }, { axes: [1, 1] }),
    'reduce_sum: axes [1, 1] must be distinct axes of x, which has shape [2, 8, 8, 16]',
  ],
  [() => reduceSum({ x: image }), 'reduce_sum: axes [] must be distinct axes of x, which has shape [2, 8, 8, 16]'],
  [
    () => broadcastTo({ x: of(2, 3) }, { shape: [2, 4] }),
    'broadcast_to: x has shape [2, 3]: each dimension must be 1 or that of [2, 4]',
  ],
  [
    () => reshape({ x: of(2, 3) }, { shape: [7] }),
    'reshape: x has shape [2, 3], 6 values: [7] holds 7 values, the numbers must be equal',
  ],
  [
    () => reshape({ x: of(2, 3) }, { shape: [-2, -3] }),
    'reshape: shape [-2, -3] has a dimension that is not a positive integer',
  ],
  [
    () => reshape({ x: of(2, 3) }, { shape: [0, 0, 0] }),
    'reshape: x has shape [2, 3]: [0, 0, 0] copies a dimension that it does not have',
  ],
  [() => reshape({ x: of(2, 3) }, { shape: [-1, -1] }), 'reshape: shape is [-1, -1]: one dimension at most can be -1'],
  [
    () => reshape({ x: of(2, 3) }, { shape: [4, -1] }),
    'reshape: x has shape [2, 3], 6 values: [4, -1] without its -1 holds 4, which must be a divisor',
  ],
  [
    () => slice({ x: of(4, 4) }, { from: [2, 0], shape: [3, 4] }),
    'slice: x has shape [4, 4]: [3, 4] from [2, 0] is not within it',
  ],
  [
    () => sliceFirst({ x: of(4, 4) }, { from: 3, count: 2 }),
    'slice_first: x has shape [4, 4]: [3, 5) is not within its first axis',
  ],
  [
    () => zeroPad({ x: of(4, 4) }, { before: [1], after: [0, -1] }),
    'zero_pad: x has shape [4, 4], before is [1], after [0, -1]: both must hold 2 integers from 0',
  ],
  [() => pad({ x: of(4, 4) }, { pad: [1, 1, 1, 1] }), 'pad: x has shape [4, 4]: it must be [N, H, W, C]'],
  [
    () => pad({ x: image }, { pad: [1, 1, 1, 0.5] }),
    'pad: pad is [1, 1, 1, 0.5]: it must be [top, bottom, left, right], integers from 0',
  ],
  [
    () => crop({ x: image }, { pad: [4, 4, 0, 0] }),
    'crop: x is 8 x 8, pad is [4, 4, 0, 0]: nothing of x would be left, crop less',
  ],
  [() => concat([]), 'concat: no inputs: give it one or more'],
  [
    () => concat([of(2, 3)], { axis: 2 }),
    'concat: axis is 2: it must be an axis of the first input, which has shape [2, 3]',
  ],
  [
    () => concat([of(2, 3), of(3, 2)], { axis: 1 }),
    'concat: shapes [2, 3] and [3, 2] along axis 1: all other dimensions must be equal',
  ],
  [() => concat([of(2, 3), seed], { axis: 1 }), 'concat: one input is f32, another i32: all must have the same dtype'],
  // Losses and dropout
  [() => crossEntropy(of(3, 10), of(3)), 'cross_entropy: logits have shape [3, 10], targets [3]: both must be [N, K]'],
  [
    () => crossEntropy(of(3, 10), of(3, 10), { smoothing: 1 }),
    'cross_entropy: smoothing is 1: it must be at least 0 and below 1',
  ],
  [() => dropout({ x: image, seed: of() }), 'dropout: seed is f32: it must be i32'],
  [
    () => dropout({ x: image, seed: input('s', [1], 'i32') }),
    'dropout: seed has shape [1], rank 1: it must be a scalar, rank 0',
  ],
  [() => dropout({ x: image, seed }, { rate: 1 }), 'dropout: rate is 1: it must be at least 0 and below 1'],
  [
    () => dropout({ x: image, seed }, { stream: -1 }),
    'dropout: stream is -1: it must be an integer from 0 to 2^32 - 1',
  ],
  // Leaves
  [() => input('x', [2, 0]), 'input: shape [2, 0] has a dimension that is not a positive integer'],
  [() => constant(tensor([2], [1, 2, 3])), 'tensor: 3 values given for shape [2], which holds 2'],
]

describe('errors of ops', () => {
  it.each(wrong.map(([make, text]) => [text, make] as const))('%s', (text, make) => {
    const caught = (() => {
      try {
        return make()
      } catch (error) {
        return error
      }
    })()
    expect(caught).toBeInstanceOf(KingletError)
    expect((caught as Error).message).toBe(text)
  })
})
