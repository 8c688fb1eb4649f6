/** The pruners by name. */
import { nearest, oneOf, UsageError } from '../../core/index.ts'
import { type AshaOptions, asha } from './asha.ts'
import { type HalvingOptions, type HyperbandOptions, halving, hyperband, hyperbandBrackets } from './halving.ts'
import type { Pruner } from './pruner.ts'
import type { Rung } from './rungs.ts'

export type { Rung }
export { type AshaOptions, asha, type HalvingOptions, type HyperbandOptions, halving, hyperband, hyperbandBrackets }

const pruners = { halving, hyperband, asha } as const

export type PrunerName = keyof typeof pruners
export const prunerNames = Object.keys(pruners) as readonly PrunerName[]

/**
 * Returns the pruner of this name. Throws a `UsageError` for an unknown name or invalid options.
 *
 * @example
 * ```ts
 * import { prunerOf } from 'kinglet/search'
 *
 * prunerOf('asha', { max: 27 }).options // => { min: 1, max: 27, eta: 3 }
 * ```
 */
export function prunerOf(name: string, options: Readonly<Record<string, unknown>> = {}): Pruner {
  if (!Object.hasOwn(pruners, name)) {
    const meant = nearest(name, prunerNames)
    throw new UsageError(
      `there is no pruner ${name}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(prunerNames)}`,
    )
  }
  return (pruners[name as PrunerName] as (options: object) => Pruner)(options)
}
