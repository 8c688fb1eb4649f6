/** Copies a tensor: gives a parameter a new value that could not be computed in place. */
import { size } from '../../core/index.ts'
import type { Value } from '../../ops/index.ts'
import { elementBytes } from './elements.ts'
import type { Phase } from './kernel.ts'

/** One piece: such copies are rare and small. */
export const copyPhase = (v: Value): Phase => {
  const bytes = size(v.shape) * elementBytes(v)
  return { key: `copy ${bytes}`, pieces: 1, emit: (f, _from, _to, at) => f.memoryCopy(at.y, at.inputs[0], bytes) }
}
