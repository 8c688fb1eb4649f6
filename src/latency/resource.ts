/**
 * Resources: what a network costs, as NetAdapt, searches and budgets measure it. A table has the resources that Kinglet
 * counts, each with its unit and its short name. A caller's own resource is an object of the same interface.
 */
import { nearest, oneOf, UsageError } from '../core/index.ts'
import { analyse, countsOf } from '../graph/index.ts'
import type { Network } from '../nn/index.ts'
import { latencyOf } from './latency.ts'
import type { NamedTable } from './named-table.ts'
import type { LatencyTable } from './table.ts'

/** What a network uses and a budget limits. Smaller is better. */
export interface Resource<Value = number> {
  /** The name in runs, studies and errors: `macs`, `latencyMs`. */
  readonly name: string
  /** The value for one network; infinity where it is unknown, so that NetAdapt makes no such proposal. */
  value(model: Network): Value
  /** How its values are written. Default `number`. */
  readonly unit?: UnitName
  /** True if fewer channels never cost more. Default false. */
  readonly monotone?: boolean
  /** What its values depend on besides the network, such as a table's checksum. A run resumes only with the same source. */
  readonly source?: string
}

export type UnitName = 'number' | 'bytes' | 'ms'
export type ResourceName = 'macs' | 'parameters' | 'peakBytes' | 'modelBytes' | 'latencyMs'

/** The suffixes that a value may have, and the factor of each. */
export const suffixesOf: Readonly<Record<UnitName, Readonly<Record<string, number>>>> = {
  number: { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 },
  bytes: { B: 1, '': 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  ms: { ms: 1, '': 1, s: 1e3, us: 1e-3 },
}

interface Entry extends Required<Pick<Resource, 'unit' | 'monotone'>> {
  /** The name that people write: `latency`. */
  readonly short: string
  readonly title: string
  /** A value as people write it, for errors. */
  readonly example: string
  value(model: Network, table: LatencyTable | undefined, name: string | undefined): number
}

const counts = (model: Network) => countsOf(model.graph())

/** Peak memory may rise with fewer channels, where the order of steps changes; a measured latency may rise too. */
export const resources: Readonly<Record<ResourceName, Entry>> = {
  macs: {
    ...{ short: 'macs', title: 'multiply-adds', unit: 'number', monotone: true, example: '30M' },
    value: (model) => counts(model).macs,
  },
  parameters: {
    ...{ short: 'parameters', title: 'parameters', unit: 'number', monotone: true, example: '2M' },
    value: (model) => counts(model).parameters,
  },
  peakBytes: {
    ...{ short: 'memory', title: 'peak memory of activations', unit: 'bytes', monotone: false, example: '1MB' },
    value: (model) => analyse(model.graph()).total.peakBytes,
  },
  modelBytes: {
    ...{ short: 'size', title: 'bytes of all weights', unit: 'bytes', monotone: true, example: '1MB' },
    value(model) {
      const { parameters, state } = counts(model)
      return 4 * (parameters + state)
    },
  },
  latencyMs: {
    ...{ short: 'latency', title: 'latency', unit: 'ms', monotone: false, example: '2ms' },
    value(model, table, name) {
      if (!table) throw new UsageError('latency: it needs a table of the device: measure one with kinglet measure')
      return latencyOf(table, model, name)
    },
  },
}

export const resourceNames = Object.keys(resources) as readonly ResourceName[]
const shortNames = resourceNames.map((name) => resources[name].short)

/**
 * Returns how much of a resource a model uses for one image: multiply-adds, parameters, peak bytes of activations, bytes
 * of all weights, or milliseconds by a latency table.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { resourceOf } from 'kinglet/search'
 *
 * resourceOf(build('mobilenet_v3_small'), 'macs') // => 56510400
 * ```
 */
export const resourceOf = (model: Network, name: ResourceName, table?: LatencyTable): number =>
  resources[name].value(model, table, undefined)

/**
 * Returns a resource by name, as an object: the `resource` of `adapt`, or the first part of a search's demand. `table` gives
 * the latency.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { namedResource } from 'kinglet/search'
 *
 * const parameters = namedResource('parameters')
 * parameters.value(build('mobilenet_v3_small')) // => 2542856
 * ```
 */
export function namedResource(name: ResourceName, table?: NamedTable): Resource & { readonly name: ResourceName } {
  const { unit, monotone, value } = resources[name]
  return {
    ...{ name, unit, monotone },
    value: (model) => value(model, table?.table, table?.name),
    ...(name === 'latencyMs' && table && { source: table.checksum }),
  }
}

/** Formats a value with its unit: `30.0 M`, `1.5 MB`, `2.000 ms`. */
export function showResource(name: ResourceName, value: number): string {
  const { unit } = resources[name]
  if (unit === 'ms') return `${value.toFixed(value < 10 ? 3 : 1)} ms`
  const [prefix, size] = (
    [
      ['G', 1e9],
      ['M', 1e6],
      ['k', 1e3],
    ] as const
  ).find(([, size]) => value >= 0.9995 * size) ?? ['', 1]
  const digits = size === 1 ? 0 : value / size < 10 ? 2 : 1
  const suffix = `${prefix}${unit === 'bytes' ? 'B' : ''}`
  return `${(value / size).toFixed(digits)}${suffix && ' '}${suffix}`
}

/** Finds a resource by either name: `latency` or `latencyMs`. Throws a `UsageError`, which begins with `what`. */
export function parseResourceName(given: string, what = 'resource'): ResourceName {
  const found = resourceNames.find((name) => name === given || resources[name].short === given)
  if (found) return found
  const meant = nearest(given, [...shortNames, ...resourceNames])
  throw new UsageError(
    `${what}: no resource ${given}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(shortNames)}`,
  )
}
