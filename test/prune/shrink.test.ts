import { expect, test } from 'vitest'
import { take, tensor } from '../../src/core/index.ts'
import { preprocessingPreset } from '../../src/data/index.ts'
import { provenanceNow, readModelFile, writeModelFile } from '../../src/formats/index.ts'
import { type BuildOptions, build, type Model, modelNames, restore } from '../../src/models/index.ts'
import { type Group, groupsOf, shrink } from '../../src/prune/index.ts'
import { filterNorms, resized } from '../../src/prune/shrink.ts'
import { lively, logitsOf } from './make.ts'

const networks: readonly (readonly [string, BuildOptions])[] = [
  ...modelNames.map((name) => [name, {}] as const),
  ...['mobilenet_v1', 'mobilenet_v2', 'mobilenet_v3_small'].map(
    (name) => [name, { convolution: 'standard', se: 'all' }] as const,
  ),
  ['resnet50', { se: 'all' }],
  ['resnet18', { se: 'all', reduction: 32, size: 32 }],
  ['mobilenet_v2', { reduction: 32, size: 32, padding: 'same', head: 40 }],
]

const named = (net: Model, name: string): Group => groupsOf(net).find((g) => g.name === name)!
const apply = (net: Model, count: (g: Group) => number): Model =>
  groupsOf(net).reduce((now, { name }) => shrink(now, named(now, name), count(named(now, name))), net)
/** A quarter fewer channels, and not as many as a neighbour has. */
const fewer = ({ count, apart }: Group): number => {
  let n = Math.max(1, Math.floor(0.75 * count))
  while (apart.includes(n)) n++
  return n
}

/** The weights with the filters, shifts, means and biases of the last channels (those that are removed) set to zero. */
function silenced(net: Model, group: Group, count: number): Model {
  const { rows } = group.squeezed.length > 0 ? resized(net, group, count) : net
  const squeezes = new Map(rows.map((row) => [row.name, row.squeeze]))
  const weights = new Map([...net.weights].map(([name, t]) => [name, tensor(t.shape, Float32Array.from(t.data))]))
  const silence = ({ slices, filters }: Group['channels'][number], from: number) => {
    for (const slice of slices) {
      if (!filters.includes(slice) && !/\.(beta|mean|b)$/.test(slice.tensor)) continue
      const t = weights.get(slice.tensor)!
      const inner = t.shape.slice(slice.axis + 1).reduce((a, b) => a * b, 1)
      for (const i of t.data.keys()) if (Math.floor(i / inner) % t.shape[slice.axis] >= from) t.data[i] = 0
    }
  }
  for (const channels of group.channels) silence(channels, count)
  for (const { row, channels } of group.squeezed) silence(channels, squeezes.get(row)!)
  const silent = restore(net.architecture, net.weights, 'test')
  silent.weights = weights
  return silent
}

test.each(networks)('%s %o: removing filters that are zero keeps the logits', async (name, options) => {
  let silent = lively(name, options)
  const groups = groupsOf(silent)
  const counts = new Map(groups.map((group) => [group.name, fewer(group)]))
  for (const group of groups) silent = silenced(silent, group, counts.get(group.name)!)
  const next = apply(silent, (group) => counts.get(group.name)!)
  // All tensors have the shapes of the network that a file with its rows would build.
  restore(next.architecture, next.weights, name)
  expect(groupsOf(next).map((group) => [group.name, group.count])).toEqual([...counts])
  const [before, after] = [await logitsOf(silent), await logitsOf(next)]
  const scale = Math.max(...before.map(Math.abs))
  for (const [i, value] of after.entries()) expect(Math.abs(value - before[i]) / scale).toBeLessThan(1e-5)
})

test.each([['mobilenet_v1'], ['mobilenet_v3_small'], ['resnet18']])(
  '%s: all channels kept, the same logits',
  async (name) => {
    const net = lively(name)
    const same = apply(net, (group) => group.count)
    expect(same.weights).toEqual(net.weights)
    expect(await logitsOf(same)).toEqual(await logitsOf(net))
  },
)

test('the largest filters are kept, in their order', () => {
  const net = lively('mobilenet_v1')
  const group = named(net, 'blocks.3.out')
  const [channels] = group.channels
  const norms = filterNorms(net.weights, channels, group.count)
  const w = net.weights.get('blocks.3.pointwise.conv.w')!
  const [, , inner, out] = w.shape
  const byHand = Array.from({ length: out }, (_, c) =>
    Math.hypot(...Array.from({ length: inner }, (_, i) => w.data[i * out + c])),
  )
  for (const [c, norm] of norms.entries()) expect(norm).toBeCloseTo(byHand[c], 6)
  const kept = [...byHand.keys()]
    .sort((a, b) => byHand[b] - byHand[a])
    .slice(0, 20)
    .sort((a, b) => a - b)
  expect(shrink(net, group, 20).weights).toEqual(shrink(net, group, kept).weights)
  expect(shrink(net, group, 20).weights.get('blocks.3.pointwise.conv.w')).toEqual(take(w, 3, kept))
  expect(shrink(net, group, 20).weights.get('blocks.4.depthwise.bn.mean')).toEqual(
    take(net.weights.get('blocks.4.depthwise.bn.mean')!, 0, kept),
  )
})

test('the norms of all layers of a residual group are summed', () => {
  const net = lively('mobilenet_v2', { width: 1 })
  const group = named(net, 'blocks.1.out')
  const [channels] = group.channels
  expect(channels.filters.map((f) => f.tensor)).toEqual(['blocks.1.project.conv.w', 'blocks.2.project.conv.w'])
  const single = channels.filters.map((filter) =>
    filterNorms(net.weights, { slices: [], filters: [filter] }, group.count),
  )
  const sum = filterNorms(net.weights, channels, group.count)
  for (const [c, norm] of sum.entries()) expect(norm).toBeCloseTo(single[0][c] + single[1][c], 6)
})

test('entries along an axis', () => {
  const t = tensor(
    [2, 3, 2],
    Float32Array.from({ length: 12 }, (_, i) => i),
  )
  expect(take(t, 1, [2, 0])).toEqual(tensor([2, 2, 2], [4, 5, 0, 1, 10, 11, 6, 7]))
  expect(take(t, 2, [1]).data).toEqual(Float32Array.of(1, 3, 5, 7, 9, 11))
})

test('the given network does not change, and the smaller one survives a model file', async () => {
  const net = lively('mobilenet_v3_small')
  const before = new Map([...net.weights].map(([name, t]) => [name, t.data.slice()]))
  const next = apply(net, fewer)
  for (const [name, t] of net.weights) expect(t.data).toEqual(before.get(name))
  const bytes = writeModelFile({
    ...{ architecture: next.architecture, weights: next.weights, classes: ['a', 'b', 'c', 'd', 'e'] },
    preprocessing: preprocessingPreset('whole', 8),
    provenance: provenanceNow(),
  })
  const { architecture, weights } = readModelFile(bytes)
  expect(await logitsOf(restore(architecture!, weights, 'file'))).toEqual(await logitsOf(next))
})

test('invalid counts and channels are refused', () => {
  const net = build('mobilenet_v2', { width: 0.5, size: 32, classes: 5 })
  const group = named(net, 'blocks.2.exp')
  const shrinking =
    (keep: number | readonly number[], of = group) =>
    () =>
      shrink(net, of, keep)
  expect(shrinking(0)).toThrow('shrink: blocks.2.exp has 96 channels, keep asks for 0: keep 1 to 96')
  expect(shrinking(97)).toThrow('shrink: blocks.2.exp has 96 channels, keep asks for 97: keep 1 to 96')
  expect(shrinking([0, 96])).toThrow('shrink: keep names channel 96 of blocks.2.exp: name each of 0 to 95 at most once')
  expect(shrinking([3, 3])).toThrow('shrink: keep names channel 3 of blocks.2.exp: name each of 0 to 95 at most once')
  expect(group.apart).toEqual([16])
  expect(shrinking(16)).toThrow(
    'shrink: blocks.2.exp cannot have 16 channels: its neighbour has as many, and the layer between them would be removed: ' +
      'keep one more or less',
  )
})
