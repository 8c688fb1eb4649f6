/** The plan of a run of NetAdapt: what its budget is of, for the network that is to be adapted. Reads no files. */
import { type Budget, lackingIn, type NamedTable, namedResource, type Resource, unitsOf } from '../../latency/index.ts'
import type { Network } from '../../nn/index.ts'
import { memberName, type OptionName } from '../option-name.ts'
import { assertTableUse } from './table.ts'

/** Throws a `UsageError` for a latency table that a budget has no use for, and where it lacks one. */
export const assertTableOfBudget = (
  { resource }: Budget,
  table: string | undefined,
  called: OptionName = memberName,
): void =>
  assertTableUse(
    resource === 'latencyMs',
    table,
    `the budget is of ${resource}: leave it out, or give latency=`,
    called,
  )

/** The resource of a budget for a network that is to be adapted; `called` names options in errors. */
export function resourceOfBudget(
  budget: Budget,
  table: NamedTable | undefined,
  network: Network,
  called: OptionName = memberName,
): Resource {
  assertTableOfBudget(budget, table?.name, called)
  const resource = namedResource(budget.resource, table)
  if (!table) return resource
  // Throws, and says why, where the table has not even this network.
  resource.value(network)
  const isLacking = (model: Network): boolean => lackingIn(table.table, unitsOf(model)).length > 0
  return {
    ...resource,
    value: (model) => (isLacking(model) ? Number.POSITIVE_INFINITY : resource.value(model)),
  }
}
