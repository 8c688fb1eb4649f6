/**
 * The interface of kernel families. A family turns a node of the lowered and fused graph into phases for a target. A phase
 * is a WebAssembly function specialised to the node's shapes: sizes and strides are immediates, addresses are arguments, so
 * layers of equal shape share one function. Work is cut into pieces that depend only on the shape; a thread runs a range
 * of pieces. All threads meet at a barrier between two phases of a node.
 */
import type { Value } from '../../ops/index.ts'
import type { FunctionBuilder, Local } from '../assembler/index.ts'
import type { Target } from '../target.ts'

/** The arguments of a phase: byte addresses of the node's inputs, its result, and its working memory. */
export interface Addresses {
  readonly inputs: readonly Local<'i32'>[]
  readonly y: Local<'i32'>
  readonly scratch: Local<'i32'>
}

export interface Phase {
  /**
   * Names family, shapes, attributes and epilogue. Phases with equal keys and equally many inputs emit the same code, which
   * tests check.
   */
  readonly key: string
  /** Number of pieces of work, for any number of threads. Each piece writes its own part of y (or of the scratch). */
  readonly pieces: number
  /** Multiply-adds of all pieces, if any. Threads do not share a phase with little work. */
  readonly macs?: number
  /** Emits code for pieces `from` <= p < `to`. */
  emit(f: FunctionBuilder, from: Local<'i32'>, to: Local<'i32'>, at: Addresses): void
}

export interface Kernel {
  readonly phases: readonly Phase[]
  /** Bytes of working memory, alive only during this node. */
  readonly scratchBytes?: number
}

export type Family = (v: Value, target: Target) => Kernel

/** Number of bytes that kernels may read (never write) past the end of any tensor. Memory ends this far after the last. */
export const readSlack = 256
