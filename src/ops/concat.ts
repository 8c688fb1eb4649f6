/** Concatenates tensors along an axis. */
import { assert, type Shape, showShape, size } from '../core/index.ts'
import type { AxisEnd } from './axes.ts'
import { completeOp, free } from './contract.ts'
import { declareOp, native, type Value } from './define.ts'
import { sliceAxis } from './slice.ts'

/** The number of elements of `shape` that are contiguous along `axis`. */
const run = (shape: Shape, axis: number): number => size(shape.slice(axis))

/** y = the inputs concatenated along `axis`, in order. They have one dtype, and all their other dimensions are equal. */
export const concat = declareOp({
  name: 'concat',
  inputs: 'variadic',
  attrs: { axis: 0 },
  shape(parts, { axis }) {
    assert(parts.length > 0, 'concat: no inputs: give it one or more')
    const [{ shape: first, dtype }] = parts
    assert(
      Number.isInteger(axis) && axis >= 0 && axis < first.length,
      () => `concat: axis is ${axis}: it must be an axis of the first input, which has shape ${showShape(first)}`,
    )
    for (const { shape, dtype: other } of parts) {
      assert(other === dtype, () => `concat: one input is ${dtype}, another ${other}: all must have the same dtype`)
      assert(
        shape.length === first.length && shape.every((d, i) => i === axis || d === first[i]),
        () =>
          `concat: shapes ${showShape(first)} and ${showShape(shape)} along axis ${axis}: ` +
          'all other dimensions must be equal',
      )
    }
    return { shape: first.map((d, i) => (i === axis ? parts.reduce((sum, p) => sum + p.shape[axis], 0) : d)), dtype }
  },
  lower: native,
})

export const concatContract = completeOp(concat, {
  cost: free,
  reference(parts, { axis }, y) {
    const row = run(y.shape, axis)
    let at = 0
    for (const { shape, data } of parts) {
      const count = run(shape, axis)
      for (let outer = 0; outer * row < size(y.shape); outer++)
        y.data.set(data.subarray(outer * count, (outer + 1) * count), outer * row + at)
      at += count
    }
  },
  grad(parts, { axis }, dy) {
    let from = 0
    return parts.map(({ shape }): Value => {
      const part = sliceAxis(dy, axis, from, shape[axis])
      from += shape[axis]
      return part
    })
  },
  axes(parts, { axis }, y) {
    let from = 0
    const along = parts.map((shape, input): readonly AxisEnd[] => {
      from += shape[axis]
      return [
        { input, axis },
        { axis, from: from - shape[axis] },
      ]
    })
    const whole = y.flatMap((_, i) =>
      i === axis ? [] : [[...parts.map((_, input) => ({ input, axis: i })), { axis: i }]],
    )
    return [...along, ...whole]
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
