/** Tensors one after the other along an axis. */
import { assert, type Shape, showShape, size } from '../core/index.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, native, type Value } from './define.ts'
import { sliceAxis } from './slice.ts'

/** How many elements of `shape` follow each other without a gap along `axis`. */
const run = (shape: Shape, axis: number): number => size(shape.slice(axis))

/** y = the inputs, in their order, along `axis`. All other dimensions are equal. */
export const concat = declareOp({
  name: 'concat',
  inputs: 'variadic',
  attrs: { axis: 0 },
  shape(parts, { axis }) {
    assert(parts.length > 0, 'concat: no inputs: give it one or more')
    const [{ shape: first }] = parts
    assert(
      Number.isInteger(axis) && axis >= 0 && axis < first.length,
      () => `concat: axis ${axis} is none of its first input's, which has shape ${showShape(first)}`,
    )
    for (const { shape, dtype } of parts) {
      assert(dtype === 'f32', () => `concat: an input is ${dtype}: all must be f32`)
      assert(
        shape.length === first.length && shape.every((d, i) => i === axis || d === first[i]),
        () =>
          `concat: shapes ${showShape(first)} and ${showShape(shape)} along axis ${axis}: ` +
          'all other dimensions must be equal',
      )
    }
    return first.map((d, i) => (i === axis ? parts.reduce((sum, p) => sum + p.shape[axis], 0) : d))
  },
  fold(parts, { axis }, y) {
    const row = run(y.shape, axis)
    let at = 0
    for (const { shape, data } of parts) {
      const count = run(shape, axis)
      for (let outer = 0; outer * row < size(y.shape); outer++)
        y.data.set(data.subarray(outer * count, (outer + 1) * count), outer * row + at)
      at += count
    }
  },
  lower: native,
})

export const concatContract = completeOp(concat, {
  cost: free,
  grad(parts, { axis }, dy) {
    let from = 0
    return parts.map(({ shape }): Value => {
      const part = sliceAxis(dy, axis, from, shape[axis])
      from += shape[axis]
      return part
    })
  },
  samples: [
    {
      inputs: [
        [2, 3, 3, 5],
        [2, 3, 3, 3],
        [2, 3, 3, 8],
      ],
      attrs: { axis: 3 },
    },
    {
      inputs: [
        [2, 1, 3, 4],
        [2, 2, 3, 4],
      ],
      attrs: { axis: 1 },
    },
    {
      inputs: [
        [1, 7],
        [3, 7],
      ],
      attrs: { axis: 0 },
    },
    { inputs: [[4, 4]], attrs: { axis: 1 } },
    {
      inputs: [
        [3, 1],
        [3, 1],
        [3, 1],
      ],
      attrs: { axis: 1 },
    },
  ],
})
