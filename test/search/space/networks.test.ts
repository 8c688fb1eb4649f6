/** Tests of architecture spaces: their default points are the papers' networks, and every point builds a network. */
import { describe, expect, test } from 'vitest'
import { Rng } from '../../../src/core/index.ts'
import { analyse, parametersOf } from '../../../src/graph/index.ts'
import { build } from '../../../src/models/index.ts'
import {
  countPoints,
  defaultPoint,
  defineSpace,
  joinSpaces,
  mutatePoint,
  networkOf,
  networkSpaceNames,
  type Point,
  type Space,
  samplePoint,
  spaceNames,
  spaceOf,
} from '../../../src/search/index.ts'
import { baseOf } from '../../../src/search/space/base.ts'
import { rowsAt } from '../../../src/search/space/network.ts'

const totalOf = (net: ReturnType<typeof build>) => {
  const { macs, parameters } = analyse(net.graph()).total
  return { macs, parameters }
}

describe('default points are the papers', () => {
  test.each([
    ['v3-small', 'mobilenet_v3_small'],
    ['v3-large', 'mobilenet_v3_large'],
    ['v1', 'mobilenet_v1'],
  ])('%s: %s', (name, model) => {
    for (const size of [224, 64, 28]) {
      const space = spaceOf(name, { size })
      const net = networkOf(space, defaultPoint(space), { classes: 12 })
      expect(net.inputShape).toEqual([size, size, 3])
      const reduction = { 224: 32, 64: 16, 28: 8 }[size]!
      const own = build(model, { size, reduction, classes: 12 })
      expect(totalOf(net)).toEqual(totalOf(own))
      expect([...parametersOf(net.graph()).keys()]).toEqual([...parametersOf(own.graph()).keys()])
      expect(net.architecture.options.dropout).toBe(own.architecture.options.dropout)
    }
    expect(totalOf(networkOf(name as 'v1', {}))).toEqual(totalOf(build(model)))
  })

  test('published counts: 56.5 M and 216.6 M multiply-adds', () => {
    const macs = (name: string) => {
      const space = spaceOf(name)
      return totalOf(networkOf(space, defaultPoint(space))).macs
    }
    expect(macs('v3-small')).toBe(56_510_400)
    expect(macs('v3-large')).toBe(216_589_760)
  })

  test('the default point of ofa is the nearest to V3-Large: its depths and kernels, and ratios of 3, 4 and 6', () => {
    const space = spaceOf('ofa')
    const net = networkOf(space, defaultPoint(space))
    const large = build('mobilenet_v3_large')
    expect(net.rows.map((r) => [r.name, r.kernel, r.out, r.stride, r.se, r.act])).toEqual(
      large.rows.map((r) => [r.name, r.kernel, r.out, r.stride, r.se, r.act]),
    )
    expect(net.rows.filter((r) => r.operator === 'bneck').map((r) => r.exp)).toEqual([
      16, 64, 72, 72, 120, 120, 240, 240, 240, 240, 480, 672, 672, 960, 960,
    ])
  })
})

test('ofa has about 2 x 10^19 networks for each width and resolution, the count of its authors', () => {
  const perStage = 9 ** 2 + 9 ** 3 + 9 ** 4
  const [resolutions, widths] = [25, 2]
  expect(countPoints(spaceOf('ofa')) / (perStage ** 5 * resolutions * widths)).toBeCloseTo(1, 12)
  expect((perStage ** 5).toExponential(0)).toBe('2e+19')
})

describe.each(networkSpaceNames.map((n) => [n]))('%s', (name) => {
  test.each([224, 40, 28])('every point is a network with whole numbers of channels: up to %i pixels', (size) => {
    const space = spaceOf(name, { size })
    const rng = new Rng(size)
    let point = samplePoint(space, rng)
    for (let i = 0; i < 8; i++) {
      const net = networkOf(space, point, { classes: 7 })
      expect(net.graph().outputs.logits.shape).toEqual([1, 7])
      expect(net.inputShape[0]).toBe(point.resolution)
      for (const row of net.rows.filter((r) => r.name !== 'classifier'))
        expect([row.name, row.out % 8, row.exp % 8]).toEqual([row.name, 0, 0])
      point = i % 2 ? samplePoint(space, rng) : mutatePoint(space, point, rng)
    }
  })

  test('each choice changes the network', () => {
    const space = spaceOf(name, { size: 64 })
    const told = (p: Point) => JSON.stringify([rowsAt(baseOf(name), p), p.resolution])
    const rng = new Rng(1)
    const idle = new Set(Object.keys(space.choices))
    for (let i = 0; i < 1500 && idle.size > 0; i++) {
      const p = samplePoint(space, rng)
      const q = mutatePoint(space, p, rng)
      const moved = Object.keys(p).filter((n) => n in q && p[n] !== q[n])
      if (moved.length === 1 && idle.has(moved[0]) && told(p) !== told(q)) idle.delete(moved[0])
    }
    expect([...idle]).toEqual([])
  })
})

describe('the choices of a point', () => {
  const blocks = (point: Point, options = {}) =>
    networkOf('v3-small', point, { size: 64, ...options }).rows.filter((r) => r.operator === 'bneck')

  test('of stages: depth, kernel, width, expansion, squeeze-and-excitation, activation', () => {
    const point = {
      ...{ 'stage2.depth': 3, 'stage2.kernel': 7, 'stage2.width': 32, 'stage2.expansion': 0.5 },
      ...{ 'stage2.se': true, 'stage2.act': 'hard_swish' },
    }
    // Of the base table: 16 to 24 channels with 72 expanded, 24 to 24 with 88. A third block repeats the second.
    expect(blocks(point).slice(1, 4)).toMatchObject([
      { name: 'blocks.1', kernel: 7, exp: 40, out: 32, stride: 2, se: true, squeeze: 16, act: 'hard_swish' },
      { name: 'blocks.2', kernel: 7, exp: 56, out: 32, stride: 1, se: true, squeeze: 16, act: 'hard_swish' },
      { name: 'blocks.3', kernel: 7, exp: 56, out: 32, stride: 1, se: true, squeeze: 16, act: 'hard_swish' },
    ])
    expect(blocks({}).length + 1).toBe(blocks(point).length)
    expect(blocks({ 'stage5.depth': 1 }).map((r) => r.out)).toEqual([16, 24, 24, 40, 40, 40, 48, 48, 96])
  })

  test('the choice of one block overrides that of its stage', () => {
    const point = { 'stage3.kernel': 3, 'stage3.block2.kernel': 7, 'stage3.block3.ratio': 2, 'stage3.block1.se': false }
    expect(blocks(point).slice(3, 6)).toMatchObject([
      { kernel: 3, exp: 96, se: false },
      { kernel: 7, exp: 240, se: true },
      { kernel: 3, exp: 80, se: true },
    ])
  })

  test('choices of the whole network: width, stem, head, dropout, resolution', () => {
    const net = networkOf('v3-small', { width: 1.5, 'stem.width': 8, 'head.width': 256, dropout: 0.4, resolution: 48 })
    expect(net.rows.map((r) => r.out)).toEqual([16, 24, 40, 40, 64, 64, 64, 72, 72, 144, 144, 144, 864, 0, 384, 1000])
    expect([net.architecture.options.dropout, net.inputShape]).toEqual([0.4, [48, 48, 3]])
  })

  test('small images: the reduction follows from the largest resolution, unless it is given', () => {
    const space = spaceOf('v3-small', { size: 28 })
    const at = (resolution: number, options = {}) =>
      networkOf(space, { ...defaultPoint(space), resolution }, options).architecture.options
    expect([16, 20, 24, 28].map((side) => at(side).reduction)).toEqual([8, 8, 8, 8])
    expect(at(16).size).toEqual([16, 16])
    expect(at(28, { reduction: 4, seed: 9, padding: 'same' })).toMatchObject({ reduction: 4, seed: 9, padding: 'same' })
    expect(networkOf('v3-small', {}, { size: [32, 48] }).architecture.options).toMatchObject({ reduction: 8 })
  })

  test('unknown choices are ignored', () => {
    const own = defineSpace('own', { colour: { kind: 'categorical', values: ['red'] } })
    const space = joinSpaces(spaceOf('v1', { size: 32 }), own)
    expect(networkOf(space, defaultPoint(space)).inputShape).toEqual([32, 32, 3])
  })

  test('choices of training are ignored', () => {
    const space = joinSpaces(spaceOf('v1', { size: 32 }), spaceOf('training'))
    const net = networkOf(space, samplePoint(space, new Rng(3)), { classes: 2 })
    expect(net.architecture.name).toBe('mobilenet_v1')
  })
})

describe('mistakes are reported', () => {
  const whole = spaceOf('v3-small')
  test.each<[string, () => unknown, string]>([
    [
      'an unknown space',
      () => spaceOf('v3-smal'),
      'no space v3-smal (did you mean v3-small?): use v3-small, v3-large, ofa, v1 or training',
    ],
    ['a size of 0', () => spaceOf('v1', { size: 0 }), 'space v1: size is 0: it must be a positive integer'],
    [
      'another option',
      () => spaceOf('v1', { sizes: [1] } as object),
      'space v1: no option sizes (did you mean size?): use size',
    ],
    [
      'a choice without a meaning',
      () => networkOf('v3-small', { 'stage2.kernal': 3 }),
      'space v3-small: no choice stage2.kernal (did you mean stage2.kernel?): v3-small has resolution, stem.width,',
    ],
    [
      'a block that the stage lacks',
      () => networkOf('v3-small', { 'stage2.depth': 1, 'stage2.block2.kernel': 3 }),
      'space v3-small: choice stage2.block2.kernel is for block 2: the stage has 1 at most: leave it out, or let stage2.depth be 2',
    ],
    [
      'a stage that the network lacks',
      () => networkOf('v3-small', { 'stage6.kernel': 3 }),
      'space v3-small: no choice stage6.kernel',
    ],
    ['an expansion of V1', () => networkOf('v1', { 'layer1.expansion': 1 }), 'space v1: no choice layer1.expansion'],
    ['a head of V1', () => networkOf('v1', { 'head.width': 8 }), 'space v1: no choice head.width'],
    [
      'an invalid value',
      () => networkOf('v3-small', { 'stage2.kernel': 4 }),
      'space v3-small: choice stage2.kernel is 4: it must be a positive odd integer',
    ],
    [
      'channels not a multiple of 8',
      () => networkOf('v3-small', { 'stage2.width': 20 }),
      'space v3-small: choice stage2.width is 20: it must be a positive multiple of 8',
    ],
    [
      'an incomplete point',
      () => networkOf(whole, { 'stage2.kernel': 3 }),
      'choice resolution is missing: it must be 128, 160, 192',
    ],
    [
      'a space without networks',
      () => networkOf(spaceOf('training'), {}),
      'space training has no networks: use, or join it with, v3-small, v3-large, ofa or v1',
    ],
    [
      'two networks in one space',
      () => joinSpaces(spaceOf('v3-small'), spaceOf('v1')),
      'space v3-small+v1: two of its spaces have a choice resolution: remove it from one',
    ],
    [
      'two networks with different choices',
      () => joinSpaces(only('v3-small', 'stage1.kernel'), only('v1', 'layer1.width')),
      'space v3-small+v1: it joins the networks of v3-small and v1: keep one of them',
    ],
  ])('%s', (_, work, text) => {
    expect(work).toThrow(text)
  })
})

/** A space with one choice of another space. */
function only(name: string, choice: string): Space {
  const space = spaceOf(name)
  return { ...space, choices: { [choice]: space.choices[choice] }, constraints: [] }
}

test('the names of spaces are those of the tables and `training`', () => {
  expect(spaceNames).toEqual([...networkSpaceNames, 'training'])
})
