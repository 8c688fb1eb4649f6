/**
 * Epilogues: the elementwise expression that a producer (matrix product, depthwise convolution) applies to its result
 * before storing it. The operands are the result itself, full tensors of its size (a residual), one value per channel of
 * the last axis (bias, folded batch norm), and scalars.
 */

import { baseOf, bodyOf, fusedOp, readsAs } from '../../graph/passes/index.ts'
import type { Value } from '../../ops/index.ts'
import { type Expr, type FunctionBuilder, type I32, i32, v128 } from '../assembler/index.ts'
import { elementBytes, placeAmong } from './elements.ts'
import type { Addresses } from './kernel.ts'
import { emitExpression, expressionKey, type Vector } from './lanes.ts'

/**
 * The place of four neighbouring channels of the result (or one), in bytes from the start of the result and of its pixel.
 * Operands with elements of another size are read at the place of the same elements.
 */
export interface Position {
  readonly full: I32
  readonly channel: I32
  /** Immediate offset, added to both. */
  readonly offset?: number
}

export interface Epilogue {
  /** The producing op. The kernel is specialised to its attributes and input shapes. */
  readonly op: Value
  /** Part of the phase's key. */
  readonly key: string
  /** Address of the producer's `index`-th input. */
  input(at: Addresses, index: number): Expr<'i32'>
  /** The value to store for the producer's `result` at `position`. `lanes` is the number of valid lanes (4 or 1). */
  apply(f: FunctionBuilder, at: Addresses, position: Position, result: Vector, lanes?: 4 | 1): Vector
}

/** The epilogue of `v`, which is a fused node that contains a producer, or a producer alone. */
export function epilogueOf(v: Value): Epilogue {
  if (v.op !== fusedOp)
    return {
      op: v,
      key: expressionKey([v], v.inputs),
      input: (at, index) => at.inputs[index],
      apply: (_f, _at, _position, result) => result,
    }
  const { roots, placeholders, anchor } = bodyOf(v)
  const op = anchor!
  const place = new Map(placeholders.map((p, i) => [p, i]))
  const bytes = elementBytes(roots[0])
  return {
    op,
    key: expressionKey(roots, placeholders),
    input: (at, index) => at.inputs[place.get(op.inputs[index])!],
    apply(f, at, { full, channel, offset = 0 }, result, lanes = 4) {
      const value = f.let(result)
      const load = lanes === 4 ? v128.load : v128.load32Zero
      return emitExpression(f, roots[0], (leaf) => {
        if (baseOf(leaf) === op) return value
        const i = place.get(leaf)
        if (i === undefined) return undefined
        const base = at.inputs[i]
        const kind = readsAs(leaf, roots[0].shape)
        if (kind === 'scalar') return v128.load32Splat(base)
        const among = elementBytes(leaf)
        return load(i32.add(base, placeAmong(kind === 'full' ? full : channel, bytes, among)), (offset / bytes) * among)
      })
    },
  }
}
