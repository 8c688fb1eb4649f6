import { expect, test } from 'vitest'
import { analyse } from '../../src/graph/index.ts'
import { build } from '../../src/models/index.ts'
import { moveMs, multiplyAddLimit, profile } from '../../src/wasm/index.ts'

const net = build('mobilenet_v3_small', { width: 0.35, size: 32, classes: 5 })
const x = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => Math.sin(i))

test('a profile has all multiply-adds of every layer, and the time of each kernel in each run', async () => {
  const steps = await profile(net.graph(), { weights: net.weights, freeze: true, inputs: { x }, runs: 3 })
  const macs = new Map<string, number>()
  for (const step of steps) macs.set(step.layer, (macs.get(step.layer) ?? 0) + step.macs)
  for (const layer of analyse(net.graph()).layers)
    expect([layer.name, macs.get(layer.name) ?? 0]).toEqual([layer.name, layer.macs])
  for (const step of steps) {
    expect(step.times).toHaveLength(3)
    expect(step.times.every((ms) => ms >= 0)).toBe(true)
    expect(step.readBytes > 0).toBe(step.phase === 0)
    expect(step.writtenBytes > 0).toBe(step.phase === 0)
  }
  expect(new Set(steps.map((s) => s.op))).toContain('depthwise_conv2d')
})

test('warm-up runs are not timed, and each run waits for the callback of the run before', async () => {
  const told: number[][] = []
  const onRun = async (done: number, of: number) => {
    await Promise.resolve()
    told.push([done, of])
  }
  const options = { weights: net.weights, freeze: true, inputs: { x } }
  const steps = await profile(net.graph(), { ...options, runs: 2, warmup: 1, onRun })
  expect(told).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ])
  expect(steps[0].times).toHaveLength(2)
  const stop = () => Promise.reject(new Error('stop'))
  await expect(profile(net.graph(), { ...options, onRun: stop })).rejects.toThrow('stop')
})

test('without freeze it runs on parameters, as a training step does', async () => {
  const steps = await profile(net.graph(), { inputs: { x }, runs: 1 })
  expect(steps.map((s) => s.op)).toContain('pack')
})

test("the machine's limits are positive numbers, even for small runs and sizes", async () => {
  const { gmacs, relaxedGmacs = gmacs } = await multiplyAddLimit(1000)
  expect(gmacs).toBeGreaterThan(0)
  expect(relaxedGmacs).toBeGreaterThan(0)
  for (const [read, write] of [
    [1000, 4000],
    [100_000, 40],
    [70_000, 70_000],
  ])
    expect(await moveMs(read, write)).toBeGreaterThan(0)
})
