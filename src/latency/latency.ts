/**
 * Computes the latency of a network from a table: the sum over its layers plus the overhead of a run. Nothing is compiled
 * or run. It takes about a millisecond, so a search can compute it for every network that it considers.
 */
import { KingletError } from '../core/index.ts'
import type { Network } from '../nn/index.ts'
import { interpolate, type Sample } from './interpolate.ts'
import { unitsOf } from './layers.ts'
import type { LatencyTable } from './table.ts'
import { describeUnit, layerOf, sameByOtherPadding, type Unit, unitKey } from './units.ts'

interface Index {
  readonly samples: ReadonlyMap<string, readonly Sample[]>
  /** Cached results. */
  readonly known: Map<string, number | undefined>
}

const indexes = new WeakMap<LatencyTable, Index>()

function indexOf(table: LatencyTable): Index {
  const before = indexes.get(table)
  if (before) return before
  const samples = new Map<string, Sample[]>()
  for (const { layer, channels, ms } of table.entries)
    samples.set(layer, [...(samples.get(layer) ?? []), { channels, value: ms.median }])
  const index = { samples, known: new Map() }
  indexes.set(table, index)
  return index
}

/** Milliseconds of one unit; undefined where the table has neither the unit nor channel counts around it. */
export function unitMs(table: LatencyTable, unit: Unit): number | undefined {
  const { samples, known } = indexOf(table)
  const key = unitKey(unit)
  const ms = (one: Unit) => interpolate(samples.get(layerOf(one)) ?? [], one.channels)
  if (!known.has(key)) {
    // The table may have the same layer from a network with the other padding.
    const other = sameByOtherPadding(unit)
    known.set(key, ms(unit) ?? (other && ms(other)))
  }
  return known.get(key)
}

/** The units that a table has no time for. */
export const lackingIn = (table: LatencyTable, units: readonly Unit[]): Unit[] =>
  units.filter((unit) => unitMs(table, unit) === undefined)

/**
 * The median latency of a network by a table, in milliseconds. Throws a `KingletError` for a layer that the table lacks;
 * `what` names the table in the error.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { type LatencyTable, latencyOf, layerOf, planOf, unitsOf } from 'kinglet/search'
 *
 * const net = build('mobilenet_v3_small', { width: 0.35, size: 32, classes: 2 })
 * const ms = { lower: 0.01, median: 0.01, upper: 0.01 }
 * const table: LatencyTable = {
 *   device: { name: 'Pixel 8', system: 'Android 14', cores: 9 },
 *   engine: 'wasm on Chrome 130',
 *   kinglet: '0.1.0',
 *   threads: 1,
 *   created: '2026-11-26T12:00:00Z',
 *   referenceMs: 0.1,
 *   entries: planOf(unitsOf(net)).map((unit) => ({ layer: layerOf(unit), channels: unit.channels, ms })),
 * }
 * latencyOf(table, net).toFixed(2) // => '0.57'
 * ```
 */
export function latencyOf(table: LatencyTable, model: Network, what = 'latency table'): number {
  let sum = 0
  for (const unit of unitsOf(model)) {
    const ms = unitMs(table, unit)
    if (ms === undefined)
      throw new KingletError(
        `${what}: it has no time for ${describeUnit(unit)}, nor for counts around ${unit.channels.length > 1 ? 'these' : 'it'}: ` +
          'measure this network into it with kinglet measure, on the same device',
      )
    sum += ms
  }
  return sum
}
