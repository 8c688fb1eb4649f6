import { expect, test } from 'vitest'
import { build, type Model } from '../../src/models/index.ts'
import { groupsOf, shrink } from '../../src/prune/index.ts'

const shown = (net: Model) =>
  groupsOf(net).map(({ name, kind, count, fields }) => {
    const others = fields.slice(1).map(({ row, number }) => `${row}.${number}`)
    return [`${name} ${count} ${kind}`, ...others].join(' ')
  })

test('MobileNet V1: every block is a layer', () => {
  expect(shown(build('mobilenet_v1_shallow', { width: 0.5, size: 32, classes: 3 }))).toEqual([
    'stem.out 16 layer',
    'blocks.0.out 32 layer',
    'blocks.1.out 64 layer',
    'blocks.2.out 64 layer',
    'blocks.3.out 128 layer',
    'blocks.4.out 128 layer',
    'blocks.5.out 256 layer',
    'blocks.6.out 512 layer',
    'blocks.7.out 512 layer',
  ])
})

test('MobileNet V3 Small: shortcuts join bottlenecks; for small images the first block is joined to the stem', () => {
  const inner = [
    'blocks.1.exp 72 expansion',
    'blocks.1.out 24 bottleneck blocks.2.out',
    'blocks.2.exp 88 expansion',
    'blocks.3.exp 96 expansion',
    'blocks.3.out 40 bottleneck blocks.4.out blocks.5.out',
    'blocks.4.exp 240 expansion',
    'blocks.5.exp 240 expansion',
    'blocks.6.exp 120 expansion',
    'blocks.6.out 48 bottleneck blocks.7.out',
    'blocks.7.exp 144 expansion',
    'blocks.8.exp 288 expansion',
    'blocks.8.out 96 bottleneck blocks.9.out blocks.10.out',
    'blocks.9.exp 576 expansion',
    'blocks.10.exp 576 expansion',
    'last.out 576 layer',
    'head.out 1024 layer',
  ]
  expect(shown(build('mobilenet_v3_small'))).toEqual([
    'stem.out 16 layer blocks.0.exp',
    'blocks.0.out 16 bottleneck',
    ...inner,
  ])
  expect(shown(build('mobilenet_v3_small', { size: 28, reduction: 8 }))).toEqual([
    'stem.out 16 bottleneck blocks.0.exp blocks.0.out',
    ...inner,
  ])
})

test('ResNets: two layers share the width of a bottleneck, and downsampling ends a group', () => {
  const groups = groupsOf(build('resnet50', { width: 0.25, size: 32, classes: 3 }))
  expect(groups.slice(0, 4).map(({ name, kind, count }) => [name, kind, count])).toEqual([
    ['stem.out', 'layer', 16],
    ['blocks.0.exp', 'expansion', 16],
    ['blocks.0.out', 'bottleneck', 64],
    ['blocks.1.exp', 'expansion', 16],
  ])
  expect(groups[1].channels).toHaveLength(2)
  expect(groups[2].fields.map((f) => f.row)).toEqual(['blocks.0', 'blocks.1', 'blocks.2'])
  // With as many channels as its input, the first block would need no convolution in its shortcut.
  expect([groups[0].apart, groups[2].apart]).toEqual([[64], [16]])
  const basic = groupsOf(build('resnet18', { width: 0.25, size: 32, classes: 3 }))
  expect(basic[0].fields.map((f) => f.row)).toEqual(['stem', 'blocks.0', 'blocks.1'])
  expect(basic[0].channels).toHaveLength(3)
})

test('the twin of standard convolutions has the same groups', () => {
  const options = { size: 32, classes: 3 } as const
  for (const name of ['mobilenet_v1', 'mobilenet_v2', 'mobilenet_v3_large'] as const)
    expect(shown(build(name, { ...options, convolution: 'standard' }))).toEqual(shown(build(name, options)))
})

test('squeezed channels follow their rule', () => {
  const net = build('mobilenet_v3_small', { size: 32, classes: 3 })
  const group = groupsOf(net).find((g) => g.name === 'blocks.9.exp')!
  expect(group.squeezed.map(({ row }) => row)).toEqual(['blocks.9'])
  const smaller = shrink(net, group, 300)
  expect(smaller.rows.find((row) => row.name === 'blocks.9')!.squeeze).toBe(72)
  expect(smaller.weights.get('blocks.9.se.reduce.w')!.shape).toEqual([300, 72])
  expect(smaller.weights.get('blocks.9.se.expand.w')!.shape).toEqual([72, 300])
})

test('a count that becomes equal to its neighbour adds no shortcut', () => {
  const net = build('mobilenet_v3_small', { size: 32, classes: 3 })
  const widened = groupsOf(net).find((g) => g.name === 'blocks.6.out')!
  const equal = shrink(net, widened, 40)
  const names = (of: Model) => groupsOf(of).map((g) => g.name)
  expect(names(equal)).toEqual(names(net))
})
