/** A search without the command line: plan, run in memory, report, and plan again from its study. */
import { expect, test } from 'vitest'
import {
  assertTableOfBudget,
  heldOut,
  judgingOf,
  planOfStudy,
  planSearch,
  prepareSearch,
  resourceOfBudget,
  type SearchPlanOptions,
  spaceNamed,
} from '../../../src/door/plans/index.ts'
import { searchPage, showObjective, showReward } from '../../../src/door/reports/index.ts'
import { referenceEngine } from '../../../src/engine/index.ts'
import { entryOf, type NamedTable, planOf, type Unit, unitsOf } from '../../../src/latency/index.ts'
import { build } from '../../../src/models/index.ts'
import { frontOf, memoryStore, readSpace, runStudy, spaceOf } from '../../../src/search/index.ts'
import { noiseSet } from '../../data/make.ts'

const choices = { width: { kind: 'categorical', values: [0.1, 0.2], ordered: true } }
const space = readSpace(JSON.stringify({ name: 'two', network: 'v1', choices }), 'two.json')
const opened = { classes: noiseSet(4).classes, train: noiseSet(8), val: noiseSet(4) }
const asked: SearchPlanOptions = {
  ...{ name: 'noise', seed: 0, trials: 2, space, size: 8, algorithm: 'random', epochs: 1, validation: 0.1 },
  preprocessing: 'whole',
}
const machine = { opened, engine: referenceEngine() }

const tableOf = (units: readonly Unit[]): NamedTable => ({
  name: 'phone.json',
  checksum: 'abc',
  table: {
    device: { name: 'Pixel 8', system: 'Android 14', cores: 9 },
    ...{ engine: 'wasm on V8', kinglet: '0.1.0', threads: 1, created: '2026-11-26T12:00:00.000Z', referenceMs: 0.1 },
    entries: units.map((unit) => entryOf(unit, { lower: 1, median: 1, upper: 1 })),
  },
})

test('a search runs in memory, and its study gives its plan again', async () => {
  const plan = planSearch({ ...asked, minimize: ['macs'], budget: [{ resource: 'parameters', most: 1e6 }] })
  const { study, parts } = prepareSearch(plan, machine)
  const store = memoryStore(study)
  const trials = await runStudy({ store, ...parts })
  expect(trials.map(({ state }) => state)).toEqual(['complete', 'complete'])
  expect(study.objectives.map(({ name }) => name)).toEqual(['accuracy', 'macs'])
  const again = planOfStudy(study, 'memory')
  expect(prepareSearch(again, machine).study).toEqual(study)
  expect(judgingOf(study)).toMatchObject({ epochs: 1, size: 8, images: 8, classes: opened.classes })
  const stored = await store.trials()
  const page = searchPage({
    ...{ study, problem: { space, objectives: study.objectives, seed: 0 }, trials: stored, show: showObjective },
    ...{ models: new Map(), provenance: [] },
  })
  expect(frontOf(study, stored).length).toBeGreaterThan(0)
  expect(page).toContain('trials complete of 2')
})

test("a study without a plan gives an error with the caller's names", () => {
  const { study } = prepareSearch(planSearch(asked), machine)
  const other = { ...study, evaluator: { ...study.evaluator, options: {} } }
  const said = 'study noise: kinglet search did not create it: give its parts with '
  expect(() => judgingOf(other)).toThrow(`${said}parts`)
  expect(() => judgingOf(other, (name) => `--${name}`)).toThrow(`${said}--parts`)
})

test('spaces by name, and spaces that the caller reads', () => {
  expect(spaceNamed('v1,training', { size: 32 }).name).toBe('v1+training')
  const read = (name: string) => (name === 'mine' ? space : undefined)
  expect(spaceNamed('mine', { read })).toBe(space)
  expect(() => spaceNamed('v9', { read })).toThrow(/v9/)
})

test.each([
  [
    () => planSearch({ ...asked, space: spaceOf('training') }),
    'space training: it has no networks: join it with a space',
  ],
  [
    () => prepareSearch(planSearch({ ...asked, minimize: ['latencyMs'] }), machine),
    'latency needs a table of the device: give one with table, which kinglet measure writes',
  ],
  [
    () => prepareSearch(planSearch(asked), { ...machine, table: tableOf([]) }),
    'table: phone.json is a latency table, but the search does not use latency: leave it out, or give budget, minimize or target',
  ],
  [
    () => prepareSearch(planSearch(asked), { ...machine, opened: { ...opened, val: undefined } }),
    'validation 0: no images are left to evaluate networks on: hold some out, or use folds',
  ],
  [
    () => prepareSearch(planSearch({ ...asked, budget: [{ resource: 'macs', most: 10 }] }), machine),
    /^space two: no network has multiply-adds of at most 10: the smallest there is has /,
  ],
] as const)('%#: errors name options, not flags', (work, said) => {
  expect(work).toThrow(said)
})

test('a target becomes a reward, and folds hold no images out', () => {
  const { algorithm, minimize } = planSearch({ ...asked, target: { resource: 'macs', most: 2e6 } })
  expect(minimize).toEqual(['macs'])
  expect(showReward(algorithm)).toBe('accuracy x (macs / 2.00 M)^w, w -0.07 below and -0.07 above')
  expect([heldOut({ validation: 0.2 }), heldOut({ validation: 0.2, folds: 3 })]).toEqual([0.2, 0])
})

test('the resource of a budget for NetAdapt is infinite if the table lacks a layer, and an error for the network itself', () => {
  const net = build('mobilenet_v1', { width: 0.1, size: 16, reduction: 4, classes: 2 })
  const other = build('mobilenet_v1', { width: 0.5, size: 16, reduction: 4, classes: 2 })
  const latency = { resource: 'latencyMs', most: 2 } as const
  const table = tableOf(planOf(unitsOf(net)))
  const resource = resourceOfBudget(latency, table, net)
  expect(resource).toMatchObject({ name: 'latencyMs', source: 'abc', monotone: false })
  expect([resource.value(net), resource.value(other)]).toEqual([unitsOf(net).length, Number.POSITIVE_INFINITY])
  expect(() => resourceOfBudget(latency, table, other)).toThrow(/^phone\.json: it has no time for /)
  expect(() => assertTableOfBudget(latency, undefined)).toThrow('give one with table')
  expect(() => resourceOfBudget({ resource: 'macs', most: 1 }, table, net)).toThrow(
    'table: phone.json is a latency table, but the budget is of macs: leave it out, or give latency=',
  )
})
