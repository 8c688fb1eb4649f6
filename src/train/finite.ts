/** Weights that are of no use are found before they are used or written. */
import { KingletError } from '../core/index.ts'
import type { Weights } from '../graph/index.ts'

/** The first value that is NaN or infinite, in words; undefined when there is none. */
export function nonFinite(weights: Weights): string | undefined {
  for (const [name, { data }] of weights) {
    const at = data.findIndex((v) => !Number.isFinite(v))
    if (at >= 0) return `${name} holds ${data[at]} at element ${at}`
  }
  return undefined
}

/** Throws unless all of `weights` are finite; `what` is what was to be done with them. */
export function assertFinite(weights: Weights, what: string): void {
  const found = nonFinite(weights)
  if (found) throw new KingletError(`${what}: ${found}: begin with weights that are whole`)
}
