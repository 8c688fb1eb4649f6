/** Whether a plan and a latency table suit each other. */
import { UsageError } from '../../core/index.ts'
import type { OptionName } from '../option-name.ts'

/**
 * Throws a `UsageError` for a latency table where nothing is about latency, and where one is lacking. `otherwise` ends
 * the first of the two: what the plan is about, and the way out.
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
