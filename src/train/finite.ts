/** Detects NaN and infinity in weights before they are used. */
import { DivergedError, nonFinite } from '../core/index.ts'
import type { Weights } from '../graph/index.ts'

/** Throws a `DivergedError` unless all `weights` are finite; `what` names the caller in the error. */
export function assertFinite(weights: Weights, what: string): void {
  const found = nonFinite(weights)
  if (found) throw new DivergedError(`${what}: ${found}: start from finite weights`)
}
