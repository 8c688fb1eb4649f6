import { expect, test } from 'vitest'
import { layerColumns } from '../../../src/cli/bench/layers.ts'
import { main } from '../../../src/cli/main.ts'
import { timeLayers } from '../../../src/door/reports/index.ts'
import { analyse } from '../../../src/graph/index.ts'
import { build } from '../../../src/models/index.ts'
import { fakeIo } from '../fake-io.ts'
import { kinglet } from '../make.ts'

const args = ['bench', 'mobilenet_v3_small', '--size', '32', '--classes', '5', '--layers', '--rounds', '3']
const net = build('mobilenet_v3_small', { size: 32, classes: 5 })

test('bench --layers --json has each kernel once, all multiply-adds, and the limits of this run', async () => {
  const [found] = JSON.parse((await kinglet(...args, '--batch', '2', '--json')).output)
  expect(found).toMatchObject({ name: 'mobilenet_v3_small', network: 'mobilenet_v3_small, classes 5, 32 px' })
  expect(found.limitGflops).toBeGreaterThan(0)
  const sum = (pick: (l: (typeof found.layers)[0]) => number) =>
    found.layers.map(pick).reduce((a: number, b: number) => a + b)
  const { macs } = analyse(net.graph(2)).total
  expect(sum((l) => l.macs)).toBe(macs)
  expect(sum((l) => l.share)).toBeCloseTo(1, 9)
  expect(found.gflops).toBeCloseTo((2 * macs) / found.latencyMs.median / 1e6, 6)
  expect(found.shareOfLimit).toBeCloseTo(found.gflops / found.limitGflops, 9)
  const depthwise = found.layers.filter((l: { kernel: string }) => l.kernel === 'depthwise_conv2d')
  expect(depthwise).toHaveLength(11)
  for (const l of found.layers) {
    const { median } = l.timeMs
    const bytes = l.readBytes + l.writtenBytes
    expect(l.writtenBytes).toBe(4 * l.output.reduce((a: number, b: number) => a * b, 1))
    expect(l.gigabytesPerSecond).toBeCloseTo(bytes / median / 1e6, 6)
    const arithmeticMs = (2 * l.macs) / found.limitGflops / 1e6
    const copyMs = bytes / l.copyGigabytesPerSecond / 1e6
    expect(l.boundBy).toBe(arithmeticMs > copyMs ? 'arithmetic' : 'memory')
    expect(l.timesFloor).toBeCloseTo(median / Math.max(arithmeticMs, copyMs), 6)
  }
})

test('the table has a row per kernel, the limit and the whole time', async () => {
  const { code, output, errors } = await kinglet(...args, '--deterministic')
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  const [head, , titles, , ...rows] = output.trimEnd().split('\n')
  expect(head).toMatch(
    /^mobilenet_v3_small, classes 5, 32 px, 1 thread, batch 1, 3 runs: [\d.]+ ms, [\d.]+ GFLOP\/s, \d+ % of [\d.]+, the limit of multiply-adds in 128-bit vectors$/,
  )
  expect(titles.split(/ {2,}/)).toEqual(layerColumns.map((c) => c.title))
  expect(rows).toContainEqual(
    expect.stringMatching(
      /^blocks\.3\.depthwise +depthwise_conv2d +1x2x2x96 +\d\.\d{3} +[\d.]+ % +[\d.]+ +\d+ % +[\d.]+ +[\d.]+ +(arithmetic|memory) +[\d.]+$/,
    ),
  )
  expect(rows.some((row) => row.startsWith('classifier'))).toBe(true)
})

test('warm-up runs are not counted, and each run reports progress', async () => {
  const told: number[] = []
  const onRun = async (done: number) => void told.push(done)
  await timeLayers(net, { batch: 1, rounds: 2, warmup: 2, seed: 0, onRun })
  expect(told).toEqual([1, 2, 3, 4])
})

test('Ctrl-C stops it between two runs', async () => {
  const io = fakeIo()
  const running = main([...args.slice(0, -1), '1000000'], io)
  const pressing = setInterval(() => io.interrupt(), 5)
  expect(await running).toBe(130)
  clearInterval(pressing)
  expect(io.output).toBe('')
})

test('the error for unsupported options says what to do', async () => {
  expect(await kinglet(...args, '--threads', '2')).toMatchObject({
    code: 2,
    errors: 'error: --layers: it measures one thread, --threads is 2: leave --threads out\n',
  })
  expect(await kinglet(...args, '--engine', 'reference')).toMatchObject({
    code: 2,
    errors: 'error: --layers: engine reference has no kernels to time: use --engine wasm\n',
  })
})
