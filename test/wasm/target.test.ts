/** Targets: other tiles, blocks and pieces are correct too, and bit-identical to the default ones. */
import { describe, expect, test } from 'vitest'
import { Rng, type Shape, size, type TypedArrayOf } from '../../src/core/index.ts'
import type { Graph } from '../../src/graph/index.ts'
import { allOps } from '../../src/ops/all.ts'
import {
  add,
  conv2d,
  depthwiseConv2dDw,
  input,
  makeValue,
  matmul,
  type Op,
  relu6,
  type Value,
} from '../../src/ops/index.ts'
import { contractOf } from '../../src/wasm/passes/contracts.ts'
import { packedConv2d } from '../../src/wasm/passes/packed-conv.ts'
import { pack, packedMatmul } from '../../src/wasm/passes/packed-matmul.ts'
import { type Target, targetFor } from '../../src/wasm/target.ts'
import { makeInputs } from '../ops/samples.ts'
import { runGuarded } from './guarded.ts'

const usual = targetFor({ relaxed: false })

/** Narrower and wider, lower and higher, smaller and larger than the default; stripes of one, two and three panels. */
const targets: Readonly<Record<string, Target>> = {
  small: {
    ...usual,
    registers: 7,
    pieces: { least: 5, elements: 256, partialSums: 12 },
    products: {
      ...{ tiles: [{ rows: 1, columns: 8 }], blockBytes: 4096, mostRows: 24, fewestRows: 8, transposedRows: 48 },
    },
    depthwise: { vectors: 7, columns: 2 },
    depthwiseDwColumns: 1,
    channelVectors: 1,
    moves: { longestCopy: 16, longestFill: 0, longestPatch: 64 },
    sharing: { leastMacs: 0, leastBytes: 0, draws: 3 },
  },
  large: {
    ...usual,
    registers: 31,
    cacheLine: 128,
    pieces: { least: 40, elements: 16384, partialSums: 256 },
    products: {
      tiles: [
        { rows: 8, columns: 8 },
        { rows: 4, columns: 16 },
        { rows: 2, columns: 24 },
      ],
      ...{ blockBytes: 1 << 20, mostRows: 512, fewestRows: 32, transposedRows: 256 },
    },
    depthwise: { vectors: 31, columns: 11 },
    depthwiseDwColumns: 9,
    channelVectors: 6,
    moves: { longestCopy: 1024, longestFill: 1024, longestPatch: 4096 },
    sharing: { leastMacs: 1e9, leastBytes: 1e9, draws: 20 },
  },
}

type Given = Record<string, TypedArrayOf>

async function expectSameBits(graph: Graph, given: Given, counts: readonly number[] = [1, 2]): Promise<void> {
  const expected = await runGuarded(graph, given, { threads: 1, relaxed: false })
  for (const [name, target] of Object.entries(targets))
    for (const threads of counts)
      expect(await runGuarded(graph, given, { threads, relaxed: false, target }), `${name}, ${threads}`).toEqual(
        expected,
      )
}

const random = (shape: Shape, seed: number): Float32Array => {
  const rng = new Rng(seed)
  return Float32Array.from({ length: size(shape) }, () => rng.between(-1, 1))
}
/** The graph of one value with these inputs. */
function graphOf(shapes: readonly Shape[], make: (...x: Value[]) => Value): [Graph, Given] {
  const y = make(...shapes.map((shape, i) => input(`x${i}`, shape)))
  return [{ outputs: { y }, updates: [] }, Object.fromEntries(shapes.map((s, i) => [`x${i}`, random(s, i + 1)]))]
}

const ops: readonly Op[] = [...allOps, pack.op, packedMatmul.op, packedConv2d.op]

describe.each(ops.map((op) => [op.name, op] as const))('%s', (_, op) => {
  test('samples', async () => {
    for (const [i, { attrs }] of contractOf(op).samples.entries()) {
      const inputs = makeInputs(op, i)
      const leaves = inputs.map((x, k) => input(`x${k}`, x.shape, x.dtype))
      const given = inputs.map((x, k) => [`x${k}`, x.dtype === 'f32' ? Float32Array.from(x.data) : x.data] as const)
      const y = makeValue(op, leaves, { ...op.attrs, ...attrs })
      await expectSameBits({ outputs: { y }, updates: [] }, Object.fromEntries(given), [1])
    }
  })
})

describe('shapes with several blocks, stripes and chunks', () => {
  const products = [
    [700, 37, 19],
    [9, 130, 100],
    [1, 64, 41],
  ] as const
  test.each(products)('%i x %i x %i', async (m, k, n) => {
    await expectSameBits(...graphOf([[m, k], [k, n], [n]], (a, b, c) => relu6(add(matmul({ a, b }), c))))
    await expectSameBits(
      ...graphOf(
        [
          [m, k],
          [m, n],
        ],
        (a, b) => matmul({ a, b }, { transA: true }),
      ),
    )
  })
  test('a convolution', async () => {
    const shapes = [
      [2, 19, 17, 5],
      [3, 3, 5, 43],
    ]
    await expectSameBits(...graphOf(shapes, (x, w) => conv2d({ x, w }, { stride: 2, pad: [1, 1, 0, 1] })))
  })
  test('the weight gradient of a depthwise one', async () => {
    const shapes = [
      [3, 15, 14, 70],
      [3, 15, 14, 70],
    ]
    const attrs = { kernel: [3, 3], pad: [1, 1, 1, 1] } as const
    await expectSameBits(...graphOf(shapes, (x, dy) => depthwiseConv2dDw({ x, dy }, attrs)))
  })
})
