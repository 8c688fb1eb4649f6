/** Budgets: upper bounds of a resource, as people write them (`macs=30M`, `size=1MB`, `latency=2ms`). */
import { oneOf, readQuantity, UsageError } from '../core/index.ts'
import { parseResourceName, type ResourceName, resources, showResource, suffixesOf } from './resource.ts'

/** An upper bound of a resource. */
export interface Budget {
  readonly resource: ResourceName
  readonly most: number
}

/**
 * Reads a budget as people write it. Throws a `UsageError` for an unknown resource and for an invalid value.
 *
 * @example
 * ```ts
 * import { parseBudget } from 'kinglet/search'
 *
 * parseBudget('latency=2ms') // => { resource: 'latencyMs', most: 2 }
 * parseBudget('macs=30M') // => { resource: 'macs', most: 30000000 }
 * ```
 */
export function parseBudget(text: string): Budget {
  const [given, value = '', ...rest] = text.split('=').map((part) => part.trim())
  const resource = parseResourceName(given, `budget ${text}`)
  const { short, unit, example } = resources[resource]
  const suffixes = oneOf(Object.keys(suffixesOf[unit]).filter(Boolean))
  const must = `a number above 0, with ${suffixes} or without`
  const read = readQuantity(suffixesOf[unit], must)(value)
  if (rest.length > 0 || 'problem' in read)
    throw new UsageError(`budget ${text}: ${short} is ${value || 'missing'}: it must be ${must}: ${short}=${example}`)
  return { resource, most: read.value }
}

/** Describes a budget: `latency of at most 2.000 ms`. */
export const showBudget = ({ resource, most }: Budget): string =>
  `${resources[resource].title} of at most ${showResource(resource, most)}`
