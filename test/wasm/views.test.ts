/** A view between a producer and its reader: the channels of one are not the channels of the other. */
import { describe, expect, test } from 'vitest'
import { size } from '../../src/core/index.ts'
import { type Engine, referenceEngine } from '../../src/engine/index.ts'
import { type Graph, inputsOf } from '../../src/graph/index.ts'
import { add, conv2d, depthwiseConv2d, input, matmul, mul, reshape, type Value } from '../../src/ops/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { difference } from '../ops/samples.ts'

const producers: Record<string, () => Value> = {
  matmul: () => matmul({ a: input('a', [10, 8]), b: input('b', [8, 6]) }),
  conv2d: () => conv2d({ x: input('a', [1, 6, 4, 3]), w: input('b', [2, 2, 3, 4]) }),
  depthwise_conv2d: () => depthwiseConv2d({ x: input('a', [1, 6, 4, 4]), w: input('b', [2, 2, 4]) }),
}

const run = async (engine: Engine, graph: Graph) => {
  using program = await engine.compile(graph)
  const values = ({ shape, attrs }: Value) =>
    Float32Array.from({ length: size(shape) }, (_, i) => (((i + attrs.name.charCodeAt(0)) * 37) % 23) / 11 - 1)
  const given = [...inputsOf(graph)].map(([name, leaf]) => [name, values(leaf)])
  return (await program.run(Object.fromEntries(given))).y.data
}

describe.each(Object.entries(producers))('%s', (_, make) => {
  test.each([2, 5, 20])('as rows of %i', async (columns) => {
    const y = make()
    const rows = reshape({ x: y }, { shape: [size(y.shape) / columns, columns] })
    const expression = add(mul(rows, input('scale', [columns])), input('shift', [columns]))
    const graph: Graph = { outputs: { y: expression }, updates: [] }
    const [expected, got] = [await run(referenceEngine(), graph), await run(wasmEngine({ threads: 1 }), graph)]
    // Sums of at most 12 products of numbers near 1, rounded to float32 after each.
    expect(difference(got, expected)).toBeLessThan(1e-6)
  })
})
