/** Turns channels that are kept into the entries that are kept of each parameter, wherever along its axes they lie. */
import { KingletError, type Shape, sameShape } from '../core/index.ts'
import { type Cut, parametersOf } from '../graph/index.ts'
import { type Network, withShapes } from '../nn/index.ts'
import type { Channels, Slice } from './channels.ts'

/** The indices of channel `c` along a slice's axis. */
export const placesOf = ({ from = 0, period = 0, times = 1 }: Slice, c: number): number[] =>
  Array.from({ length: times }, (_, k) => from + k * period + c)

/** The cuts of all parameters that keep the channels `kept` of `count`. `shapes` are the shapes before the cut. */
export function cutsOf(
  { slices }: Channels,
  count: number,
  kept: readonly number[],
  shapes: ReadonlyMap<string, Shape>,
): Cut[] {
  const keptSet = new Set(kept)
  const removed = Array.from({ length: count }, (_, c) => c).filter((c) => !keptSet.has(c))
  const axes = new Map<string, { readonly slice: Slice; readonly places: Set<number> }>()
  for (const slice of slices) {
    const at = `${slice.axis} ${slice.tensor}`
    const { places } = axes.get(at) ?? { places: new Set<number>() }
    for (const c of removed) for (const place of placesOf(slice, c)) places.add(place)
    axes.set(at, { slice, places })
  }
  return [...axes.values()].map(({ slice: { tensor: parameter, axis }, places }) => {
    const length = shapes.get(parameter)![axis]
    return { parameter, axis, kept: Array.from({ length }, (_, i) => i).filter((i) => !places.has(i)) }
  })
}

const shapesIn = ({ declared }: Network): ReadonlyMap<string, Shape> =>
  new Map([...parametersOf(declared)].map(([name, { shape }]) => [name, shape]))

/** A network without rows, with `to` channels instead of `count`, and new initial weights. */
export function withCount(network: Network, channels: Channels, count: number, to: number): Network {
  const shapes = new Map(shapesIn(network))
  const kept = Array.from({ length: to }, (_, c) => c)
  for (const { parameter, axis, kept: left } of cutsOf(channels, count, kept, shapes))
    shapes.set(parameter, shapes.get(parameter)!.with(axis, left.length))
  return withShapes(network, shapes)
}

/** Whether both have the same logits, or the same outputs if they do not classify. */
function hasSameOutputs({ classes, declared: { outputs } }: Network, other: Network): boolean {
  if (classes !== undefined) return classes === other.classes
  return Object.entries(outputs).every(([name, { shape }]) => sameShape(shape, other.declared.outputs[name].shape))
}

/** Whether the graph is valid with fewer of these channels: a number in an op's attributes may fix them. */
export function canShrink(network: Network, channels: Channels, count: number): boolean {
  try {
    return count > 1 && hasSameOutputs(network, withCount(network, channels, count, count - 1))
  } catch (error) {
    if (error instanceof KingletError) return false
    throw error
  }
}
