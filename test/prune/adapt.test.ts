import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '../../src/engine/index.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { type Model, restore } from '../../src/models/index.ts'
import { type AdaptEvent, type AdaptOptions, adapt, groupsOf, type ProposalRule } from '../../src/prune/index.ts'
import { openAdaptation, readCurve } from '../../src/prune/node-folder.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { failureOf, preprocessing, toySet } from '../train/toys.ts'
import { macs, shallow } from './make.ts'

const top = mkdtempSync(join(tmpdir(), 'kinglet-adapt-'))
afterAll(() => rmSync(top, { recursive: true, force: true }))
let folders = 0
const newFolder = () => join(top, String(folders++))

const train = toySet(60)
const start = macs.value(shallow())
/** Few enough that a run is short. */
const three: ProposalRule = (groups) => groups.slice(2, 5)
const optionsFor = (options: Partial<AdaptOptions> = {}): AdaptOptions => ({
  engine: wasmEngine({ threads: 1 }),
  preprocessing,
  resource: macs,
  budget: 0.85 * start,
  proposals: three,
  pace: { name: 'fixed', delta: 0.08 },
  steps: 2,
  holdout: 0.2,
  training: { batch: 6 },
  ...options,
})

/** Runs to the end, or until `stop` returns true. */
async function run(options: AdaptOptions, stop: (event: AdaptEvent) => boolean = () => false, net = shallow()) {
  const events: AdaptEvent[] = []
  let model: Model | undefined
  for await (const event of adapt(net, train, options)) {
    events.push(event)
    if ('model' in event) model = event.model
    if (stop(event)) break
  }
  const points = events.flatMap((e) => (e.kind === 'begun' ? e.points : e.kind === 'step' ? [e.point] : []))
  return { events, points, model: model! }
}

const whole = newFolder()
let ran: Awaited<ReturnType<typeof run>>
beforeAll(async () => {
  ran = await run(optionsFor({ store: openAdaptation(whole) }))
})

test('each step cuts the resource by the pace, down to the budget, and continues with the best candidate', () => {
  const { events, points, model } = ran
  expect(points.map((p) => p.step)).toEqual([0, 1, 2])
  expect(points[0]).toMatchObject({ resource: start, macs: start })
  for (const [i, point] of points.slice(1).entries())
    expect(point.resource).toBeLessThanOrEqual(Math.max(0.85 * start, points[i].resource - 0.08 * start))
  expect(points[2].resource).toBe(macs.value(model))
  expect(points[1].resource).toBeGreaterThan(0.85 * start)

  const [first] = events.filter((e) => e.kind === 'step')
  const best = Math.max(...first.candidates.map((c) => c.accuracy))
  expect(first.point.accuracy).toBe(best)
  const { group, to } = first.point.shrunk!
  expect(groupsOf(first.model).find((g) => g.name === group)!.count).toBe(to)
  // Every candidate was tuned for two steps and reported.
  const tried = events.filter((e) => e.kind === 'tried' && e.step === 1)
  expect(tried).toHaveLength(first.candidates.length)
  expect(events.filter((e) => e.kind === 'trying' && e.step === 1)).toHaveLength(2 * tried.length)
})

test('runs without fine-tuning, and with the caller’s own rules', async () => {
  const { points } = await run(
    optionsFor({
      steps: 0,
      selection: (candidates) => candidates[candidates.length - 1],
      pace: () => 0.07 * start,
      multiple: 8,
    }),
  )
  expect(points.length).toBeGreaterThan(2)
  for (const { shrunk } of points.slice(1)) expect(shrunk!.to % 8).toBe(0)
  const bad = optionsFor({ steps: 0, selection: () => ({}) as never })
  expect(await failureOf(() => run(bad))).toBe(
    'KingletError: adapt: selection selection chose no candidate: return one of those given',
  )
})

/** An engine whose first `lost` trainings give a loss of NaN. */
function losing(lost: number): Engine {
  const engine = wasmEngine({ threads: 1 })
  let trainings = 0
  const compile: Engine['compile'] = async (graph, options) => {
    const program = await engine.compile(graph, options)
    if (graph.updates.length === 0 || trainings++ >= lost) return program
    const run = program.run.bind(program)
    return Object.assign(program, {
      async run(inputs: Parameters<typeof run>[0]) {
        const outputs = await run(inputs)
        return { ...outputs, loss: { ...outputs.loss, data: Float32Array.of(Number.NaN) } }
      },
    })
  }
  return new Proxy(engine, { get: (own, name) => (name === 'compile' ? compile : Reflect.get(own, name)) })
}

test('a proposal that diverges is dropped and the others continue; if all diverge, the error says what helps', async () => {
  const { events, points } = await run(optionsFor({ engine: losing(1) }))
  const [out, ...others] = events.filter((e) => e.kind === 'diverged')
  expect(others).toEqual([])
  expect(out.reason).toMatch(/^train: the loss is NaN at step 1, learning rate/)
  const [first] = events.filter((e) => e.kind === 'step')
  expect(first.candidates.map((c) => c.group)).not.toContain(out.proposal.group.name)
  expect(first.candidates).toHaveLength(out.of - 1)
  expect(points.map((p) => p.step)).toEqual([0, 1, 2])
  expect(await failureOf(() => run(optionsFor({ engine: losing(100) })))).toBe(
    'KingletError: adapt: all 3 proposals of step 1 diverged: use a lower learningRate, or clipNorm: 1',
  )
})

test('a network within the budget is not changed', async () => {
  const { events, points } = await run(optionsFor({ budget: start }))
  expect(events.map((e) => e.kind)).toEqual(['begun'])
  expect(points).toHaveLength(1)
})

test('bad input is refused before anything is trained', async () => {
  const failure = (options: Partial<AdaptOptions>) => failureOf(() => adapt(shallow(), train, optionsFor(options)))
  expect(await failure({ budget: 100 })).toMatch(
    /^KingletError: adapt: a budget of 100 macs cannot be met: mobilenet_v1_shallow has \d+, and \d+ with every group at its smallest \(multiples of 1, 1 or more\): raise the budget$/,
  )
  expect(await failure({ budget: 1, resource: { name: 'ms', value: () => Number.POSITIVE_INFINITY } })).toBe(
    'KingletError: adapt: mobilenet_v1_shallow has no value for ms: measure its layers, or use another resource',
  )
  expect(await failure({ budget: 0.5 * start, pace: { name: 'decay', delta: 0.02, decay: 0.9 } })).toMatch(
    /^KingletError: adapt: a budget of [\d.]+ macs is [\d.]+ below the \d+ of mobilenet_v1_shallow, the pace cuts [\d.]+ at most: use pace fixed, or a larger delta or decay$/,
  )
  expect(await failure({ proposals: 'v3' })).toBe(
    'KingletError: adapt: mobilenet_v1_shallow has no group that proposals v3 can shrink: use proposals filters',
  )
  expect(await failure({ steps: -1 })).toBe('UsageError: adapt: steps is -1: it must be a whole number, 0 or more')
  expect(await failure({ holdout: 0 })).toBe('UsageError: adapt: holdout is 0: it must be a number between 0 and 1')
  expect(await failure({ training: { batch: 0 } })).toBe('UsageError: train: batch is 0: it must be a positive integer')
  expect(await failure({ resource: macs.value as never })).toContain('it must be { name, value(model) }')
  const two = shallow({ classes: 2 })
  expect(await failureOf(() => adapt(two, train, optionsFor()))).toBe(
    'KingletError: adapt: the network has 2 classes, the data has 3: build it with classes: 3',
  )
})

const stateOf = (folder: string) => ({
  files: readdirSync(folder).sort(),
  trying: readdirSync(join(folder, 'trying')),
  curve: readCurve(folder),
  weights: readdirSync(folder)
    .filter((name) => name.startsWith('step-'))
    .map((name) => readModelFile(readFileSync(join(folder, name))).weights),
})

test('a run in a folder writes a model file for each step, and the curve', () => {
  const { points, model } = ran
  expect(readdirSync(whole).sort()).toEqual([
    'curve.json',
    'step-000.safetensors',
    'step-001.safetensors',
    'step-002.safetensors',
    'trying',
  ])
  expect(readCurve(whole)!.points).toEqual(points)
  const { architecture, weights, provenance } = readModelFile(readFileSync(join(whole, 'step-002.safetensors')))
  expect(restore(architecture!, weights, 'step 2').weights).toEqual(model.weights)
  expect(provenance).toMatchObject({ images: 48, evaluatedOn: 12, accuracy: points[2].accuracy })
})

test('a run interrupted at any event resumes bit-identically, with any number of threads', async () => {
  const net = shallow()
  const before = new Map([...net.weights].map(([name, t]) => [name, t.data.slice()]))
  const broken = newFolder()
  const engine = wasmEngine({ threads: 2 })
  for (const at of [0, 1, 6, 9]) {
    let events = 0
    const store = openAdaptation(broken, { checkpointSeconds: 0 })
    await run(optionsFor({ store, engine }), () => events++ >= at, net)
  }
  await run(optionsFor({ store: openAdaptation(broken), engine }), undefined, net)
  expect(stateOf(broken)).toEqual(stateOf(whole))
  // The given network has not changed.
  for (const [name, t] of net.weights) expect(t.data).toEqual(before.get(name))

  // The run is complete: nothing is tried again.
  const again = await run(optionsFor({ store: openAdaptation(whole) }))
  expect(again.events.map((e) => e.kind)).toEqual(['begun'])
  expect(again.points).toEqual(ran.points)
})

test('the folder of another run is refused with both values, and is not changed', async () => {
  const folder = newFolder()
  await run(optionsFor({ store: openAdaptation(folder), steps: 0 }))
  const before = stateOf(folder)
  const failure = (options: Partial<AdaptOptions>, net?: Model) =>
    failureOf(() => run(optionsFor({ steps: 0, ...options, store: openAdaptation(folder) }), undefined, net))
  const begun = `KingletError: ${join(folder, 'curve.json')}: its run was started with`
  const end = 'use the original value, or start a new run'
  expect(await failure({ budget: 0.9 * start })).toBe(
    `${begun} budget ${0.85 * start}, now it is ${0.9 * start}: ${end}`,
  )
  expect(await failure({ steps: 3 })).toBe(`${begun} steps 0, now it is 3: ${end}`)
  expect(await failure({ selection: 'ratio' })).toBe(`${begun} selection accuracy, now it is ratio: ${end}`)
  const other = shallow({ seed: 5 })
  expect(await failure({}, other)).toContain(`${begun} seed 0, now it is 5`)
  expect(stateOf(folder)).toEqual(before)

  writeFileSync(join(folder, 'curve.json'), '{"kinglet')
  expect(await failure({})).toBe(
    `KingletError: ${join(folder, 'curve.json')}: it is not JSON: the file is damaged, start a new run`,
  )
  await run(optionsFor({ steps: 0, seed: 2, store: openAdaptation(folder, { force: true }) }))
  expect(readCurve(folder)!.run.options.training.seed).toBe(2)
})

test('the signal ends the run after the current step of training', async () => {
  const controller = new AbortController()
  const folder = newFolder()
  const options = optionsFor({ store: openAdaptation(folder), signal: controller.signal, steps: 5 })
  const failed = await failureOf(() =>
    run(options, (event) => {
      if (event.kind === 'trying' && event.at === 2) controller.abort(new Error('enough'))
      return false
    }),
  )
  expect(failed).toBe('Error: enough')
  // The first proposal is stored.
  expect(readdirSync(join(folder, 'trying')).filter((name) => name.endsWith('.json'))).toHaveLength(1)
})
