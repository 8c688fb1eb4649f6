/**
 * Batch normalisation over the last axis (Ioffe and Szegedy 2015). One op serves training and inference: statistics are
 * inputs. In inference they are running statistics, which are parameters of role `state`. In the training form they are
 * `channelMean` and `channelVariance` of x, whose gradients complete the backward pass, and the running statistics are
 * updated. The rules are written so that one training step sums over (dy) and (dy * (x - mean)) once each; the rest is
 * arithmetic on C numbers.
 */
import { assert, KingletError, size } from '../core/index.ts'
import { lastAxes } from './axes.ts'
import { channelMean, channelVariance } from './batch-statistics.ts'
import { assertChannels, last } from './channels.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, type Gradients, type Trained, type Training, type Value } from './define.ts'
import { add, div, mul, neg, sqrt, sub } from './elementwise.ts'
import { isParameter, type ParameterAttrs } from './leaf.ts'
import { reduceSum, reshape } from './reduce.ts'

/** The sum over all axes but the last, as [C]. */
const channelSum = (x: Value): Value => {
  const axes = x.shape.slice(0, -1).map((_, i) => i)
  return reshape({ x: axes.length ? reduceSum({ x }, { axes }) : x }, { shape: [last(x.shape)] })
}

interface NormAttrs {
  readonly eps: number
  /** Weight of the batch's statistics in the new running ones (PyTorch's convention; TensorFlow's decay is 1 - this). */
  readonly momentum: number
}
const deviation = (variance: Value, eps: number): Value => sqrt(add(variance, eps))

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta, per channel of the last axis. */
export const batchNorm = declareOp({
  name: 'batch_norm',
  inputs: { x: '*', gamma: 'C', beta: 'C', mean: 'C', variance: 'C' },
  attrs: { eps: 1e-3, momentum: 0.1 } as NormAttrs,
  shape({ x, ...perChannel }, { eps, momentum }) {
    assertChannels('batch_norm', x.shape)
    for (const [name, { shape }] of Object.entries(perChannel))
      assert(
        shape[0] === last(x.shape),
        () => `batch_norm: x has ${last(x.shape)} channels, ${name} has ${shape[0]}: it must be [${last(x.shape)}]`,
      )
    assert(eps > 0, () => `batch_norm: eps is ${eps}: it must be above 0`)
    assert(momentum >= 0 && momentum <= 1, () => `batch_norm: momentum is ${momentum}: it must be a number from 0 to 1`)
    return x.shape
  },
  lower(inputs, attrs) {
    const { scale, shift } = affine(inputs, attrs)
    return add(mul(inputs.x, scale), shift)
  },
  affine,
})

export const batchNormContract = completeOp(batchNorm, {
  cost: free,
  reference({ x, gamma, beta, mean, variance }, { eps }, y) {
    const channels = last(x.shape)
    for (let i = 0, n = size(x.shape); i < n; i++) {
      const c = i % channels
      y.data[i] = ((x.data[i] - mean.data[c]) / Math.sqrt(variance.data[c] + eps)) * gamma.data[c] + beta.data[c]
    }
  },
  grad({ x, gamma, mean, variance }, { eps }, dy): Gradients<'x' | 'gamma' | 'beta' | 'mean' | 'variance'> {
    const sigma = deviation(variance, eps)
    const scale = div(gamma, sigma)
    const sum = channelSum(dy)
    const centred = channelSum(mul(dy, sub(x, mean)))
    const dgamma = div(centred, sigma)
    return {
      x: mul(dy, scale),
      gamma: dgamma,
      beta: sum,
      mean: neg(mul(scale, sum)),
      variance: mul(div(mul(dgamma, gamma), add(variance, eps)), -0.5),
    }
  },
  training: (inputs, attrs, training) => trained(inputs, attrs, training),
  axes: lastAxes,
  samples: [
    { inputs: { x: [2, 3, 4, 5], gamma: [5], beta: [5], mean: [5], variance: [5] }, range: [0.2, 1.5] },
    { inputs: { x: [1, 3, 3, 17], gamma: [17], beta: [17], mean: [17], variance: [17] }, range: [0.2, 1.5] },
    { inputs: { x: [3, 8], gamma: [8], beta: [8], mean: [8], variance: [8] }, range: [0.2, 1.5], attrs: { eps: 1e-5 } },
    { inputs: { x: [2, 3, 3, 1], gamma: [1], beta: [1], mean: [1], variance: [1] }, range: [0.2, 1.5] },
  ],
})

type NormInputs = Readonly<Record<'x' | 'gamma' | 'beta' | 'mean' | 'variance', Value>>

const isState = (v: Value): boolean => isParameter(v) && (v.attrs as ParameterAttrs).role === 'state'

/** Normalises by the batch's statistics and updates the running ones as PyTorch does. Frozen layers are unchanged. */
function trained(inputs: NormInputs, attrs: NormAttrs, { layer, isFrozen }: Training): Trained | undefined {
  const { x, gamma, mean: oldMean, variance: oldVariance } = inputs
  if (!isState(oldMean) || !isState(oldVariance) || isFrozen(isParameter(gamma) ? gamma : oldMean)) return undefined
  const n = size(x.shape) / last(x.shape)
  if (n < 2)
    throw new KingletError(
      `batch_norm ${layer}: each channel has 1 value in x [${x.shape.join(', ')}]: ` +
        'training needs 2 or more, use a larger batch or image',
    )
  const m = attrs.momentum
  const mean = channelMean({ x })
  const variance = channelVariance({ x })
  const into = (old: Value, now: Value, share: number) => add(mul(old, 1 - m), mul(now, share))
  return {
    y: batchNorm({ ...inputs, mean, variance }, attrs),
    updates: [
      { target: oldMean, value: into(oldMean, mean, m) },
      // The running variance estimates the population's: n / (n - 1) times the batch's.
      { target: oldVariance, value: into(oldVariance, variance, (m * n) / (n - 1)) },
    ],
  }
}

function affine({ gamma, beta, mean, variance }: NormInputs, { eps }: Pick<NormAttrs, 'eps'>) {
  const scale = div(gamma, deviation(variance, eps))
  return { scale, shift: sub(beta, mul(mean, scale)) }
}
