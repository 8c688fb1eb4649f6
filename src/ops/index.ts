import { clamp, hardSigmoid, hardSwish, relu, relu6, sigmoid, swish, tanh } from './activations.ts'
import { batchNorm, channelMean, channelVariance } from './batch-norm.ts'
import { concat } from './concat.ts'
import { conv2d } from './conv2d.ts'
import { conv2dDw, conv2dDx } from './conv2d-gradients.ts'
import type { Op } from './define.ts'
import { depthwiseConv2d, depthwiseConv2dDw, depthwiseConv2dDx } from './depthwise-conv2d.ts'
import { dropout } from './dropout.ts'
import {
  abs,
  addOp,
  divOp,
  exp,
  greater,
  log,
  maximum,
  minimum,
  mulOp,
  neg,
  sqrt,
  subOp,
  where,
} from './elementwise.ts'
import { flipTranspose, im2col } from './im2col.ts'
import { matmul } from './matmul.ts'
import { avgPool, maxPool, maxPoolDx } from './pool.ts'
import { broadcastTo, reduceSum, reshape } from './reduce.ts'
import { resizeBilinear, resizeBilinearDx } from './resize-bilinear.ts'
import { slice, sliceFirst, zeroPad } from './slice.ts'
import { logSoftmax, softmax } from './softmax.ts'

export * from './activations.ts'
export * from './batch-norm.ts'
export * from './concat.ts'
export * from './conv2d.ts'
export * from './conv2d-gradients.ts'
export type { Conv2dAttrs } from './conv2d-shape.ts'
export * from './define.ts'
export * from './depthwise-conv2d.ts'
export * from './dropout.ts'
export * from './elementwise.ts'
export * from './im2col.ts'
export * from './leaf.ts'
export * from './matmul.ts'
export * from './pool.ts'
export * from './reduce.ts'
export * from './resize-bilinear.ts'
export * from './slice.ts'
export * from './softmax.ts'
export * from './window.ts'

/** Every op but the leaves (input, parameter, constant): what the suites over all ops walk. */
export const allOps: readonly Op[] = [
  ...[conv2d, conv2dDx, conv2dDw, depthwiseConv2d, depthwiseConv2dDx, depthwiseConv2dDw],
  ...[matmul, im2col, flipTranspose],
  ...[batchNorm, channelMean, channelVariance],
  ...[relu, relu6, clamp, hardSigmoid, hardSwish, sigmoid, swish, tanh],
  ...[avgPool, maxPool, maxPoolDx, resizeBilinear, resizeBilinearDx],
  ...[softmax, logSoftmax, dropout],
  ...[addOp, subOp, mulOp, divOp, maximum, minimum, greater, where, neg, abs, sqrt, exp, log],
  ...[reduceSum, broadcastTo, reshape, concat, slice, sliceFirst, zeroPad],
].map((define) => define.op)
