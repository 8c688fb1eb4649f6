/** `kinglet search` on pictures drawn here and a space so small that each network trains in a moment. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { readModelFile } from '../../src/formats/index.ts'
import { folderOf } from '../data/make.ts'
import { ensureBuilt } from '../support/built.ts'
import { fakeIo } from './fake-io.ts'
import { kinglet, pictures, smallSpace } from './make.ts'

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
  test('tries networks, keeps the best as model files, and reports; more trials go on with it', async () => {
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
    expect(errors).toContain('going on with a study of 3 trials')
    expect(code).toBe(0)
    const found = JSON.parse(output)
    expect(found.trials).toBe(5)
    for (const { model, values, violations } of found.front) {
      const { architecture, classes, preprocessing } = readModelFile(readFileSync(model))
      expect(architecture.options.rows).not.toBe('table')
      expect(classes).toEqual(['across', 'down'])
      expect([8, 16]).toContain(preprocessing.size[0])
      expect(values[1]).toBeGreaterThan(1000)
      expect(violations[0]).toBeLessThanOrEqual(0)
    }
    const page = readFileSync(join(out, 'report.html'), 'utf8')
    for (const part of ['The front', 'What mattered', 'layer1.kernel', 'best so far']) expect(page).toContain(part)
    expect(page).not.toMatch(/NaN|undefined|https?:/)
    for (const { model } of found.front) expect(page).toContain(`href="best/${model.split('/').at(-1)}"`)
  }, 120_000)

  test('Ctrl-C ends it, and the same command ends where an undisturbed one does', async () => {
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
    expect(io.errors).toContain(`Interrupted. The same command goes on with ${out}.`)
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
    ['a space without networks', () => ['--space', 'training'], /it has no networks: join it with one that has/],
    ['an unknown space', () => ['--space', 'v3-smal'], /no space v3-smal \(did you mean v3-small\?\)/],
    ['a latency without a table', () => ['--budget', 'latency=2ms'], /needs a table of the device/],
    ['an unknown resource', () => ['--minimize', 'flops'], /no resource flops/],
    ['exponents above 0', () => ['--target', 'macs=1M', '--exponents', '1'], /one number or two, 0 or below/],
    ['nothing to judge by', () => ['--validation', '0'], /no images are left to judge networks by/],
  ]
  test.each(refused)('%s', async (_, args, says) => {
    const out = fresh()
    const { code, errors } = await kinglet(...small(), ...args(), '--out', out)
    expect(errors).toMatch(says)
    expect(errors).not.toMatch(/^ {4}at |defect/m)
    expect(code).toBeGreaterThan(0)
    expect(existsSync(out)).toBe(false)
  })

  test('a folder with a study of another space', async () => {
    const out = fresh()
    await kinglet(...small(), '--trials', '1', '--out', out)
    const { code, errors } = await kinglet(...small(), '--space', 'v1', '--trials', '1', '--out', out)
    expect(errors).toMatch(/it holds another study .*: its space\..* is .*, now it is .*choose another place/)
    expect(code).toBe(1)
  }, 60_000)
})
