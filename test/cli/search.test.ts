/** `kinglet search` on generated images and a space of networks that train quickly. */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { planOfSpace } from '../../src/door/plans/measurement.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { resourceOf } from '../../src/latency/index.ts'
import { networkOf, type Point, readSpace } from '../../src/search/index.ts'
import { folderOf } from '../data/make.ts'
import { ensureBuilt } from '../support/built.ts'
import { fakeIo } from './fake-io.ts'
import { kinglet, pictures, smallSpace, snapshot, tableFile } from './make.ts'

let photos: string
let space: string
beforeAll(async () => {
  await ensureBuilt()
  photos = folderOf(await pictures(10, ['across', 'down']))
  space = smallSpace()
}, 60_000)

const small = () => ['search', '--data', photos, '--space', space, '--epochs', '1', '--size', '16', '--threads', '1']
const fresh = () => join(folderOf({}), 'study')

describe('search', () => {
  test('runs trials, saves the best model files and a report; more trials extend the study', async () => {
    const out = fresh()
    const args = [
      ...small(),
      '--algorithm',
      'random',
      '--minimize',
      'macs',
      '--budget',
      'parameters=200k',
      '--out',
      out,
    ]
    const first = await kinglet(...args, '--trials', '3')
    expect(first.errors).toMatch(/^space small: 8 points; 18 images of 2 classes, 2 held out$/m)
    expect(first.errors.match(/^trial \d {2}accuracy .* {2}macs .*\(\d\/3 done, best \d: .*\)$/gm)?.length).toBe(3)
    expect(first.errors).toMatch(/^front {2}\d: \d+\.\d\d %, [\d.]+ k( {2}\d: |$)/m)
    expect(first.code).toBe(0)

    const { code, output, errors } = await kinglet(...args, '--trials', '5', '--json')
    expect(errors).toContain('resuming a study with 3 trials')
    expect(code).toBe(0)
    const found = JSON.parse(output)
    expect(found.trials).toBe(5)
    for (const { model, values, violations } of found.front) {
      const { architecture, classes, preprocessing } = readModelFile(readFileSync(model))
      expect(architecture!.options.rows).not.toBe('table')
      expect(classes).toEqual(['across', 'down'])
      expect([8, 16]).toContain(preprocessing!.size[0])
      expect(values[1]).toBeGreaterThan(1000)
      expect(violations[0]).toBeLessThanOrEqual(0)
    }
    const page = readFileSync(join(out, 'report.html'), 'utf8')
    for (const part of ['The front', 'What mattered', 'layer1.kernel', 'best so far']) expect(page).toContain(part)
    expect(page).not.toMatch(/NaN|undefined|https?:/)
    for (const { model } of found.front) expect(page).toContain(`href="best/${model.split('/').at(-1)}"`)
  }, 120_000)

  test('Ctrl-C stops it, and the same command gives the result of an uninterrupted search', async () => {
    const [out, undisturbed] = [fresh(), fresh()]
    const args = [...small(), '--trials', '4', '--algorithm', 'tpe', '--json', '--out']
    const io = fakeIo()
    const stderr = {
      ...io.stderr,
      write(text: string) {
        io.stderr.write(text)
        if (/^trial 1 /m.test(text)) io.interrupt()
      },
    }
    expect(await main([...args, out], { ...io, stderr })).toBe(130)
    expect(io.errors).toContain(`Interrupted. Run the same command again to resume ${out}.`)
    expect(existsSync(join(out, 'report.html'))).toBe(false)
    const [ended, whole] = [await kinglet(...args, out), await kinglet(...args, undisturbed)]
    const values = ({ output }: { output: string }) =>
      JSON.parse(output).front.map((t: { number: number; point: object; values: number[] }) => [
        t.number,
        t.point,
        t.values,
      ])
    expect(values(ended)).toEqual(values(whole))
  }, 120_000)

  test('a latency budget with a table of the space, and another budget; layers without an entry are refused', async () => {
    const out = fresh()
    const of = readSpace(readFileSync(space, 'utf8'), space)
    const build = (classes: number) => (point: Point) => networkOf(of, point, { classes, size: 16 })
    const table = tableFile(planOfSpace(of, build(2), 0))
    const budgets = ['--budget', 'latency=1s', '--budget', 'parameters=90k,macs=2M']
    const { code, errors, output } = await kinglet(
      ...[...small(), ...budgets, '--table', table, '--trials', '6', '--algorithm', 'random', '--json', '--out', out],
    )
    expect(errors).toMatch(/above a budget/)
    expect(code).toBe(0)
    expect(JSON.parse(output).front[0].violations).toHaveLength(3)
    // Columns are named after the budgets, in any order on the command line.
    const [head, ...rows] = (await kinglet('study', 'export', out)).output
      .trim()
      .split('\n')
      .map((l) => l.split(','))
    const at = (row: string[], name: string) => Number(row[head.indexOf(name)])
    for (const row of rows) {
      const net = build(2)(
        Object.fromEntries(['resolution', 'width', 'layer1.kernel'].map((c) => [c, at(row, `point.${c}`)])),
      )
      expect(at(row, 'violation.macs')).toBe(resourceOf(net, 'macs') - 2e6)
      expect(at(row, 'violation.parameters')).toBe(resourceOf(net, 'parameters') - 90e3)
      expect(at(row, 'violation.latencyMs')).toBeLessThan(0)
    }

    const other = tableFile(planOfSpace(of, build(7), 0))
    const lacking = await kinglet(...small(), '--budget', 'latency=1s', '--table', other, '--out', fresh())
    expect([lacking.code, lacking.errors]).toEqual([
      1,
      expect.stringMatching(/phone\.json: it has no time for linear, .* 2 channels.*: measure this network into it/),
    ])
  }, 120_000)

  test('--folds saves the models of all folds', async () => {
    const out = fresh()
    const args = [...small(), '--folds', '2', '--pruner', 'asha', '--algorithm', 'random', '--out', out]
    const { code, output } = await kinglet(...args, '--trials', '2')
    expect(code).toBe(0)
    const [, number] = /^trial (\d) .*best\/trial-\d-fold-0\.safetensors$/m.exec(output)!
    const files = readdirSync(join(out, 'best'))
    expect(files.filter((name) => name.startsWith(`trial-${number}-`))).toEqual(
      [0, 1].map((fold) => `trial-${number}-fold-${fold}.safetensors`),
    )
  }, 120_000)

  test('best/ drops trials that have left the front, and damage of the journal gives a warning', async () => {
    const out = fresh()
    const args = [...small(), '--minimize', 'parameters', '--algorithm', 'random', '--out', out]
    expect((await kinglet(...args, '--trials', '1')).code).toBe(0)
    writeFileSync(join(out, 'best', 'trial-99.safetensors'), 'of an earlier front')
    appendFileSync(join(out, 'journal.jsonl'), '{"torn')
    const { errors, code, output } = await kinglet(...args, '--trials', '2', '--json')
    expect(errors).toMatch(/^warning: .*journal\.jsonl: line \d+: .*: the line is ignored$/m)
    expect(code).toBe(0)
    const front = JSON.parse(output).front.map((t: { number: number }) => `trial-${t.number}.safetensors`)
    expect(readdirSync(join(out, 'best')).sort()).toEqual(front.sort())
  }, 120_000)

  test('no trial within the budgets is an error, also with --json, and the report says so', async () => {
    const out = fresh()
    // Half of the space is above the budget, including the trial of this seed.
    const args = [...small(), '--budget', 'parameters=40k', '--trials', '1', '--algorithm', 'random', '--json']
    for (let seed = 0; ; seed++) {
      const { code, output, errors } = await kinglet(...args, '--seed', String(seed), '--out', `${out}-${seed}`)
      const { front, report } = JSON.parse(output)
      expect(existsSync(report)).toBe(true)
      expect(code).toBe(front.length > 0 ? 0 : 1)
      if (front.length > 0) continue
      expect(errors).toMatch(/none of 1 trials completed within the budgets: run more trials or loosen the budgets/)
      break
    }
  }, 120_000)

  test("MnasNet's reward and a pruner", async () => {
    const out = fresh()
    const { code, errors, output } = await kinglet(
      ...[...small(), '--epochs', '2', '--trials', '3', '--algorithm', 'reinforce', '--target', 'macs=300k'],
      ...['--exponents', '0,-1', '--pruner', 'asha', '--out', out],
    )
    expect(errors).not.toContain('failed')
    expect(code).toBe(0)
    expect(output).toMatch(/^trial \d {2}accuracy \d+\.\d\d % {2}macs .* {2}.*best\/trial-\d\.safetensors$/m)
  }, 120_000)
})

describe('search refuses', () => {
  const refused: readonly (readonly [what: string, args: () => string[], says: RegExp])[] = [
    ['a budget that no network meets', () => ['--budget', 'parameters=10'], /smallest there is has \d[\d.]* k/],
    ['a space without networks', () => ['--space', 'training'], /it has no networks: join it with a space that has/],
    ['an unknown space', () => ['--space', 'v3-smal'], /no space v3-smal \(did you mean v3-small\?\)/],
    [
      'a latency without a table',
      () => ['--minimize', 'latency'],
      /latency needs a table of the device: give one with/,
    ],
    [
      'more trials than a grid has',
      () => ['--algorithm', 'grid'],
      /grid: space small has 8 points, and this is trial 100/,
    ],
    ['a file that is not there', () => ['--space', 'smal.json'], /--space smal\.json: there is no such file/],
    ['a table for nothing', () => ['--table', 'phone.json'], /--table: phone\.json .* the search does not use latency/],
    ['an unknown resource', () => ['--minimize', 'flops'], /no resource flops/],
    ['exponents above 0', () => ['--target', 'macs=1M', '--exponents', '1'], /one number or two, 0 or below/],
    ['nothing to judge by', () => ['--validation', '0'], /no images are left to evaluate networks on/],
  ]
  test.each(refused)('%s', async (_, args, says) => {
    const out = fresh()
    const { code, errors } = await kinglet(...small(), ...args(), '--out', out)
    expect(errors).toMatch(says)
    expect(errors).not.toMatch(/^ {4}at |defect/m)
    expect(code).toBeGreaterThan(0)
    expect(existsSync(out)).toBe(false)
  })

  test('a folder with other files, which stays unchanged', async () => {
    const before = snapshot(photos)
    const { code, errors } = await kinglet(...small(), '--trials', '1', '--out', photos)
    expect([code, errors]).toEqual([
      1,
      `error: ${photos}: it has other files (across, down): choose another folder with --out\n`,
    ])
    expect(snapshot(photos)).toEqual(before)
  })

  test('a folder with a study of another space', async () => {
    const out = fresh()
    await kinglet(...small(), '--trials', '1', '--out', out)
    const { code, errors } = await kinglet(...small(), '--space', 'v1', '--trials', '1', '--out', out)
    expect(errors).toMatch(/it holds another study .*: its space\..* is .*, now it is .*choose another place/)
    expect(code).toBe(1)
  }, 60_000)
})
