/**
 * What a kernel family is. A family turns a node of the (lowered, fused) graph into phases for a target; a phase is a
 * WebAssembly function specialised to the node's shapes: sizes and strides are immediates, addresses are arguments, so
 * equal layers share one function. Work is cut into pieces that depend on the shape alone; a thread runs a range of them.
 * Between two phases of a node all threads meet at a barrier.
 */
import type { Value } from '../../ops/index.ts'
import type { FunctionBuilder, Local } from '../assembler/index.ts'
import type { Target } from '../target.ts'

/** What a phase's code is given: byte addresses of the node's inputs, its result, and its working memory. */
export interface Addresses {
  readonly inputs: readonly Local<'i32'>[]
  readonly y: Local<'i32'>
  readonly scratch: Local<'i32'>
}

export interface Phase {
  /** Phases of equal keys and as many inputs emit the same code: family, shapes, attributes, epilogue. Tests compare it. */
  readonly key: string
  /** Units of work, whatever the number of threads. Each writes its own part of y (or of the scratch). */
  readonly pieces: number
  /** Multiply-adds in all of them, where there are any: with little to do a phase is not shared. */
  readonly macs?: number
  /** Emits the code that does pieces `from` <= p < `to`. */
  emit(f: FunctionBuilder, from: Local<'i32'>, to: Local<'i32'>, at: Addresses): void
}

export interface Kernel {
  readonly phases: readonly Phase[]
  /** Bytes of working memory, alive during this node only. */
  readonly scratchBytes?: number
}

export type Family = (v: Value, target: Target) => Kernel

/** Bytes that kernels may read (never write) past the end of any tensor; memory ends this much after the last. */
export const readSlack = 256
