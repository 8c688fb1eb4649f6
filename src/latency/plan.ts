/**
 * Plans what to measure: each distinct unit of the given networks. Where channel counts vary (a search space, NetAdapt), it
 * plans a few counts in each direction, between which a table interpolates. The time of a layer is nearly linear in its
 * channels in and out, except for steps where weights outgrow a cache. So counts lie at most a factor of {@link ratio}
 * apart.
 */
import { runsFor, stepUnits } from './measure.ts'
import { distinctUnits, layerOf, type Unit, weightSizes } from './units.ts'

/** Upper bound of the ratio of two neighbouring counts. */
const ratio = 2.5
/** Kernels work on eight channels at a time. */
const multiple = 8

/** Counts from `low` to `high`, both included, in equal ratios. The inner ones are multiples of eight. */
export function countsBetween(low: number, high: number): number[] {
  const steps = Math.max(1, Math.ceil(Math.log(high / low) / Math.log(ratio)))
  const between = Array.from({ length: steps - 1 }, (_, i) => {
    const n = low * (high / low) ** ((i + 1) / steps)
    return Math.round(n / multiple) * multiple
  })
  return [...new Set([low, ...between.filter((n) => n > low && n < high), high])]
}

export interface PlanOptions {
  /** Measure a grid, so that counts between those of the networks can be interpolated. */
  readonly between?: boolean
  /** Measure counts down to this share of the networks' counts too (for NetAdapt). Default 1. */
  readonly downTo?: number
}

/**
 * Returns what to measure for networks with these units: each unit once, with the runs and steps that belong to them.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { describeUnit, planOf, unitsOf } from 'kinglet/search'
 *
 * const plan = planOf(unitsOf(build('mobilenet_v1')))
 * plan.filter((unit) => unit.kind === 'depthwise').length // => 9
 * ```
 */
export function planOf(units: readonly Unit[], { between = false, downTo = 1 }: PlanOptions = {}): Unit[] {
  const layers = distinctUnits(units).filter(({ kind }) => kind !== 'run' && kind !== 'steps')
  const wanted = between || downTo < 1 ? gridsOf(layers, downTo) : layers.flatMap(amongSizes)
  return [
    ...runsFor([...wanted, ...units.filter(({ kind }) => kind === 'run')]),
    ...distinctUnits(wanted),
    ...stepUnits(),
  ]
}

/** The sizes of weights from `low` to `high`, with one beyond each end. */
const sizesAround = (low: number, high: number): number[] =>
  weightSizes.filter((size, i) => (weightSizes[i + 1] ?? size) >= low && (weightSizes[i - 1] ?? size) <= high)

/** A linear layer once for each size of weights around its own; another unit as it is. */
function amongSizes(unit: Unit): Unit[] {
  if (unit.kind !== 'linear') return [unit]
  const [from, to, among] = unit.channels
  return sizesAround(among, among).map((size) => ({ ...unit, channels: [from, to, size] }))
}

interface Extent {
  readonly low: number
  readonly high: number
}

/** Equal for layers that share their range of counts: those in one place of a network, whatever kernel and activation. */
const placeOf = (unit: Unit): string =>
  unit.kind === 'linear'
    ? layerOf(unit)
    : layerOf({ ...unit, kernel: unit.kernel === 1 ? 1 : 3, dilation: 1, act: 'none', gated: false })

function gridsOf(units: readonly Unit[], downTo: number): Unit[] {
  const extents = new Map<string, Extent[]>()
  for (const unit of units) {
    const before = extents.get(placeOf(unit))
    const counts = unit.channels.map((n, i) => ({
      low: Math.min(n, before?.[i].low ?? n),
      high: Math.max(n, before?.[i].high ?? n),
    }))
    extents.set(placeOf(unit), counts)
  }
  const layers = new Map(units.map((unit) => [layerOf(unit), unit]))
  return [...layers.values()].flatMap((unit) => {
    const axes = extents.get(placeOf(unit))!.map(({ low, high }, i) => {
      if (unit.kind === 'linear' && i === 2) return sizesAround(low * downTo ** 2, high)
      // The number of an image's colours does not vary.
      const least = low < multiple ? low : Math.max(multiple, Math.floor((low * downTo) / multiple) * multiple)
      return countsBetween(Math.min(low, least), high)
    })
    return axes
      .reduce<number[][]>((all, axis) => all.flatMap((before) => axis.map((n) => [...before, n])), [[]])
      .map((channels) => ({ ...unit, channels }))
  })
}
