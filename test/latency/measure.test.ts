import { expect, test } from 'vitest'
import { quartiles } from '../../src/core/quartiles.ts'
import { type Graph, inputsOf, roots, topological } from '../../src/graph/index.ts'
import { interpolate } from '../../src/latency/interpolate.ts'
import { unitsOf } from '../../src/latency/layers.ts'
import { measureUnits, runsFor } from '../../src/latency/measure.ts'
import { countsBetween, planOf } from '../../src/latency/plan.ts'
import type { Timer } from '../../src/latency/timer.ts'
import { layerOf, type Unit, unitKey } from '../../src/latency/units.ts'
import { build } from '../../src/models/index.ts'
import { macsOf as macsOfNode } from '../../src/ops/index.ts'

const model = build('mobilenet_v3_small', { size: 32, reduction: 8, width: 0.5, classes: 4 })
const plan = planOf(unitsOf(model))

const macsOf = (graph: Graph): number => topological(roots(graph)).reduce((n, v) => n + macsOfNode(v), 0)
const intoOf = (graph: Graph): number =>
  [...inputsOf(graph).values()].reduce((n, v) => n + v.shape.reduce((a, b) => a * b), 0)

/** A machine on which a run costs 0.1 ms plus 1 ms per million values, and a million multiply-adds cost 0.2 ms. */
function pretended(slowness: (call: number) => number = () => 1) {
  let calls = 0
  const timer: Timer = {
    tickMs: 0.001,
    async time(graphs, { rounds, signal }) {
      signal?.throwIfAborted()
      const slow = slowness(calls++)
      return graphs.map((graph) => {
        const ms = 0.1 + intoOf(graph) / 1e6 + (0.2 * macsOf(graph)) / 1e6
        return Array.from({ length: rounds }, () => ms * slow)
      })
    },
  }
  return { timer, calls: () => calls }
}

async function measured(timer: Timer, units: readonly Unit[], options: Parameters<typeof measureUnits>[2] = {}) {
  const found = new Map<string, number>()
  for await (const group of measureUnits(timer, units, options))
    for (const { unit, ms } of group.measured) found.set(unitKey(unit), ms.median)
  return found
}

test('the overhead of a run is subtracted, and the rest is divided by the copies', async () => {
  const found = await measured(pretended().timer, plan)
  expect([...found.keys()]).toEqual(plan.map(unitKey))
  for (const unit of plan) {
    const ms = found.get(unitKey(unit))!
    if (unit.kind === 'run') expect(ms).toBeCloseTo(0.1 + unit.channels[0] / 1e6, 9)
    if (unit.kind === 'conv') {
      const [from, to] = unit.channels
      const pixels = (unit.height * unit.width) / unit.stride ** 2
      expect(ms).toBeCloseTo((0.2 * pixels * unit.kernel ** 2 * from * to) / 1e6, 9)
    }
  }
})

test('a group measured on a busy machine is measured again, after the others', async () => {
  const quiet = await measured(pretended().timer, plan)
  const disturbed = pretended((call) => (call === 2 || call === 3 ? 3 : 1))
  const found = await measured(disturbed.timer, plan)
  for (const [key, ms] of quiet) expect(found.get(key)).toBeCloseTo(ms, 9)
  const undisturbed = pretended()
  await measured(undisturbed.timer, plan)
  expect(disturbed.calls()).toBe(undisturbed.calls() + 2)
})

test('measuring ends even if the machine is always busy', async () => {
  const { timer, calls } = pretended((call) => (call === 0 ? 1 : 2))
  await measured(timer, plan)
  const undisturbed = pretended()
  await measured(undisturbed.timer, plan)
  expect(calls()).toBeLessThanOrEqual(3 * undisturbed.calls())
})

/** The best time of the reference while these units are measured. */
async function referenceOf(units: readonly Unit[]): Promise<number> {
  let best = 0
  for await (const { referenceMs } of measureUnits(pretended().timer, units)) best = referenceMs
  return best
}

test('known runs are not measured again', async () => {
  const [runs, layers] = [true, false].map((is) => plan.filter(({ kind }) => (kind === 'run') === is))
  const known = await measured(pretended().timer, runs)
  const runsKnown = runs.map((unit) => {
    const ms = known.get(unitKey(unit))!
    return { unit, ms: { lower: ms, median: ms, upper: ms } }
  })
  const all = await measured(pretended().timer, plan)
  const found = await measured(pretended().timer, layers, {
    before: { measured: runsKnown, referenceMs: await referenceOf(runs) },
  })
  for (const unit of layers) expect(found.get(unitKey(unit))).toBeCloseTo(all.get(unitKey(unit))!, 9)
})

test('an abort ends measuring and keeps what was measured before', async () => {
  const controller = new AbortController()
  const found: Unit[] = []
  const run = async () => {
    for await (const group of measureUnits(pretended().timer, plan, { signal: controller.signal })) {
      found.push(...group.measured.map(({ unit }) => unit))
      if (found.length > 8) controller.abort(new Error('enough'))
    }
  }
  await expect(run()).rejects.toThrow('enough')
  expect(found.length).toBeGreaterThan(8)
  expect(found.length).toBeLessThan(plan.length)
})

test('a plan has each unit once, and runs around the numbers of input values', () => {
  expect(new Set(plan.map(unitKey)).size).toBe(plan.length)
  const two = planOf([...unitsOf(model), ...unitsOf(model)])
  expect(two.map(unitKey)).toEqual(plan.map(unitKey))
  expect(runsFor([]).map(({ channels }) => channels[0])).toEqual([1, 16_384, 19_592])
})

test('counts between two lie at most a factor of 2.5 apart, and are multiples of eight', () => {
  expect(countsBetween(16, 16)).toEqual([16])
  expect(countsBetween(16, 24)).toEqual([16, 24])
  expect(countsBetween(16, 96)).toEqual([16, 40, 96])
  expect(countsBetween(8, 1280)).toEqual([8, 16, 40, 104, 232, 552, 1280])
})

test('a grid goes down to a share of the counts of the networks, and colours do not vary', () => {
  const grid = planOf(unitsOf(model), { downTo: 0.5 })
  const stem = grid.filter((unit) => layerOf(unit) === 'conv 32x32 3x3 hard_swish')
  expect(stem.map(({ channels }) => channels)).toEqual([[3, 8]])
  const last = grid.filter((unit) => layerOf(unit) === 'conv 4x4 1x1 hard_swish').map(({ channels }) => channels)
  // The extents are those of all 1x1 convolutions in this place, including expansions.
  expect(last).toContainEqual([24, 288])
  expect(last).toContainEqual([144, 288])
})

test('interpolation is exact for a function linear in each count, within the smallest rectangle', () => {
  const f = (a: number, b: number) => 1 + 2 * a + 3 * b + 0.5 * a * b
  const samples = [8, 16, 40].flatMap((a) => [8, 32].map((b) => ({ channels: [a, b], value: f(a, b) })))
  for (const [a, b] of [
    [8, 8],
    [12, 20],
    [16, 9],
    [39, 32],
    [20, 30],
  ])
    expect(interpolate(samples, [a, b])).toBeCloseTo(f(a, b), 9)
  expect(interpolate(samples, [7, 8])).toBeUndefined()
  expect(interpolate(samples, [41, 8])).toBeUndefined()
  // A corner is missing: a wider rectangle has all corners.
  const holed = samples.filter(({ channels }) => channels.join() !== '16,32')
  expect(interpolate(holed, [12, 20])).toBeCloseTo(f(12, 20), 9)
  expect(interpolate([{ channels: [8], value: 1 }], [8])).toBe(1)
  expect(interpolate([], [8])).toBeUndefined()
})

test('quartiles are linear between the two nearest', () => {
  expect(quartiles([4, 1, 2, 3])).toEqual({ lower: 1.75, median: 2.5, upper: 3.25 })
  expect(quartiles([5])).toEqual({ lower: 5, median: 5, upper: 5 })
})
