/** Shapes: lists of positive integers, outermost dimension first. */
import { assert } from './errors.ts'

export type Shape = readonly number[]

/** Number of elements. `size([2, 3])` is 6; `size([])` is 1, a scalar. */
export const size = (shape: Shape): number => shape.reduce((n, d) => n * d, 1)

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i])

/** Formats a shape for errors and tables: `[2, 3]`. */
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`

/** Throws unless every dimension is a positive integer. `what` names the op or argument. */
export function assertShape(shape: Shape, what: string): void {
  assert(
    shape.every((d) => Number.isInteger(d) && d > 0),
    () => `${what}: shape ${showShape(shape)} has a dimension that is not a positive integer`,
  )
}

/** Strides of a dense row-major array, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  for (let i = shape.length - 1, s = 1; i >= 0; i--) {
    strides[i] = s
    s *= shape[i]
  }
  return strides
}

/**
 * The shape of an elementwise result, by NumPy's rule: shapes are aligned at the right, and a dimension of 1 stretches.
 * Throws with both shapes when a pair of dimensions differs and neither is 1.
 */
export function broadcastShapes(a: Shape, b: Shape, what: string): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const [da, db] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1]
    assert(
      da === db || da === 1 || db === 1,
      () =>
        `${what}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast: dimension ${i} is ${da} and ${db}, ` +
        'make them equal or one of them 1',
    )
    return Math.max(da, db)
  })
}

/** Strides that read an operand of shape `from` at the coordinates of `to`. A dimension that stretches has stride 0. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from)
  return to.map((_, i) => {
    const j = i - (to.length - from.length)
    return j < 0 || from[j] === 1 ? 0 : own[j]
  })
}
