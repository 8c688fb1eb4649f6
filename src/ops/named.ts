/**
 * Finds ops by name, for graphs in files. The ops of the registry's networks are part of this module. Each other op is
 * loaded with its file, so that a page loads only what its network needs.
 */
import { activations } from './activations.ts'
import { batchNorm } from './batch-norm.ts'
import { concat } from './concat.ts'
import { conv2d } from './conv2d.ts'
import type { Op } from './define.ts'
import { depthwiseConv2d } from './depthwise-conv2d.ts'
import { abs, addOp, divOp, exp, log, maximum, minimum, mulOp, neg, sqrt, subOp } from './elementwise.ts'
import { im2col } from './im2col.ts'
import type * as list from './list.ts'
import { matmul } from './matmul.ts'
import { maxPool } from './pool.ts'
import { reduceSum, reshape } from './reduce.ts'
import { slice, sliceFirst, zeroPad } from './slice.ts'
import { trainingDropout } from './training-dropout.ts'

const present = [
  ...[abs, addOp, divOp, exp, log, maximum, minimum, mulOp, neg, sqrt, subOp],
  ...Object.values(activations),
  ...[batchNorm, concat, conv2d, depthwiseConv2d, im2col, matmul, maxPool, reduceSum, reshape],
  ...[slice, sliceFirst, trainingDropout, zeroPad],
]

type Made<Name extends string> = { readonly op: Op & { readonly name: Name } }
type NameOf<F> = F extends (...args: never[]) => unknown ? (F extends Made<infer Name> ? Name : never) : never
type Names<M> = { [K in keyof M]: NameOf<M[K]> }[keyof M]

/** The other ops, by name. An op that is in neither table does not compile. */
const elsewhere: {
  readonly [Name in Exclude<Names<typeof list>, NameOf<(typeof present)[number]>>]: () => Promise<Made<Name>>
} = {
  avg_pool: async () => (await import('./avg-pool.ts')).avgPool,
  broadcast_to: async () => (await import('./broadcast.ts')).broadcastTo,
  channel_mean: async () => (await import('./batch-statistics.ts')).channelMean,
  channel_variance: async () => (await import('./batch-statistics.ts')).channelVariance,
  clamp: async () => (await import('./clamp.ts')).clamp,
  conv2d_dw: async () => (await import('./conv2d-gradients.ts')).conv2dDw,
  conv2d_dx: async () => (await import('./conv2d-gradients.ts')).conv2dDx,
  depthwise_conv2d_dw: async () => (await import('./depthwise-gradients.ts')).depthwiseConv2dDw,
  depthwise_conv2d_dx: async () => (await import('./depthwise-gradients.ts')).depthwiseConv2dDx,
  dropout: async () => (await import('./dropout.ts')).dropout,
  flip_transpose: async () => (await import('./flip-transpose.ts')).flipTranspose,
  greater: async () => (await import('./masks.ts')).greater,
  log_softmax: async () => (await import('./softmax.ts')).logSoftmax,
  max_pool_dx: async () => (await import('./pool-gradients.ts')).maxPoolDx,
  resize_bilinear: async () => (await import('./resize-bilinear.ts')).resizeBilinear,
  resize_bilinear_dx: async () => (await import('./resize-bilinear.ts')).resizeBilinearDx,
  softmax: async () => (await import('./softmax.ts')).softmax,
  where: async () => (await import('./masks.ts')).where,
}

/** Loads the ops of these names. Unknown names are omitted. */
export async function opsNamed(names: Iterable<string>): Promise<ReadonlyMap<string, Op>> {
  const wanted = new Set(names)
  const loaders = Object.entries(elsewhere).filter(([name]) => wanted.has(name))
  const loaded = await Promise.all(loaders.map(([, load]): Promise<{ readonly op: Op }> => load()))
  const made: readonly { readonly op: Op }[] = [...present, ...loaded]
  return new Map(made.filter(({ op }) => wanted.has(op.name)).map(({ op }) => [op.name, op]))
}
