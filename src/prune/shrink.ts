/**
 * Makes a network with fewer channels in one group and carries its weights over. The channels whose filters have the
 * largest L2 norm are kept (NetAdapt, arXiv:1804.03230, section 3.3); the norm is summed over all layers that make the same
 * channels. All other entries of a channel (inputs of later layers, depthwise filters, batch norm, gates) are kept or
 * removed with it. The squeezed channels of squeeze-and-excitation are chosen in the same way.
 */
import { size, type Tensor, UsageError } from '../core/index.ts'
import { cutWeights, shapesOf, type Weights } from '../graph/index.ts'
import { isModel, type Model, type RowSpec, withRows } from '../models/index.ts'
import type { Meta, Network } from '../nn/index.ts'
import type { Channels } from './channels.ts'
import { cutsOf, placesOf, withCount } from './cuts.ts'
import type { Group } from './groups.ts'

/** Numbers of elements before, along and after an axis. */
function around({ shape }: Tensor, axis: number): [outer: number, length: number, inner: number] {
  return [size(shape.slice(0, axis)), shape[axis], size(shape.slice(axis + 1))]
}

/** The L2 norm of each channel's filter, summed over the layers that make these channels. */
export function filterNorms(weights: Weights, { filters }: Channels, count: number): Float64Array {
  const sums = filters.map((slice) => {
    const t = weights.get(slice.tensor)!
    const [outer, length, inner] = around(t, slice.axis)
    const squares = new Float64Array(count)
    for (let o = 0; o < outer; o++)
      for (let c = 0; c < count; c++)
        for (const place of placesOf(slice, c))
          for (let i = 0; i < inner; i++) squares[c] += t.data[(o * length + place) * inner + i] ** 2
    return squares.map(Math.sqrt)
  })
  return sums.reduce((a, b) => a.map((norm, c) => norm + b[c]))
}

/** The `count` of `of` channels with the largest norms, in ascending order. Ties go to the first. */
function strongest(weights: Weights, channels: Channels, of: number, count: number): number[] {
  const norms = filterNorms(weights, channels, of)
  const order = [...norms.keys()].sort((a, b) => norms[b] - norms[a] || a - b)
  return order.slice(0, count).sort((a, b) => a - b)
}

/** The rows with `count` channels in a group. Existing shortcuts are kept; no new one appears. */
function rowsWith({ rows, inputShape }: Model, group: Group, count: number): RowSpec[] {
  let channels = inputShape[2]
  return rows.map((row) => {
    const shortcut = row.shortcut && row.stride === 1 && row.out === channels
    channels = row.out || channels
    const own = group.fields.filter((field) => field.row === row.name)
    return { ...row, shortcut, ...Object.fromEntries(own.map(({ number }) => [number, count])) }
  })
}

/** The network with `count` channels in `group` and initial weights: enough to compute its cost. */
export function resized<N extends Network>(network: N, group: Group, count: number): N
export function resized(network: Network, group: Group, count: number): Network {
  if (isModel(network)) return withRows(network, rowsWith(network, group, count))
  return group.channels.reduce((now, channels) => withCount(now, channels, group.count, count), network)
}

/**
 * Returns the network with fewer channels in `group`, one of `groupsOf(model)`, and the weights of the channels that are
 * kept. `keep` is their number (those with the largest filters are kept), or a list of their indices. The classes, the
 * preprocessing and the origin in `meta` are kept; the accuracy is not, since it was measured before. Throws a `UsageError`
 * for channels that do not exist and for a count that the group cannot have.
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
export function shrink<N extends Network>(model: N, group: Group, keep: number | readonly number[]): N {
  const count = typeof keep === 'number' ? keep : keep.length
  assertCount(group, count)
  if (typeof keep !== 'number') assertChannels(group, keep)
  const next = resized(model, group, count)
  const { weights } = model
  const shapes = shapesOf(weights)
  const cuts = group.channels.flatMap((channels) => {
    const kept = typeof keep === 'number' ? strongest(weights, channels, group.count, count) : keep
    return cutsOf(channels, group.count, kept, shapes)
  })
  for (const { row, channels } of group.squeezed) {
    const [from, to] = [squeezeOf(model, row), squeezeOf(next, row)]
    cuts.push(...cutsOf(channels, from, strongest(weights, channels, from, to), shapes))
  }
  next.weights = cutWeights(weights, cuts)
  next.meta = metaOf(model)
  return next
}

/** What is known of a network and holds for a smaller one too: not its accuracy, nor which file holds it. */
function metaOf({ meta: { provenance, ...kept } }: Network): Meta {
  if (!provenance) return kept
  const { kinglet: _, created: __, accuracy: ___, evaluatedOn: ____, ...origin } = provenance
  return { ...kept, provenance: origin }
}

/** The number of channels between the two layers of squeeze-and-excitation. */
const squeezeOf = (network: Network, name: string): number =>
  isModel(network) ? network.rows.find((row) => row.name === name)!.squeeze : 0

function assertCount({ name, count, apart }: Group, wanted: number): void {
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= count))
    throw new UsageError(`shrink: ${name} has ${count} channels, keep asks for ${wanted}: keep 1 to ${count}`)
  if (apart.includes(wanted))
    throw new UsageError(
      `shrink: ${name} cannot have ${wanted} channels: its neighbour has as many, and the layer between them would ` +
        'be removed: keep one more or less',
    )
}

function assertChannels({ name, count }: Group, kept: readonly number[]): void {
  const wrong = kept.find((c, i) => !Number.isInteger(c) || c < 0 || c >= count || kept.indexOf(c) < i)
  if (wrong !== undefined)
    throw new UsageError(`shrink: keep names channel ${wrong} of ${name}: name each of 0 to ${count - 1} at most once`)
}
