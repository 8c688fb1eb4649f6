/** Every network of the registry runs and trains. A new entry is tested without further code. */
import { describe, expect, test } from 'vitest'
import { keyOf, size, uniformAt } from '../../src/core/index.ts'
import { arrays, preprocessingPreset } from '../../src/data/index.ts'
import { type Engine, referenceEngine } from '../../src/engine/index.ts'
import { build, models } from '../../src/models/index.ts'
import { fit } from '../../src/train/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'

const side = 24
const labels = [0, 1, 2, 0, 1, 2, 0, 1]
const drawn = (name: string, length: number, scale: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => scale * uniformAt(keyOf(name), i))
const data = arrays({
  ...{ width: side, height: side, channels: 3, labels, classes: ['a', 'b', 'c'] },
  pixels: Uint8Array.from(drawn('pixels', labels.length * side * side * 3, 256)),
})
const small = { width: 0.125, size: side, reduction: 8, classes: 3 } as const

describe.each(models().map(({ name }) => name))('%s', (name) => {
  test('logits are those of the oracles', async () => {
    const net = build(name, small)
    const x = drawn('images', 2 * size(net.inputShape), 1)
    const logits = async (engine: Engine) => {
      using program = await engine.compile(net.graph(2), { weights: net.weights, freeze: true })
      return [...(await program.run({ x })).logits.data]
    }
    const expected = await logits(referenceEngine())
    // Batch norm is folded on one side only, so dozens of layers round in another order.
    const scale = Math.max(...expected.map(Math.abs))
    const got = await logits(wasmEngine({ threads: 1 }))
    for (const [i, v] of expected.entries()) expect(Math.abs(got[i] - v)).toBeLessThan(1e-4 * scale)
  })

  test('training steps on one batch reduce its loss', async () => {
    const net = build(name, { ...small, dropout: 0 })
    const preprocessing = preprocessingPreset('whole', side)
    const options = { engine: wasmEngine({ threads: 1 }), epochs: 4, batch: labels.length, preprocessing }
    const losses: number[] = []
    for await (const { loss } of fit(net, { train: data }, options)) losses.push(loss)
    expect(losses).toHaveLength(4)
    expect(losses[3]).toBeLessThan(losses[0])
  })
})
