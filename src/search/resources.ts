/**
 * What a network costs, as objectives and budgets: one table of resources by name, each with its value of a model, its
 * unit, and how people write it (`macs=30M`, `size=1MB`, `latency=2ms`).
 */
import { KingletError, key, nearest, oneOf, Rng, UsageError } from '../core/index.ts'
import { analyse, countsOf } from '../graph/index.ts'
import type { LatencyTable } from '../latency/index.ts'
import { latencyOf } from '../latency/index.ts'
import type { Model } from '../models/index.ts'
import { listed, samplePoint } from './space/points.ts'
import { brokenBy, makePoint, type Point, pointKey, type Space } from './space/space.ts'

export type ResourceName = 'macs' | 'parameters' | 'peakBytes' | 'modelBytes' | 'latencyMs'

interface Resource {
  /** How people call it: `latency`. */
  readonly short: string
  readonly title: string
  /** Suffixes that a value may have, and how much each is. The first is what values are shown in, where it fits. */
  readonly units: Readonly<Record<string, number>>
  of(model: Model, table: LatencyTable | undefined): number
}

const numbers = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 }
const bytes = { B: 1, '': 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }
const counts = (model: Model) => countsOf(model.graph())

/** All of them. */
const resources: Readonly<Record<ResourceName, Resource>> = {
  macs: { short: 'macs', title: 'multiply-adds', units: numbers, of: (model) => counts(model).macs },
  parameters: { short: 'parameters', title: 'parameters', units: numbers, of: (model) => counts(model).parameters },
  peakBytes: {
    short: 'memory',
    title: 'peak memory of activations',
    units: bytes,
    of: (model) => analyse(model.graph()).total.peakBytes,
  },
  modelBytes: {
    short: 'size',
    title: 'bytes of all weights',
    units: bytes,
    of(model) {
      const { parameters, state } = counts(model)
      return 4 * (parameters + state)
    },
  },
  latencyMs: {
    short: 'latency',
    title: 'latency',
    units: { ms: 1, '': 1, s: 1e3, us: 1e-3 },
    of(model, table) {
      if (!table) throw new UsageError('latency: it needs a table of the device: measure one with kinglet measure')
      return latencyOf(table, model)
    },
  },
}

export const resourceNames = Object.keys(resources) as readonly ResourceName[]
const shortNames = resourceNames.map((name) => resources[name].short)

/** At most so much of a resource. */
export interface Budget {
  readonly resource: ResourceName
  readonly most: number
}

/**
 * What a model takes of a resource, for one image: multiply-adds, parameters, bytes of activations at the peak, bytes of
 * all weights, or milliseconds by a latency table.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { resourceOf } from 'kinglet/search'
 *
 * resourceOf(build('mobilenet_v3_small'), 'macs') // => 56510400
 * ```
 */
export const resourceOf = (model: Model, name: ResourceName, table?: LatencyTable): number =>
  resources[name].of(model, table)

/** A value with its unit, for people: `30.0 M`, `1.5 MB`, `2.000 ms`. */
export function showResource(name: ResourceName, value: number): string {
  if (name === 'latencyMs') return `${value.toFixed(value < 10 ? 3 : 1)} ms`
  const isBytes = resources[name].units === bytes
  const [unit, size] = (
    [
      ['G', 1e9],
      ['M', 1e6],
      ['k', 1e3],
    ] as const
  ).find(([, size]) => value >= 0.9995 * size) ?? ['', 1]
  const digits = size === 1 ? 0 : value / size < 10 ? 2 : 1
  return `${(value / size).toFixed(digits)}${unit || isBytes ? ' ' : ''}${unit}${isBytes ? 'B' : ''}`
}

/** The resource that people call `given`: `latency`, or `latencyMs`. Throws a `UsageError`, which `what` begins. */
export function resourceNamed(given: string, what = 'resource'): ResourceName {
  const found = resourceNames.find((name) => name === given || resources[name].short === given)
  if (found) return found
  const meant = nearest(given, [...shortNames, ...resourceNames])
  throw new UsageError(
    `${what}: no resource ${given}${meant ? ` (did you mean ${meant}?)` : ''}: use ${oneOf(shortNames)}`,
  )
}

/**
 * Reads a budget as people write it. Throws a `UsageError` for a resource that there is not and for a value that is none.
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
  const [given, value, ...rest] = text.split('=').map((part) => part.trim())
  const resource = resourceNamed(given, `budget ${text}`)
  const { short, units } = resources[resource]
  const [, number, unit] = /^([\d.]+(?:e[+-]?\d+)?)\s*([a-zA-Z]*)$/.exec(value ?? '') ?? []
  const most = Number(number) * (Object.hasOwn(units, unit ?? ' ') ? units[unit] : Number.NaN)
  if (rest.length > 0 || !(most > 0 && Number.isFinite(most)))
    throw new UsageError(
      `budget ${text}: ${short} is ${value || 'missing'}: it must be a number above 0, with ${oneOf(Object.keys(units).filter(Boolean))} or without: ` +
        `${short}=${exampleOf[resource]}`,
    )
  return { resource, most }
}

const exampleOf: Record<ResourceName, string> = {
  macs: '30M',
  parameters: '2M',
  peakBytes: '1MB',
  modelBytes: '1MB',
  latencyMs: '2ms',
}

/** A budget in words: `latency of at most 2.000 ms`. */
export const showBudget = ({ resource, most }: Budget): string =>
  `${resources[resource].title} of at most ${showResource(resource, most)}`

/**
 * The smallest value that points of a space have, and a point that has it: from a few random points, one choice after
 * the other takes the value that is best, until none helps. Exact where choices act independently, as channels, kernels
 * and resolution nearly do on costs.
 */
export function smallestIn(
  space: Space,
  value: (point: Point) => number,
  seed = 0,
): { readonly point: Point; readonly value: number } {
  const known = new Map<string, number>()
  const costOf = (point: Point): number => {
    const name = pointKey(point)
    const found = known.get(name) ?? value(point)
    known.set(name, found)
    return found
  }
  let best: { point: Point; value: number } | undefined
  for (let start = 0; start < 3; start++) {
    let point = samplePoint(space, new Rng(key(seed, start)))
    for (let improved = true; improved; ) {
      improved = false
      for (const name of Object.keys(space.choices)) {
        for (const candidate of changed(space, point, name)) {
          if (costOf(candidate) >= costOf(point)) continue
          point = candidate
          improved = true
        }
      }
    }
    if (!best || costOf(point) < best.value) best = { point, value: costOf(point) }
  }
  return best!
}

/** The points that differ from `point` in one choice (and those that it switches on, at their first value). */
function changed(space: Space, point: Point, name: string): Point[] {
  if (!Object.hasOwn(point, name)) return []
  return listed(space.choices[name])
    .filter((value) => value !== point[name])
    .map((value) =>
      makePoint(space, (own, choice) =>
        own === name ? value : Object.hasOwn(point, own) ? point[own] : listed(choice)[0],
      ),
    )
    .filter((candidate) => !brokenBy(space, candidate))
}

/**
 * Throws a `KingletError` that says the smallest value there is, unless some network of a space meets the budget.
 * `value` gives a point's; it may leave out points that the space does not build by giving infinity.
 */
export function assertReachable(space: Space, budget: Budget, value: (point: Point) => number): void {
  const smallest = smallestIn(space, value)
  if (smallest.value <= budget.most) return
  throw new KingletError(
    `space ${space.name}: no network has ${showBudget(budget)}: the smallest there is has ` +
      `${showResource(budget.resource, smallest.value)}: raise the budget, or choose another space`,
  )
}
