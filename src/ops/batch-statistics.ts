/** Mean and variance of each channel: the statistics that batch normalisation uses in training. */
import { type Shape, size } from '../core/index.ts'
import { broadcastTo } from './broadcast.ts'
import { assertChannels, last } from './channels.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, type Value } from './define.ts'
import { add, div, maximum, mul, sub } from './elementwise.ts'
import { reduceSum, reshape } from './reduce.ts'
import { sliceFirst } from './slice.ts'

/** [..., C] as [M, C]. */
const rows = (x: Value): Value => reshape({ x }, { shape: [size(x.shape) / last(x.shape), last(x.shape)] })

/**
 * x - k and its mean [1, C], where k is the first pixel. Where the mean is large relative to the deviation, sums of
 * differences from a value close to x lose no digits. They take one pass; sums of differences from the mean take two.
 */
function shifted(x: Value) {
  const all = rows(x)
  const k = sliceFirst({ x: all }, { from: 0, count: 1 })
  const difference = sub(all, k)
  return { k, difference, mean: div(reduceSum({ x: difference }, { axes: [0] }), all.shape[0]) }
}

/** [C] along the last axis of `shape`. */
const spread = (v: Value, shape: Shape): Value =>
  broadcastTo({ x: reshape({ x: v }, { shape: shape.map((d, i) => (i === shape.length - 1 ? d : 1)) }) }, { shape })

const statisticsSamples = [
  { inputs: { x: [2, 3, 4, 5] } },
  { inputs: { x: [3, 2, 2, 17] } },
  { inputs: { x: [1, 5, 5, 8] }, range: [100, 101] },
  { inputs: { x: [6, 3] } },
  { inputs: { x: [2, 3, 3, 1] } },
] as const

function meanOf(x: { readonly shape: Shape; readonly data: ArrayLike<number> }): Float64Array {
  const channels = last(x.shape)
  const mean = new Float64Array(channels)
  for (let i = 0; i < x.data.length; i++) mean[i % channels] += (x.data[i] / x.data.length) * channels
  return mean
}

/** The mean of each channel, [C]. */
export const channelMean = declareOp({
  name: 'channel_mean',
  inputs: { x: '*' },
  attrs: {},
  shape({ x }) {
    assertChannels('channel_mean', x.shape)
    return [last(x.shape)]
  },
  lower({ x }) {
    const { k, mean } = shifted(x)
    return reshape({ x: add(k, mean) }, { shape: [last(x.shape)] })
  },
})

export const channelMeanContract = completeOp(channelMean, {
  cost: free,
  reference({ x }, _, y) {
    y.data.set(meanOf(x))
  },
  grad: ({ x }, _, dy): Gradients<'x'> => ({ x: spread(div(dy, size(x.shape) / last(x.shape)), x.shape) }),
  samples: statisticsSamples,
})

/** The biased variance of each channel (over the number of its values), [C]. */
export const channelVariance = declareOp({
  name: 'channel_variance',
  inputs: { x: '*' },
  attrs: {},
  shape({ x }) {
    assertChannels('channel_variance', x.shape)
    return [last(x.shape)]
  },
  lower({ x }) {
    const { difference, mean } = shifted(x)
    const square = div(reduceSum({ x: mul(difference, difference) }, { axes: [0] }), difference.shape[0])
    // Rounding can give a value slightly below zero if a channel is constant.
    return reshape({ x: maximum(sub(square, mul(mean, mean)), 0) }, { shape: [last(x.shape)] })
  },
})

export const channelVarianceContract = completeOp(channelVariance, {
  cost: free,
  reference({ x }, _, y) {
    const channels = last(x.shape)
    const mean = meanOf(x)
    const sums = new Float64Array(channels)
    for (let i = 0; i < x.data.length; i++) sums[i % channels] += (x.data[i] - mean[i % channels]) ** 2
    for (let c = 0; c < channels; c++) y.data[c] = (sums[c] / x.data.length) * channels
  },
  grad: ({ x }, _, dy): Gradients<'x'> => ({
    x: mul(sub(x, channelMean({ x })), mul(dy, (2 * last(x.shape)) / size(x.shape))),
  }),
  samples: statisticsSamples,
})
