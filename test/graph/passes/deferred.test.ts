import { describe, expect, it } from 'vitest'
import { key, type Shape, size, type Tensor, tensor, uniformAt } from '../../../src/core/index.ts'
import { evaluate, type Graph, roots, topological } from '../../../src/graph/index.ts'
import { Deferred, foldConstants, Scratch, writeConstant } from '../../../src/graph/passes/index.ts'
import { add, constant, div, input, mul, reshape, sqrt, type Value } from '../../../src/ops/index.ts'
import { contractOf } from '../../../src/wasm/passes/contracts.ts'
import { pack } from '../../../src/wasm/passes/packed-matmul.ts'

const values = (seed: number, shape: Shape): Value =>
  constant(
    tensor(
      shape,
      Float32Array.from({ length: size(shape) }, (_, i) => 0.5 + uniformAt(key(seed), i)),
    ),
  )

const bitsOf = ({ data }: Tensor): Int32Array => new Int32Array(data.buffer, data.byteOffset, data.length)
const sameBits = (a: Tensor, b: Tensor): boolean => {
  const [x, y] = [bitsOf(a), bitsOf(b)]
  return x.length === y.length && x.every((bits, i) => bits === y[i])
}

/** The values that a kernel would find in memory. */
function written(v: Value, scratch = new Scratch()): Tensor {
  const y = new Float32Array(size(v.shape))
  writeConstant(v, y, scratch)
  return { shape: v.shape, dtype: 'f32', data: y }
}

/** Weights scaled by a folded batch norm, then packed, as those of a convolution are. */
const packed = (channels: number, columns: number): Value => {
  const scale = div(values(1, [columns]), sqrt(add(values(2, [columns]), 1e-3)))
  const w = mul(values(3, [1, 1, channels, columns]), scale)
  return pack({ b: reshape({ x: w }, { shape: [channels, columns] }) })
}

describe('constants that are computed on demand', () => {
  const folded = (v: Value): Value => foldConstants({ outputs: { v }, updates: [] }).outputs.v
  const oracle = (v: Value): Tensor => evaluate([v], () => tensor([], [0]), contractOf)[0]

  // 5,000 weights and more are not cached: they pass through working memory.
  it.each([
    [7, 5],
    [300, 19],
    [64, 1024],
  ])('%i x %i weights have the bits of the oracles', (channels, columns) => {
    const v = packed(channels, columns)
    const y = folded(v)
    expect(y.attrs.tensor).toBeInstanceOf(Deferred)
    expect(sameBits(written(y), oracle(v))).toBe(true)
    expect(sameBits(y.attrs.tensor, oracle(v))).toBe(true)
  })

  it('the oracle computes a product whose other factor is not one value per channel', () => {
    const x = values(4, [3, 4, 6])
    for (const other of [values(5, [3, 4, 6]), values(5, [4, 1]), values(5, []), values(5, [1, 6])])
      for (const v of [mul(x, other), mul(other, x)]) expect(sameBits(written(folded(v)), oracle(v))).toBe(true)
  })

  it('working memory is reused, and zeroed when it is taken', () => {
    const scratch = new Scratch()
    const buffers = [packed(300, 24), packed(280, 30), packed(50, 100)].map((v) => {
      expect(sameBits(written(folded(v), scratch), oracle(v))).toBe(true)
      return scratch.frame(() => scratch.take('f32', 1).buffer)
    })
    expect(new Set(buffers).size).toBe(1)
  })

  it('frames nest, and a buffer that was replaced by a larger one stays valid for its holders', () => {
    const scratch = new Scratch()
    scratch.frame(() => {
      const outer = scratch.take('f32', 4).fill(1)
      scratch.frame(() => scratch.take('f32', 1000).fill(2))
      const next = scratch.take('f32', 4)
      expect([...outer, ...next]).toEqual([1, 1, 1, 1, 0, 0, 0, 0])
    })
  })

  it('nodes that depend on an input stay', () => {
    const graph: Graph = { outputs: { y: mul(input('x', [3]), add(values(1, [3]), 1)) }, updates: [] }
    expect(topological(roots(foldConstants(graph))).map((v) => v.op.name)).toEqual(['input', 'constant', 'mul'])
  })
})
