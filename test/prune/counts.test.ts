import { expect, test } from 'vitest'
import type { Resource } from '../../src/latency/index.ts'
import type { Model } from '../../src/models/index.ts'
import { build } from '../../src/models/index.ts'
import { countsBelow, proposalsFor, smallest } from '../../src/prune/counts.ts'
import { groupsOf } from '../../src/prune/index.ts'
import { paceOf, proposalRuleOf, selectionRuleOf } from '../../src/prune/rules.ts'
import { macs } from './make.ts'

const net = build('mobilenet_v2', { width: 0.5, size: 8, reduction: 4, classes: 5 })
const groups = groupsOf(net)
const any = { multiple: 1, least: 1 }

test('counts are multiples below the present one, at least `least`, and none that a neighbour forbids', () => {
  const group = { ...groups[0], count: 25, apart: [16] }
  expect(countsBelow(group, { multiple: 8, least: 8 })).toEqual([24, 8])
  expect(countsBelow({ ...group, count: 24 }, { multiple: 8, least: 8 })).toEqual([8])
  expect(countsBelow({ ...group, count: 8 }, { multiple: 8, least: 8 })).toEqual([])
  expect(countsBelow({ ...group, count: 18 }, { multiple: 1, least: 14 })).toEqual([17, 15, 14])
})

test('bisection and trying one by one find the same largest count that meets the target', () => {
  const now = macs.value(net)
  const target = 0.97 * now
  const some = groups.filter(({ count }) => count < 80)
  const bisected = proposalsFor(net, some, macs, { now, target }, any)
  const walked = proposalsFor(net, some, { ...macs, monotone: false }, { now, target }, any)
  const shown = (all: typeof walked) => all.map(({ group, count, resource }) => [group.name, count, resource])
  expect(shown(bisected)).toEqual(shown(walked))
  expect(walked.length).toBeGreaterThan(2)
  for (const { group, count, resource } of walked) {
    expect(resource).toBeLessThanOrEqual(target)
    const [above] = countsBelow(group, any)
      .filter((n) => n > count)
      .slice(-1)
    const [more] =
      above === undefined ? [] : proposalsFor(net, [group], macs, { now, target }, { multiple: 1, least: above })
    if (more) expect(more.resource).toBeGreaterThan(target)
  }
})

const stem = groups[0]
const stemOf = (model: Model) => model.rows[0].out
/** A resource that depends only on the stem, with values as from a table of measured times. */
const table = (times: Readonly<Record<number, number>>): Resource => ({
  name: 'latencyMs',
  value: (model: Model) => times[stemOf(model)] ?? Number.POSITIVE_INFINITY,
})

test('a resource that is not monotone: still the largest count, and no count without a value', () => {
  const times = { 16: 10, 15: 11, 14: 9, 13: 12, 12: 9.5, 8: 4 }
  const counts = (target: number) =>
    proposalsFor(net, [stem], table(times), { now: 10, target }, any).map((p) => p.count)
  expect(counts(9.6)).toEqual([14])
  expect(counts(8.9)).toEqual([8])
  // None meets the target: the cheapest is proposed.
  expect(counts(3)).toEqual([8])
  expect(proposalsFor(net, [stem], table({ 16: 10, 15: 10 }), { now: 10, target: 9 }, any)).toEqual([])
  const least = smallest(net, (model) => groupsOf(model).slice(0, 1), table(times), any)
  expect(stemOf(least)).toBe(8)
})

test('if any group can meet the target, only groups that can are proposed', () => {
  const now = macs.value(net)
  const half = proposalsFor(net, groups, macs, { now, target: 0.9 * now }, any)
  expect(half.length).toBeGreaterThan(0)
  for (const { resource } of half) expect(resource).toBeLessThanOrEqual(0.9 * now)
})

test('the smallest network', () => {
  const least = smallest(net, groupsOf, macs, any)
  const counts = groupsOf(least).map((g) => [g.kind, g.count])
  // An expansion of one channel on an input of one channel would have no layer.
  for (const [kind, count] of counts) expect(count).toBe(kind === 'expansion' ? 2 : 1)
  const eights = smallest(net, groupsOf, macs, { multiple: 8, least: 8 })
  for (const { kind, count } of groupsOf(eights)) expect(count).toBe(kind === 'expansion' ? 16 : 8)
})

const candidate = (group: string, resource: number, accuracy: number, loss = 1) =>
  ({ group, kind: 'layer', from: 8, to: 4, resource, accuracy, loss }) as const
const before = { resource: 100, accuracy: 0.9, loss: 1 }

test('selection: the highest accuracy, or the least accuracy lost per resource saved', () => {
  const candidates = [candidate('a', 97, 0.88), candidate('b', 80, 0.87), candidate('c', 96, 0.89)]
  expect(selectionRuleOf('accuracy')(candidates, before).group).toBe('c')
  expect(selectionRuleOf('ratio')(candidates, before).group).toBe('b')
  // Ties go to the lower loss, then to the first.
  const equal = [candidate('a', 90, 0.8), candidate('b', 90, 0.8, 0.9), candidate('c', 90, 0.8, 0.9)]
  for (const rule of ['accuracy', 'ratio'] as const) expect(selectionRuleOf(rule)(equal, before).group).toBe('b')
})

test('pace: the same cut in each step, or a smaller one in each', () => {
  const cuts = (pace: Parameters<typeof paceOf>[0]) =>
    [1, 2, 3].map((step) => Number(paceOf(pace).rule(1000, step).toFixed(6)))
  expect(cuts('fixed')).toEqual([25, 25, 25])
  expect(cuts({ name: 'fixed', delta: 0.01 })).toEqual([10, 10, 10])
  expect(cuts('decay')).toEqual([25, 24, 23.04])
  expect(cuts({ name: 'decay', delta: 0.1, decay: 0.5 })).toEqual([100, 50, 25])
  expect(cuts((start, step) => start / 10 / step)).toEqual([100, 50, 33.333333])
})

test('kinds of proposals', () => {
  const names = (of: Parameters<typeof proposalRuleOf>[0]) => proposalRuleOf(of)(net).map((g) => g.name)
  expect(names('filters')).toEqual(groups.map((g) => g.name))
  expect(names('v3')).toEqual(groups.filter((g) => !['stem.out', 'last.out'].includes(g.name)).map((g) => g.name))
  expect(names((all) => all.slice(0, 1))).toEqual([groups[0].name])
})

test('unknown names and invalid values are refused', () => {
  expect(() => selectionRuleOf('acuracy' as never)).toThrow(
    'adapt: there is no selection acuracy (did you mean accuracy?): use accuracy or ratio',
  )
  expect(() => proposalRuleOf('all' as never)).toThrow('adapt: there is no kind of proposals all: use filters or v3')
  expect(() => paceOf('slow' as never)).toThrow('adapt: there is no pace slow: use fixed or decay')
  expect(() => paceOf({ name: 'decay', decay: 1 })).toThrow(
    'adapt: pace decay: decay is 1: it must be a number between 0 and 1',
  )
  expect(() => paceOf({ name: 'fixed', decay: 0.5 })).toThrow('adapt: pace fixed: no option decay: use delta')
})
