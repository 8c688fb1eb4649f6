/** Helpers for ops over the channels of the last axis. */
import { assert, type Shape, showShape } from '../core/index.ts'

/** The last dimension. */
export const last = (shape: Shape): number => shape[shape.length - 1]

/** Throws unless x has rank 2 or more: channels and at least one other axis. */
export function assertChannels(op: string, x: Shape): void {
  assert(x.length > 1, () => `${op}: x has shape ${showShape(x)}: it must be [..., C], rank 2 or more`)
}
