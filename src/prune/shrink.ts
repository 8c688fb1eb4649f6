/**
 * A network with fewer channels in one group, its weights carried over: of each channel's filters the ones with the
 * largest L2 norm stay (NetAdapt, arXiv:1804.03230, section 3.3), summed over all layers that make the same channels; what
 * else there is of a channel (inputs of later layers, depthwise filters, batch norm, gates) stays or goes with it. Squeezed
 * channels of squeeze-and-excitation are chosen in the same way.
 *
 * A network with rows becomes one of other rows, and others become the same graph over smaller parameters.
 */
import { type Shape, size, type Tensor, UsageError } from '../core/index.ts'
import { type Cut, cutWeights, reshapeParameters, type Weights } from '../graph/index.ts'
import { isModel, type Model, type RowSpec, withRows } from '../models/index.ts'
import { makeNetwork, type Network } from '../nn/index.ts'
import type { Channels, Slice } from './channels.ts'
import type { Group } from './groups.ts'

/** Elements before, along and after an axis. */
function around({ shape }: Tensor, axis: number): [outer: number, length: number, inner: number] {
  return [size(shape.slice(0, axis)), shape[axis], size(shape.slice(axis + 1))]
}

/** Where channel c of a slice is along its axis. */
const placesOf = (c: number, { from = 0, period = 0, times = 1 }: Slice): number[] =>
  Array.from({ length: times }, (_, k) => from + k * period + c)

/** The L2 norm of each channel's filter, summed over the layers that make these channels. */
export function filterNorms(weights: Weights, { filters, count }: Channels): Float64Array {
  const sums = filters.map((slice) => {
    const t = weights.get(slice.tensor)!
    const [outer, length, inner] = around(t, slice.axis)
    const squares = new Float64Array(count)
    for (let o = 0; o < outer; o++)
      for (let c = 0; c < count; c++)
        for (const place of placesOf(c, slice))
          for (let i = 0; i < inner; i++) squares[c] += t.data[(o * length + place) * inner + i] ** 2
    return squares.map(Math.sqrt)
  })
  return sums.reduce((a, b) => a.map((norm, c) => norm + b[c]))
}

/** The `count` channels with the largest norms, in their order; of equal ones the first. */
function strongest(weights: Weights, channels: Channels, count: number): number[] {
  const norms = filterNorms(weights, channels)
  const order = [...norms.keys()].sort((a, b) => norms[b] - norms[a] || a - b)
  return order.slice(0, count).sort((a, b) => a - b)
}

/** Channels, and which of them stay, by number. */
interface Kept {
  readonly channels: Channels
  readonly kept: readonly number[]
}

/** Slices of one axis are cut at once: places are those before anything is gone. */
function cutsOf(weights: Weights, all: readonly Kept[]): Cut[] {
  const axes = new Map<
    string,
    { readonly parameter: string; readonly axis: number; readonly left: Map<number, number> }
  >()
  for (const { channels, kept } of all) {
    const stays = new Set(kept)
    const inOrder = kept.toSorted((a, b) => a - b)
    for (const slice of channels.slices) {
      const { tensor: parameter, axis } = slice
      const own = axes.get(`${parameter} ${axis}`) ?? { parameter, axis, left: placesAlong(weights, slice) }
      axes.set(`${parameter} ${axis}`, own)
      for (let c = 0; c < channels.count; c++)
        if (!stays.has(c)) for (const place of placesOf(c, slice)) own.left.delete(place)
      // Those that stay come in the order in which they were named.
      for (const [i, c] of inOrder.entries()) {
        const named = placesOf(kept[i], slice)
        for (const [k, place] of placesOf(c, slice).entries()) own.left.set(place, named[k])
      }
    }
  }
  return [...axes.values()].map(({ parameter, axis, left }) => ({ parameter, axis, kept: [...left.values()] }))
}

/** All places along an axis, each with the entry that stands there. */
const placesAlong = (weights: Weights, { tensor, axis }: Slice): Map<number, number> =>
  new Map(Array.from({ length: weights.get(tensor)!.shape[axis] }, (_, place) => [place, place]))

/** Rows in which a group has `count` channels. A shortcut stays where there is one, and comes nowhere anew. */
function rowsWith({ rows, inputShape }: Model, group: Group, count: number): RowSpec[] {
  let channels = inputShape[2]
  return rows.map((row) => {
    const shortcut = row.shortcut && row.stride === 1 && row.out === channels
    channels = row.out || channels
    const own = group.fields.filter((field) => field.row === row.name)
    return { ...row, shortcut, ...Object.fromEntries(own.map(({ number }) => [number, count])) }
  })
}

/** Shapes of parameters after a group has `count` channels. */
function shapesWith({ weights }: Network, { channels, count: before }: Group, count: number): Map<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const { tensor, axis, times = 1 } of channels.flatMap(({ slices }) => slices)) {
    const shape = shapes.get(tensor) ?? weights.get(tensor)!.shape
    shapes.set(tensor, shape.with(axis, shape[axis] - times * (before - count)))
  }
  return shapes
}

/** The network with `count` channels in `group`, one of its groups, and first weights: what it costs can be told. */
export function resized<N extends Network>(network: N, group: Group, count: number): N {
  const next = isModel(network)
    ? withRows(network, rowsWith(network, group, count))
    : makeNetwork(reshapeParameters(network.declared, shapesWith(network, group, count)), { meta: network.meta })
  // Of the same kind as the one that was given.
  return next as Network as N
}

/** How many squeezed channels a row has by its rule: networks without rows have no such rule. */
const squeezeIn = (network: Network, name: string): number =>
  isModel(network) ? network.rows.find((row) => row.name === name)!.squeeze : 0

/**
 * The network with fewer channels in `group`, which is one of `groupsOf(network)`, and the weights of those that stay.
 * `keep` is how many (the ones with the largest filters), or which, by number. Throws a `UsageError` for channels that there
 * are not, and for a count that the group cannot have.
 *
 * @example
 * ```ts
 * import { build } from 'kinglet/models'
 * import { groupsOf, shrink } from 'kinglet/search'
 *
 * const net = build('mobilenet_v3_small', { size: 32, classes: 10 })
 * const group = groupsOf(net).find((g) => g.name === 'blocks.5.exp')!
 * const smaller = shrink(net, group, 64)
 * const shapes = ['expand.conv.w', 'depthwise.conv.w'].map((name) => smaller.weights.get(`blocks.5.${name}`)!.shape)
 * shapes // => [[1, 1, 40, 64], [5, 5, 64]]
 * ```
 */
export function shrink<N extends Network>(network: N, group: Group, keep: number | readonly number[]): N {
  const count = typeof keep === 'number' ? keep : keep.length
  assertCount(group, count)
  if (typeof keep !== 'number') assertChannels(group, keep)
  const next = resized(network, group, count)
  const { weights } = network
  const own = group.channels.map((channels): Kept => {
    const kept = typeof keep === 'number' ? strongest(weights, channels, count) : keep
    return { channels, kept }
  })
  const squeezed = group.squeezed.map(({ row, channels }): Kept => {
    return { channels, kept: strongest(weights, channels, squeezeIn(next, row)) }
  })
  next.weights = cutWeights(weights, cutsOf(weights, [...own, ...squeezed]))
  return next
}

function assertCount({ name, count, apart }: Group, wanted: number): void {
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= count))
    throw new UsageError(`shrink: ${name} has ${count} channels, ${wanted} are to stay: keep 1 to ${count}`)
  if (apart.includes(wanted))
    throw new UsageError(
      `shrink: ${name} cannot have ${wanted} channels: its neighbour has as many, and the layer between them would ` +
        'vanish: keep one more or less',
    )
}

function assertChannels({ name, count }: Group, kept: readonly number[]): void {
  const wrong = kept.find((c, i) => !Number.isInteger(c) || c < 0 || c >= count || kept.indexOf(c) < i)
  if (wrong !== undefined)
    throw new UsageError(`shrink: channel ${wrong} of ${name} is to stay: name each of 0 to ${count - 1} once at most`)
}
