/** Dtypes other than f32 in a whole program, at one and two threads: as inputs, moved, viewed, folded, and as outputs. */
import { expect, test } from 'vitest'
import { arrayOf, type DType, type Shape, size, type Tensor, tensor, wordAt } from '../../src/core/index.ts'
import { referenceEngine } from '../../src/engine/index.ts'
import type { Graph } from '../../src/graph/index.ts'
import { concat, constant, im2col, input, pad, reshape, slice, sliceFirst, sliceLast } from '../../src/ops/index.ts'
import { wasmEngine } from '../../src/wasm/index.ts'
import { runGuarded } from './guarded.ts'

const values = <T extends DType>(dtype: T, shape: Shape, seed: number): Tensor<T> =>
  tensor(shape, arrayOf(dtype, size(shape)).map((_, i) => wordAt(seed, i) | 0) as Tensor<T>['data'], dtype)

/** Odd sizes: most rows and addresses are not a multiple of a word. */
function moves(dtype: DType): Graph {
  const x = input('x', [3, 5, 7, 3], dtype)
  const c = constant(values(dtype, [3, 5, 7, 2], 2))
  const joined = concat([x, c, sliceLast({ x: c }, { from: 1, count: 1 })], { axis: 3 })
  const padded = pad({ x: joined }, { pad: [1, 0, 2, 1] })
  return {
    outputs: {
      patches: im2col({ x: padded }, { kernel: [2, 3], stride: 1, size: [5, 8] }),
      part: slice({ x: padded }, { from: [1, 1, 3, 1], shape: [2, 3, 5, 3] }),
      view: sliceFirst({ x: reshape({ x: joined }, { shape: [9, 70] }) }, { from: 2, count: 5 }),
      // Of constants only: computed when the program is made.
      folded: concat([c, sliceFirst({ x: c }, { from: 1, count: 1 })], { axis: 0 }),
    },
    updates: [],
  }
}

test.each(['i8', 'u8', 'i32', 'f32'] as const)('%s', async (dtype) => {
  const graph = moves(dtype)
  const { data: x } = values(dtype, [3, 5, 7, 3], 1)
  const expected = await (await referenceEngine().compile(graph)).run({ x })
  expect(Object.values(expected).map((y) => y.dtype)).toEqual(Array(4).fill(dtype))
  for (const threads of [1, 2]) {
    using program = await wasmEngine({ threads }).compile(graph, { freeze: true })
    expect(await program.run({ x })).toEqual(expected)
    expect(await runGuarded(graph, { x }, { threads, relaxed: false })).toEqual(expected)
  }
})

test('parts of a concat have one dtype', () => {
  expect(() => concat([input('a', [2], 'i8'), input('b', [2], 'u8')])).toThrow(
    'concat: one input is i8, another u8: all must have the same dtype',
  )
})
