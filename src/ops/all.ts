/** The table of all ops, for suites, engines and documents that walk it. */
import * as activations from './activations.ts'
import * as batchNorm from './batch-norm.ts'
import * as concat from './concat.ts'
import * as conv2d from './conv2d.ts'
import * as conv2dGradients from './conv2d-gradients.ts'
import type { Op } from './define.ts'
import * as depthwiseConv2d from './depthwise-conv2d.ts'
import * as dropout from './dropout.ts'
import * as elementwise from './elementwise.ts'
import * as im2col from './im2col.ts'
import * as matmul from './matmul.ts'
import * as pool from './pool.ts'
import * as reduce from './reduce.ts'
import * as resizeBilinear from './resize-bilinear.ts'
import * as slice from './slice.ts'
import * as softmax from './softmax.ts'

const files: readonly object[] = [
  ...[conv2d, conv2dGradients, depthwiseConv2d, matmul, im2col],
  ...[batchNorm, activations, pool, resizeBilinear, softmax, dropout],
  ...[elementwise, reduce, slice, concat],
]

const opOf = (exported: unknown): Op[] =>
  typeof exported === 'function' && 'op' in exported ? [exported.op as Op] : []

/** Every op but the leaves (input, parameter, constant). An op is in it by being exported from one of these files. */
export const allOps: readonly Op[] = files.flatMap((file) => Object.values(file).flatMap(opOf))

const named = new Map(allOps.map((op) => [op.name, op]))

/** The op of this name; undefined when there is none. */
export const opNamed = (name: string): Op | undefined => named.get(name)
