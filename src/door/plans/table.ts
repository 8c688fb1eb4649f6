/** Checks that a plan and a latency table fit. */
import { UsageError } from '../../core/index.ts'
import type { OptionName } from '../option-name.ts'

/**
 * Throws a `UsageError` if a latency table is given but not used, or needed but missing. `otherwise` is the end of the
 * first error: what the plan is about, and what to do.
 */
export function assertTableUse(
  isAboutLatency: boolean,
  table: string | undefined,
  otherwise: string,
  called: OptionName,
): void {
  if (table !== undefined && !isAboutLatency)
    throw new UsageError(`${called('table')}: ${table} is a latency table, ${otherwise}`)
  if (table === undefined && isAboutLatency)
    throw new UsageError(
      `latency needs a table of the device: give one with ${called('table')}, which kinglet measure writes`,
    )
}
