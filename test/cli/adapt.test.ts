import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { latencyOf, planOf, readTable, resourceOf, unitsOf } from '../../src/latency/index.ts'
import { build, restore, withRows } from '../../src/models/index.ts'
import { curvePage } from '../../src/report/curve.ts'
import { folderOf } from '../data/make.ts'
import { ensureBuilt } from '../support/built.ts'
import { fakeIo } from './fake-io.ts'
import { drawingNames, kinglet, pictures, tableFile, tinyModel, tinyNetwork } from './make.ts'

/** A step proposes every layer, and trains each proposal: four blocks are enough. */
const tiny = tinyNetwork(3)
const network = withRows(
  tiny,
  tiny.rows.filter(({ name }) => !/^blocks\.[2347]$/.test(name)),
)
const parameters = resourceOf(network, 'parameters')

let photos: string
let model: string
beforeAll(async () => {
  // Loader threads run the built files.
  ensureBuilt()
  photos = folderOf(await pictures(8))
  model = join(folderOf({ 'm.safetensors': tinyModel(drawingNames, network) }), 'm.safetensors')
}, 120_000)

const newFolder = () => join(folderOf({}), 'adapted')
const quick = ['--threads', '1', '--delta', '0.2', '--steps', '1', '--epochs', '1', '--batch', '4', '--holdout', '0.25']
test('adapts a model file to a budget, and writes the curve and a report', async () => {
  const before = readModelFile(readFileSync(model))
  const out = newFolder()
  const args = ['adapt', model, '--data', photos, '--budget', `parameters=${Math.round(0.85 * parameters)}`, ...quick]
  const { code, output, errors } = await kinglet(...args, '--out', out)
  expect({ code, errors }).toMatchObject({ code: 0 })
  expect(errors).toMatch(/^step +0 .+ top-1 .+ of those held out {2}as it was$/m)
  expect(errors).toMatch(/^step +1 .+ top-1 .+ of those held out {2}[\w.]+ \d+ to \d+$/m)
  expect(output).toContain(join(out, 'adapted.safetensors'))
  expect(
    readdirSync(out)
      .filter((name) => !name.startsWith('step-'))
      .sort(),
  ).toEqual(['adapted.safetensors', 'curve.html', 'curve.json', 'long', 'trying'])
  const after = readModelFile(readFileSync(join(out, 'adapted.safetensors')))
  const net = restore(after.architecture!, after.weights, 'adapted')
  expect(resourceOf(net, 'parameters')).toBeLessThanOrEqual(0.85 * parameters)
  expect(after.classes).toEqual(before.classes)
  expect(after.provenance.from).toBe(model)
  const page = readFileSync(join(out, 'curve.html'), 'utf8')
  expect(page).toContain('What each layer kept')
  expect(page).not.toMatch(/NaN|undefined|Infinity/)

  // The same command has nothing left to do; another budget needs another run.
  const again = await kinglet(...args, '--out', out, '--json')
  expect(again.code).toBe(0)
  expect(JSON.parse(again.output).points).toHaveLength(readdirSync(out).filter((n) => n.startsWith('step-')).length)
  const other = args.map((a) => (a.startsWith('parameters=') ? 'parameters=1k' : a))
  expect((await kinglet(...other, '--out', out)).errors).toContain('its run was started with budget')
}, 120_000)

test('Ctrl-C saves the run, and the same command completes it', async () => {
  const out = newFolder()
  const args = ['adapt', model, '--data', photos, '--budget', 'macs=1', ...quick, '--steps', '0', '--out', out]
  expect((await kinglet(...args)).errors).toMatch(
    /^error: adapt: a budget of 1 macs cannot be met: .+ raise the budget$/m,
  )
  const io = fakeIo({ isTTY: true, columns: 100 })
  const stderr = {
    ...{ isTTY: true, columns: 100 },
    write(text: string) {
      io.stderr.write(text)
      if (/step +0 /.test(text)) io.interrupt()
    },
  }
  const possible = args.map((a) => (a === 'macs=1' ? `parameters=${Math.round(0.97 * parameters)}` : a))
  expect(await main(possible, { ...io, stderr })).toBe(130)
  expect(io.errors).toContain(`Interrupted. Run the same command again to resume ${out}.\n`)
  expect((await kinglet(...possible)).code).toBe(0)
}, 120_000)

test('each mistake gives one sentence', async () => {
  const failure = async (...args: string[]) => {
    const { code, errors } = await kinglet('adapt', model, '--data', photos, ...args)
    return { code, errors: errors.trim().split('\n').at(-1) }
  }
  expect(await failure('--budget', 'latency=2ms')).toEqual({
    code: 2,
    errors: 'error: latency needs a table of the device: give one with --table, which kinglet measure writes',
  })
  expect(await failure('--budget', 'macs=5M', '--table', 't.json')).toMatchObject({
    code: 2,
    errors: 'error: --table: t.json is a latency table, but the budget is of macs: leave it out, or give latency=',
  })
  expect(await failure('--budget', 'macs=5M', '--decay', '0.9')).toMatchObject({
    code: 2,
    errors: 'error: --decay: pace fixed has no decay: leave --decay out, or give --pace decay',
  })
  expect(await failure('--budget', 'macs=100M', '--out', newFolder())).toMatchObject({
    code: 1,
    errors: expect.stringMatching(
      /^error: \S+m\.safetensors: it has [\d.]+ k, which meets the budget of multiply-adds of at most 100\.0 M: give a smaller budget, or train it further with kinglet train --from$/,
    ),
  })
  expect(await failure('--budget', 'macs=1M', '--out', photos)).toMatchObject({
    code: 1,
    errors: expect.stringMatching(/it has other files \(across, down, plain\): choose another folder with --out$/),
  })
  expect(await failure('--budget', 'mac=5M')).toMatchObject({
    code: 2,
    errors: expect.stringContaining('budget mac=5M: no resource mac (did you mean macs?)'),
  })
})

test('a latency budget needs a table with smaller counts; another table is refused before any training', async () => {
  const { architecture, weights } = readModelFile(readFileSync(model))
  const net = restore(architecture!, weights, model)
  const units = unitsOf(net)
  const run = (file: string, most: number) =>
    kinglet(
      'adapt',
      model,
      '--data',
      photos,
      '--budget',
      `latency=${most}ms`,
      '--table',
      file,
      ...quick,
      '--out',
      newFolder(),
    )
  const file = tableFile(planOf(units, { downTo: 0.1 }))
  const start = latencyOf(readTable(readFileSync(file, 'utf8'), file), net)
  const { code, errors } = await run(file, 0.9 * start)
  expect(errors).toMatch(/^step +1 {2}[\d.]+ ms {2}top-1 .+ \d+ to \d+$/m)
  expect(code).toBe(0)

  expect((await run(tableFile(planOf(units)), 0.9 * start)).errors).toMatch(
    /^error: adapt: a budget of .* cannot be met: .* at its smallest that has a value .*: raise the budget, or measure smaller counts too \(kinglet measure --down-to\)$/m,
  )
  const other = tableFile(planOf(unitsOf(build('mobilenet_v3_small', { size: 32, classes: 3 }))))
  expect((await run(other, start)).errors).toMatch(
    /^error: \S+phone\.json: it has no time for conv 16x16 .+: measure this network into it with kinglet measure, on the same device$/m,
  )
  expect((await run(tableFile(planOf(units), '0.0.9'), start)).errors).toMatch(
    /phone\.json: a latency table measured with Kinglet 0\.0\.9, and this is Kinglet .*: measure the device again/,
  )
}, 120_000)

test('values in the page are escaped', () => {
  const hostile = '<script>"&'
  const page = curvePage({
    ...{ title: hostile, subtitle: hostile, figures: [[hostile, hostile]] },
    resource: { name: hostile, show: (value) => `${value}${hostile}` },
    steps: [{ step: 0, what: hostile, resource: 5, macs: 5, parameters: 5, accuracy: 0.5 }],
    groups: [{ name: hostile, before: 8, after: 4 }],
    provenance: [[hostile, hostile]],
  })
  expect(page).not.toContain('<script>')
})
