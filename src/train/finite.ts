/** Weights that are of no use are found before they are used. */
import { DivergedError, nonFinite } from '../core/index.ts'
import type { Weights } from '../graph/index.ts'

/** Throws unless all of `weights` are finite; `what` is what was to be done with them. */
export function assertFinite(weights: Weights, what: string): void {
  const found = nonFinite(weights)
  if (found) throw new DivergedError(`${what}: ${found}: begin with weights that are whole`)
}
