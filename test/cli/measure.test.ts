import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { version } from '../../src/core/version.ts'
import type { PagePlan } from '../../src/door/measure-page.ts'
import { drawNetworks, planOfSpace } from '../../src/door/plans/measurement.ts'
import { entryOf, lackingIn, latencyOf, planOf, readTable, unitsOf, writeTable } from '../../src/latency/index.ts'
import { build } from '../../src/models/index.ts'
import { defineSpace, type Point } from '../../src/search/space/space.ts'
import { folderOf } from '../data/make.ts'
import { fakeIo } from './fake-io.ts'
import { kinglet } from './make.ts'

const network = 'mobilenet_v1_shallow:width=0.1,size=16,reduction=4,classes=3'
const model = build('mobilenet_v1_shallow', { width: 0.1, size: 16, reduction: 4, classes: 3 })
const layers = planOf(unitsOf(model)).length
const quick = ['--threads', '1', '--rounds', '1', '--runs', '1']
const fresh = () => join(folderOf({}), 'table.json')

test('measure writes a table and prints the error of its sums; a second run measures nothing', async () => {
  const out = fresh()
  const first = await kinglet('measure', network, ...quick, '--out', out)
  expect(first.errors).not.toContain('error')
  expect(first.code).toBe(0)
  expect(first.output).toMatch(new RegExp(`table\\.json: ${layers} layers; .*; wasm on V8 .*; Kinglet .*; 1 thread\n`))
  expect(first.output).toMatch(/^network +sum ms +whole ms +quartiles +error$/m)
  expect(first.output).toMatch(/^error of the sum: [\d.]+ % at the median, [\d.]+ % at worst$/m)
  const table = readTable(readFileSync(out, 'utf8'), out)
  expect(table.threads).toBe(1)
  expect(latencyOf(table, model)).toBeGreaterThan(0)

  const again = await kinglet('measure', network, ...quick, '--out', out, '--json')
  expect(again.errors).toBe(`${out}: ${layers} of ${layers} layers are already measured\n`)
  const found = JSON.parse(again.output)
  expect(found).toMatchObject({ out, threads: 1, layers, networks: [{ name: 'mobilenet_v1_shallow' }] })
  expect(found.networks[0].sumMs).toBeCloseTo(latencyOf(table, model), 9)
  expect(found.agreement.worstError).toBeCloseTo(Math.abs(found.networks[0].error), 9)
})

test('--space accepts the spaces of search, including a file', async () => {
  const narrow = { kind: 'categorical', values: [0.1] }
  const choices = { width: narrow, 'layer1.kernel': { kind: 'categorical', values: [3, 5] } }
  const space = folderOf({ 'small.json': JSON.stringify({ name: 'small', network: 'v1', choices }) })
  const args = ['--space', join(space, 'small.json'), '--size', '16', '--classes', '2', ...quick, '--check', '3']
  const { code, output } = await kinglet('measure', ...args, '--out', fresh())
  expect(code).toBe(0)
  expect(output.match(/^small \d /gm)).toHaveLength(3)
  const training = await kinglet('measure', '--space', 'training', ...quick, '--out', fresh())
  expect([training.code, training.errors]).toEqual([
    2,
    expect.stringMatching(/it has no networks: join it with a space/),
  ])
})

test('another network extends the same table, whose entries stay', async () => {
  const out = fresh()
  await kinglet('measure', network, ...quick, '--out', out, '--check', '0')
  const { entries } = readTable(readFileSync(out, 'utf8'), out)
  const other = network.replace('0.1', '0.15')
  const { code, output } = await kinglet('measure', other, ...quick, '--out', out, '--check', '0')
  expect(code).toBe(0)
  expect(output).not.toContain('error of the sum')
  const after = readTable(readFileSync(out, 'utf8'), out)
  expect(after.entries.slice(0, entries.length)).toEqual(entries)
  expect(after.entries.length).toBeGreaterThan(entries.length)
  expect(
    lackingIn(after, unitsOf(build('mobilenet_v1_shallow', { width: 0.15, size: 16, reduction: 4, classes: 3 }))),
  ).toEqual([])
})

test('Ctrl-C saves the measured layers, and the same command resumes', async () => {
  const out = fresh()
  const io = fakeIo()
  const running = main(['measure', network, ...quick, '--out', out], io)
  while (!existsSync(out)) await new Promise((resolve) => setTimeout(resolve, 5))
  io.interrupt()
  expect(await running).toBe(130)
  const { entries } = readTable(readFileSync(out, 'utf8'), out)
  expect(entries.length).toBeGreaterThan(0)
  expect(entries.length).toBeLessThan(layers)
  expect(io.errors).toContain('Stopping: measured layers are saved.')
  expect(io.errors).toContain(
    `Interrupted: ${out} has ${entries.length} new layers; run the same command again to resume.`,
  )
  const { code, errors } = await kinglet('measure', network, ...quick, '--out', out, '--check', '0')
  expect(code).toBe(0)
  expect(errors).toContain(`${out}: ${entries.length} of ${layers} layers are already measured\n`)
  const whole = readTable(readFileSync(out, 'utf8'), out)
  expect(whole.entries.slice(0, entries.length)).toEqual(entries)
  expect(whole.entries).toHaveLength(layers)
})

test('a table of another device or setting is refused and left unchanged', async () => {
  const out = fresh()
  const ms = { lower: 1, median: 1, upper: 1 }
  const text = writeTable({
    device: { name: 'Pixel 8', system: 'Android 14', cores: 9 },
    ...{ engine: 'wasm on Chrome 130', kinglet: version, threads: 1, created: '2026-11-26', referenceMs: 1 },
    entries: unitsOf(model).map((unit) => entryOf(unit, ms)),
  })
  writeFileSync(out, text)
  const { code, errors } = await kinglet('measure', network, ...quick, '--out', out)
  expect(code).toBe(1)
  expect(errors).toMatch(
    /^error: .*table\.json: a latency table measured with wasm on Chrome 130, and this is wasm on V8 .*: name another file with --out\n$/,
  )
  expect(readFileSync(out, 'utf8')).toBe(text)
  writeFileSync(out, text.slice(0, -10))
  expect((await kinglet('measure', network, ...quick, '--out', out)).errors).toBe(
    `error: ${out}: it is not JSON: the file is damaged, or not a latency table\n`,
  )
})

test('a mistake gives one sentence, and nothing is written', async () => {
  expect(await kinglet('measure')).toMatchObject({
    code: 2,
    errors: 'error: measure: no network is given: name networks of "kinglet models" or model files, or use --space\n',
  })
  expect(await kinglet('measure', network, '--space', 'v3-small')).toMatchObject({
    code: 2,
    errors: `error: --space v3-small: it replaces network arguments, but ${network} is given too: leave one out\n`,
  })
  expect(await kinglet('measure', '--space', 'v3-small', '--width', '0.5')).toMatchObject({
    code: 2,
    errors: 'error: --width: space v3-small defines the widths: leave --width out\n',
  })
  expect((await kinglet('measure', '--space', 'v3-smal')).errors).toContain('(did you mean v3-small?)')
  const none = join(folderOf({}), 'none/table.json')
  const { code, errors } = await kinglet('measure', network, ...quick, '--out', none, '--check', '0')
  expect(code).toBe(1)
  expect(errors).toContain('its folder does not exist: make it, or choose another')
})

const widths = defineSpace('widths', {
  width: { kind: 'categorical', values: [0.1, 0.15, 0.2, 0.25, 0.35], ordered: true },
  size: { kind: 'categorical', values: [16, 24], ordered: true },
})
const networkOf = ({ width, size }: Point) =>
  build('mobilenet_v1_shallow', { width: Number(width), size: Number(size), reduction: 4, classes: 3 })

test('the plan of a space covers every layer of its networks, and is reproducible', () => {
  const plan = planOfSpace(widths, networkOf, 0)
  expect(planOfSpace(widths, networkOf, 0)).toEqual(plan)
  const ms = { lower: 1, median: 1, upper: 1 }
  const table = readTable(
    writeTable({
      device: { name: 'Pixel 8', system: 'Android 14', cores: 9 },
      ...{ engine: 'wasm', kinglet: version, threads: 1, created: '2026-11-26', referenceMs: 1 },
      entries: plan.map((unit) => entryOf(unit, ms)),
    }),
    't',
  )
  const drawn = drawNetworks(widths, networkOf, 10, 0)
  expect(drawn.map(({ name }) => name)[9]).toBe('widths 10')
  for (const { model } of drawn) expect(lackingIn(table, unitsOf(model))).toEqual([])
})

test('--browser prints an address and its QR code, and writes the received table, named after its device', async () => {
  const folder = folderOf({})
  const out = join(folder, 'phone.json')
  const io = fakeIo()
  const running = main(['measure', network, '--browser', '--out', out], io)
  while (!io.errors.includes('Waiting')) await new Promise((resolve) => setTimeout(resolve, 5))
  const [address] = /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//.exec(io.errors)!
  expect(io.errors).toContain(`Open this page on the device (${layers} layers)`)
  expect(io.errors).toMatch(/[█▀▄]{5}/)
  const plan = (await (await fetch(`${address}plan.json`)).json()) as PagePlan
  const ms = { lower: 1, median: 1, upper: 1 }
  const table = {
    device: { name: 'Pixel 8', system: 'Android 14', cores: 9 },
    ...{ engine: 'wasm on Chrome 130', kinglet: version, threads: 1, created: '2026-11-26', referenceMs: 1 },
    entries: plan.units.map((unit) => entryOf(unit, ms)),
  }
  expect(plan.networks).toHaveLength(1)
  const wholes = [{ lower: 20, median: 25, upper: 30 }]
  const body = JSON.stringify({ table, wholes })
  const headers = { 'Content-Type': 'application/json' }
  expect((await fetch(`${address}answer`, { method: 'POST', headers, body })).status).toBe(200)
  expect(await running).toBe(0)
  const [head, , , , row, , error] = io.output.split('\n')
  expect(head).toBe(
    `${out}: ${layers} layers; Pixel 8, Android 14, 9 cores; wasm on Chrome 130; Kinglet ${version}; 1 thread`,
  )
  expect(row).toMatch(/^mobilenet\S.* \d+\.\d+ +25\.0 +20\.0 - 30\.0 +[+-]\d+\.\d %$/)
  expect(error).toMatch(/^error of the sum: /)
  expect(readTable(readFileSync(out, 'utf8'), out).device.name).toBe('Pixel 8')
  expect(readdirSync(folder)).toEqual(['phone.json'])
})

test('--browser stops on Ctrl-C', async () => {
  const io = fakeIo()
  const running = main(['measure', network, '--browser', '--out', fresh()], io)
  while (!io.errors.includes('Waiting')) await new Promise((resolve) => setTimeout(resolve, 5))
  io.interrupt()
  expect(await running).toBe(130)
  expect(io.errors).toContain('Interrupted: no table was received.')
})
