/**
 * Boxes in boxes: slices of tensors, and tensors padded with zeros. Axes that are taken whole merge with the axis before
 * them, so that a row (the last merged axis) is as long as possible.
 */
import type { Shape } from '../../core/index.ts'

/** A box of shape `inner` in a box of shape `outer`, with `before` elements in front of it along each axis. */
export interface Box {
  readonly inner: readonly number[]
  readonly outer: readonly number[]
  readonly before: readonly number[]
}

/** The same box with as few axes as possible; at least one. */
export function mergeBox(inner: Shape, outer: Shape, before: readonly number[]): Box {
  const merged = { inner: [] as number[], outer: [] as number[], before: [] as number[] }
  for (const [i, d] of outer.entries()) {
    const last = merged.outer.length - 1
    if (inner[i] === d && last >= 0) {
      merged.inner[last] *= d
      merged.outer[last] *= d
      merged.before[last] *= d
    } else {
      merged.inner.push(inner[i])
      merged.outer.push(d)
      merged.before.push(before[i])
    }
  }
  return merged
}
