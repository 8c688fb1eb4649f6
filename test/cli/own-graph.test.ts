/** Commands on a model file that carries a graph. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readModelFile } from '../../src/formats/index.ts'
import { toBytes } from '../../src/index.ts'
import { folderOf } from '../data/make.ts'
import { branched } from '../nn/make.ts'
import { drawingNames, kinglet, picture, pictures } from './make.ts'

const own = async (files: Record<string, Uint8Array> = {}) => {
  const folder = folderOf({ 'own.safetensors': toBytes(branched(), { classes: drawingNames }), ...files })
  return { folder, path: join(folder, 'own.safetensors') }
}

test('summary lists its layers by name and counts them', async () => {
  const { path } = await own()
  const { code, output } = await kinglet('summary', path)
  expect(code).toBe(0)
  expect(output).toMatch(/^own graph, 16x16 px\n/)
  expect(output).toMatch(/^layer +input +kind +output +s +parameters +MACs +share$/m)
  expect(output).toMatch(/^wide +16x16x3 +conv 5x5 +8x8x6 +2 +462 +28,800 +\d+\.\d %$/m)
  expect(output).toMatch(/^deep +8x8x10 +depthwise 3x3 +8x8x10 +1 +110 +5,760 +\d+\.\d %$/m)
  const json = JSON.parse((await kinglet('summary', path, '--json')).output)
  expect(json).toMatchObject({ inputShape: [16, 16, 3], rows: [], total: { macs: 28_800 + 768 + 5760 + 30 } })
  expect(json.name).toBeUndefined()
})

test('summary compares it, but has no twin for it', async () => {
  const { path } = await own()
  const { output } = await kinglet('summary', path, '--compare', 'mobilenet_v1:width=0.25')
  expect(output).toMatch(/^A {2}own graph, 16x16 px\nB {2}mobilenet_v1, width 0\.25, 224 px\n/)
  expect(output).toMatch(/^multiply-adds +35,358 /m)
  expect(await kinglet('summary', path, '--compare', 'twin')).toMatchObject({
    code: 2,
    errors: expect.stringContaining(
      `--compare twin: ${path} carries its own graph: name a network that "kinglet models"`,
    ),
  })
})

test('bench times it, and its kernels', async () => {
  const { path } = await own()
  const args = ['bench', path, '--threads', '1', '--rounds', '2', '--warmup', '0', '--json']
  const [timed] = JSON.parse((await kinglet(...args)).output)
  expect(timed.network).toBe('own graph, 16x16 px')
  expect(timed.latencyMs.median).toBeGreaterThan(0)
  const [{ layers }] = JSON.parse((await kinglet(...args, '--layers')).output)
  const named = layers.map(({ layer }: { layer: string }) => layer)
  expect(named).toEqual(expect.arrayContaining(['wide', 'narrow', 'deep', 'head']))
})

test('predict and eval answer with its classes', async () => {
  const { bytes } = await picture('across', 0)
  const { folder, path } = await own({ 'one.jpg': bytes })
  const predicted = JSON.parse(
    (await kinglet('predict', path, join(folder, 'one.jpg'), '--threads', '1', '--json')).output,
  )
  expect(predicted[0].answers.map((a: { label: string }) => a.label).sort()).toEqual([...drawingNames].sort())
  const photos = folderOf(await pictures(4))
  const judged = JSON.parse((await kinglet('eval', path, photos, '--threads', '1', '--json')).output)
  expect(judged).toMatchObject({ count: 12, part: 'all' })
  expect(judged.confusion.flat().reduce((a: number, b: number) => a + b)).toBe(12)
}, 60_000)

test('train --from loads its weights, also for other classes', async () => {
  const { folder, path } = await own()
  const photos = folderOf(await pictures(6, ['across', 'down']))
  const out = join(folder, 'run')
  const args = ['train', photos, '--from', path, '--epochs', '1', '--threads', '1', '--out', out]
  const { code, errors } = await kinglet(...args, '--freeze', 'wide,narrow,deep')
  expect(errors).toMatch(/own\.safetensors: 15 tensors loaded, 2 newly initialised\nown graph, 16x16 px: /)
  expect(code).toBe(0)
  const tuned = readModelFile(readFileSync(join(out, 'model.safetensors')))
  expect(tuned.classes).toEqual(['across', 'down'])
  expect(tuned.architecture).toBeUndefined()
  const first = branched().weights
  for (const [name, t] of tuned.weights)
    if (name.startsWith('head')) expect(t.shape.at(-1)).toBe(2)
    else expect(t).toEqual(first.get(name))
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('deep')
  // With the same classes, all weights are loaded.
  const same = folderOf(await pictures(4))
  const again = await kinglet(
    'train',
    same,
    '--from',
    path,
    '--epochs',
    '1',
    '--threads',
    '1',
    '--out',
    join(folder, 'b'),
  )
  expect(again.errors).toMatch(/own\.safetensors: 17 tensors loaded, 0 newly initialised\n/)
}, 60_000)

test('measure times its layers, and adapt shrinks it within the table', async () => {
  const { folder, path } = await own()
  const table = join(folder, 'here.json')
  const quick = ['--threads', '1', '--rounds', '2', '--runs', '1', '--json']
  const measured = await kinglet('measure', path, '--down-to', '0.3', '--out', table, ...quick)
  expect(measured.errors).not.toContain('Error')
  expect(measured.code).toBe(0)
  const { networks, layers } = JSON.parse(measured.output)
  expect(layers).toBeGreaterThan(5)
  expect(networks[0].name).toBe('own graph, 16x16 px')
  expect(networks[0].sumMs).toBeGreaterThan(0)

  const photos = folderOf(await pictures(6))
  const common = ['adapt', path, '--data', photos, '--steps', '2', '--epochs', '1', '--threads', '1', '--json']
  const byMacs = await kinglet(...common, '--budget', 'macs=25k', '--out', join(folder, 'macs'))
  expect(byMacs.errors).toContain('own graph, 16x16 px: 35.4 k, budget: multiply-adds of at most 25.0 k')
  expect(byMacs.code).toBe(0)
  const { points, model } = JSON.parse(byMacs.output)
  expect(points.at(-1).macs).toBeLessThanOrEqual(25_000)
  const shrunk = readModelFile(readFileSync(model))
  expect(shrunk.graph).toBeDefined()
  expect(shrunk.weights.get('wide.conv.w')!.shape[3]).toBeLessThan(6)
  expect((await kinglet('eval', model, photos, '--threads', '1')).code).toBe(0)
  expect(readFileSync(join(folder, 'macs', 'curve.html'), 'utf8')).toContain('wide.conv.w')

  const latency = await kinglet(...common, '--budget', 'latency=100s', '--table', table, '--out', join(folder, 'ms'))
  expect(latency.errors).toContain('which meets the budget of')
}, 120_000)
