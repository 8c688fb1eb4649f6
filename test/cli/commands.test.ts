import { expect, test } from 'vitest'
import { folderOf } from '../data/make.ts'
import { kinglet, tinyModel } from './make.ts'

test('summary prints the table of the paper with the cost of each row', async () => {
  const { code, output } = await kinglet('summary', 'mobilenet_v3_large')
  expect(code).toBe(0)
  const lines = output.split('\n')
  expect(lines[2]).toMatch(/^layer +input +operator +exp +out +SE +NL +s +parameters +MACs +share$/)
  expect(lines).toContainEqual(
    expect.stringMatching(/^blocks\.3 +56x56x24 +bneck 5x5 +72 +40 +24 +relu +2 +10,\d+ +[\d,]+ +\d+\.\d %$/),
  )
  expect(output).toContain('parameters          5,483,032  (')
  expect(output).toContain('multiply-adds       216,589,760')
})

test('width and size are arguments, and empty columns are left out', async () => {
  const { output } = await kinglet('summary', 'mobilenet_v1', '--width', '0.5', '--size', '160')
  expect(output).toContain('mobilenet_v1, width 0.5, 160 px')
  expect(output).toContain('160x160x3')
  expect(output).not.toMatch(/ SE | exp /)
})

test('summary --json has exact integers, rows and layers', async () => {
  const found = JSON.parse((await kinglet('summary', 'mobilenet_v1', '--json')).output)
  expect(found.total).toMatchObject({ parameters: 4_231_976, macs: 568_740_352 })
  expect(found.rows).toHaveLength(16)
  const sum = (rows: { macs: number }[]) => rows.reduce((n, r) => n + r.macs, 0)
  expect(sum(found.rows)).toBe(568_740_352)
  expect(sum(found.layers)).toBe(568_740_352)
  expect(found.options.width).toBe(1)
})

test('--compare twin: the total ratio, and 1/N + 1/K^2 for each pair of layers', async () => {
  for (const other of ['twin', 'mobilenet_v1_standard']) {
    const { networks, ratio, separable } = JSON.parse(
      (await kinglet('summary', 'mobilenet_v1', '--compare', other, '--json')).output,
    )
    expect(networks[1].total.macs).toBe(4_867_293_184)
    expect(ratio.macs).toBeCloseTo(8.558, 3)
    expect(separable).toHaveLength(13)
    for (const { ratio, formula, N, K } of separable) {
      expect(ratio).toBeCloseTo(formula, 12)
      expect(formula).toBe(1 / N + 1 / K ** 2)
    }
  }
  const { output } = await kinglet('summary', 'mobilenet_v1', '--compare', 'twin')
  expect(output).toMatch(/^multiply-adds +568,740,352 +4,867,293,184 +8\.56 x$/m)
  expect(output).toMatch(/^blocks\.12 +1,024 +3 +51,831,808 +462,422,016 +0\.1121 +0\.1121$/m)
})

test('two networks of different tables are compared in total and by kind of layer', async () => {
  const { output } = await kinglet(
    'summary',
    'mobilenet_v2',
    '--compare',
    'mobilenet_v3_small:width=0.75',
    '--size',
    '96',
  )
  expect(output).toContain('A  mobilenet_v2, 96 px\nB  mobilenet_v3_small, width 0.75, 96 px\n')
  expect(output).not.toContain('MACs of layer')
  expect(output).not.toContain('1/N')
})

test('a model file is a network argument, and refuses network options', async () => {
  const folder = folderOf({ 'm.safetensors': tinyModel() })
  const path = `${folder}/m.safetensors`
  expect((await kinglet('summary', path)).output).toContain(
    'mobilenet_v1_shallow, width 0.1, classes 3, reduction 4, 16 px',
  )
  expect(await kinglet('summary', path, '--width', '0.5')).toMatchObject({
    code: 2,
    errors: `error: --width: ${path} is a model file, which defines its own network: leave --width out\n`,
  })
})

test('models lists the registry with costs, reported accuracies and their sources', async () => {
  const { output } = await kinglet('models')
  expect(output).toMatch(/^mobilenet_v2 +3\.50 M +300\.8 M +72\.0 +Sandler et al\. 2018, arXiv:1801\.04381, table 2$/m)
  const all = JSON.parse((await kinglet('models', '--json')).output)
  const v1 = all.find((m: { name: string }) => m.name === 'mobilenet_v1')
  expect(v1).toMatchObject({ parameters: 4_231_976, macs: 568_740_352, title: 'MobileNet V1' })
  expect(v1.reported[0]).toMatchObject({
    top1: 70.6,
    width: 1,
    size: 224,
    source: expect.stringContaining('1704.04861'),
  })
})

test('bench times networks in interleaved rounds', async () => {
  const args = ['bench', 'mobilenet_v1:width=0.25', 'mobilenet_v1', '--size', '32', '--reduction', '8']
  const timed = ['--rounds', '3', '--warmup', '1', '--threads', '1']
  const found = JSON.parse((await kinglet(...args, ...timed, '--json')).output)
  expect(found.map((t: { network: string }) => t.network)).toEqual([
    'mobilenet_v1, width 0.25, reduction 8, 32 px',
    'mobilenet_v1, reduction 8, 32 px',
  ])
  for (const { latencyMs, imagesPerSecond } of found) {
    expect(latencyMs.lower).toBeLessThanOrEqual(latencyMs.median)
    expect(latencyMs.median).toBeLessThanOrEqual(latencyMs.upper)
    expect(imagesPerSecond).toBeCloseTo(1000 / latencyMs.median, 6)
  }
  const { output } = await kinglet(...args.slice(0, 2), ...args.slice(3), ...timed)
  expect(output).toContain('engine wasm, 1 thread, batch 1, 3 rounds')
})

test('the error for an unknown argument after a name lists the known ones', async () => {
  expect(await kinglet('summary', 'mobilenet_v2:widht=0.5')).toMatchObject({
    code: 2,
    errors: expect.stringMatching(
      /^error: mobilenet_v2:widht=0\.5: no argument widht=0\.5 \(did you mean width\?\): use width, /,
    ),
  })
  expect(await kinglet('summary', 'mobilenet_v2:width=-1')).toMatchObject({
    code: 2,
    errors: 'error: mobilenet_v2:width=-1: width is -1. It must be a number above 0.\n',
  })
  expect(await kinglet('summary', 'mobilenet_v2:width')).toMatchObject({
    code: 2,
    errors: expect.stringContaining('(did you mean width=<value>?)'),
  })
})
