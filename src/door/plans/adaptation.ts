/** The plan of a NetAdapt run: the resource of its budget for the network to adapt. Reads no files. */
import { type Budget, lackingIn, type NamedTable, namedResource, type Resource, unitsOf } from '../../latency/index.ts'
import type { Network } from '../../nn/index.ts'
import { memberName, type OptionName } from '../option-name.ts'
import { assertTableUse } from './table.ts'

/** Throws a `UsageError` if a budget does not use the given latency table, or needs one that is missing. */
export const assertTableOfBudget = (
  { resource }: Budget,
  table: string | undefined,
  called: OptionName = memberName,
): void =>
  assertTableUse(
    resource === 'latencyMs',
    table,
    `but the budget is of ${resource}: leave it out, or give latency=`,
    called,
  )

/** Returns the resource of a budget for the network to adapt; `called` names options in errors. */
export function resourceOfBudget(
  budget: Budget,
  table: NamedTable | undefined,
  network: Network,
  called: OptionName = memberName,
): Resource {
  assertTableOfBudget(budget, table?.name, called)
  const resource = namedResource(budget.resource, table)
  if (!table) return resource
  // Throws, with the reason, if the table lacks a layer of this network.
  resource.value(network)
  const isLacking = (model: Network): boolean => lackingIn(table.table, unitsOf(model)).length > 0
  return {
    ...resource,
    value: (model) => (isLacking(model) ? Number.POSITIVE_INFINITY : resource.value(model)),
  }
}
