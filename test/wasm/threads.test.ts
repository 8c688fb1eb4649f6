/** Whole networks: bits do not depend on the number of threads, and a run allocates no memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keyOf, type Tensor, uniformAt } from '../../src/core/index.ts'
import type { Program } from '../../src/engine/index.ts'
import { build } from '../../src/models/index.ts'
import type { ClassifierNetwork, Network } from '../../src/nn/index.ts'
import { trainingStep } from '../../src/train/step.ts'
import { wasmEngine } from '../../src/wasm/index.ts'

/** Batches, sizes and widths whose rows and channels do not divide by the number of threads. */
const batch = 5
const nets: readonly (readonly [string, () => ClassifierNetwork])[] = [
  // Squeeze-and-excitation, h-swish and dropout.
  ['mobilenet_v3_small', () => build('mobilenet_v3_small', { width: 0.35, size: 44, classes: 7, dropout: 0.3 })],
  ['mobilenet_v2', () => build('mobilenet_v2', { width: 0.35, size: 36, classes: 7 })],
]

const drawn = (name: string, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => 2 * uniformAt(keyOf(name), i) - 1)
const imagesOf = (net: Network, step = 0): Float32Array =>
  drawn(`images ${step}`, batch * net.inputShape.reduce((a, b) => a * b))
const targetsOf = (net: ClassifierNetwork): Float32Array =>
  Float32Array.from({ length: batch * net.classes }, (_, i) => Number(i % net.classes === Math.floor(i / net.classes)))

/** A training step with everything that optimisers add: momentum, decay, clipping, averages of the weights. */
async function trainer(
  net: ClassifierNetwork,
  threads: number,
): Promise<{ program: Program; run(step: number): Promise<Tensor> }> {
  const { graph, numbers } = trainingStep(net, {
    batch,
    optimizer: { name: 'sgd', momentum: 0.9, nesterov: true },
    weightDecay: 1e-4,
    decayDepthwise: true,
    labelSmoothing: 0.1,
    clipNorm: 1,
    ema: 0.99,
    frozen: new Set(),
  })
  const program = await wasmEngine({ threads }).compile(graph, { weights: net.weights })
  const targets = targetsOf(net)
  return {
    program,
    run: async (step) => (await program.run({ x: imagesOf(net, step), targets, ...numbers(step, 0.05, 7) })).loss,
  }
}

/** Names of tensors whose bits differ. */
const differing = (a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): string[] => {
  expect([...a.keys()]).toEqual([...b.keys()])
  const bits = ({ data }: Tensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return [...a].filter(([name, t]) => !bits(t).equals(bits(b.get(name)!))).map(([name]) => name)
}

describe.each(nets)('%s at 1, 2 and 3 threads', (_, make) => {
  test.each([true, false])('a forward pass, freeze %s', async (freeze) => {
    const net = make()
    const results = await Promise.all(
      [1, 2, 3].map(async (threads) => {
        using program = await wasmEngine({ threads }).compile(net.graph(batch), { weights: net.weights, freeze })
        return new Map(Object.entries(await program.run({ x: imagesOf(net) })))
      }),
    )
    expect(new Set(results[0].get('logits')!.data).size).toBe(batch * net.classes)
    for (const other of results.slice(1)) expect(differing(results[0], other)).toEqual([])
  })

  test('ten training steps: losses, parameters, momenta, averages', async () => {
    const results: Map<string, Tensor>[] = []
    for (const threads of [1, 2, 3]) {
      const { program, run } = await trainer(make(), threads)
      const losses = new Map<string, Tensor>()
      for (let step = 1; step <= 10; step++) losses.set(`loss ${step}`, await run(step))
      results.push(new Map([...losses, ...(await program.read())]))
      program.dispose()
    }
    expect([...results[0].values()].every(({ data }) => data.every(Number.isFinite))).toBe(true)
    expect(new Set([...Array(10).keys()].map((i) => results[0].get(`loss ${i + 1}`)!.data[0])).size).toBe(10)
    for (const other of results.slice(1)) expect(differing(results[0], other)).toEqual([])
  })
})

describe('memory', () => {
  const { Memory } = WebAssembly
  const memories: WebAssembly.Memory[] = []
  beforeEach(() => {
    memories.length = 0
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor)
        memories.push(this)
      }
    }
  })
  afterEach(() => {
    WebAssembly.Memory = Memory
  })
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')

  test.each([1, 2])('training steps allocate none, %i threads', async (threads) => {
    const { program, run } = await trainer(nets[0][1](), threads)
    expect(memories).toHaveLength(1)
    const [memory] = memories
    const { buffer } = memory
    const { parameters, arena } = program.memory
    expect(buffer.byteLength).toBeGreaterThan(parameters + arena)
    // Rounding adds at most a page, and each of about 1,600 calls has a counter of 64 bytes per thread.
    expect(buffer.byteLength).toBeLessThan(parameters + arena + 2 ** 17 * threads)

    const arrays = async (steps: number): Promise<number> => {
      for (let step = 1; step <= steps; step++) await run(step)
      collect()
      return process.memoryUsage().arrayBuffers
    }
    const before = await arrays(3)
    // Each step is given one array of images: less than a tenth of what thirty would hold.
    expect((await arrays(30)) - before).toBeLessThan(3 * imagesOf(nets[0][1]()).byteLength)
    expect(memories).toHaveLength(1)
    expect(memory.buffer).toBe(buffer)
    // There is no more to be had, either.
    expect(() => memory.grow(1)).toThrow(RangeError)
    program.dispose()
  })
})
