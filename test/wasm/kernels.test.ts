/** The kernels of data movement, pooling, softmax, dropout and resizing, each alone, against the oracles of their ops. */
import { describe, expect, it } from 'vitest'
import { arrayOf, Rng, type Shape, size, type Tensor, tensor } from '../../src/core/index.ts'
import * as ops from '../../src/ops/index.ts'
import { input, makeValue, type Op, type Value } from '../../src/ops/index.ts'
import { concat } from '../../src/wasm/kernels/concat.ts'
import { depthwise } from '../../src/wasm/kernels/depthwise.ts'
import { depthwiseDw } from '../../src/wasm/kernels/depthwise-dw.ts'
import { depthwiseDx } from '../../src/wasm/kernels/depthwise-dx.ts'
import { dropout } from '../../src/wasm/kernels/dropout.ts'
import { flipTranspose } from '../../src/wasm/kernels/flip-transpose.ts'
import { im2col } from '../../src/wasm/kernels/im2col.ts'
import type { Family } from '../../src/wasm/kernels/kernel.ts'
import { packedProduct } from '../../src/wasm/kernels/matmul.ts'
import { packedTransposed, transposedProduct } from '../../src/wasm/kernels/matmul-transposed.ts'
import { maxPool } from '../../src/wasm/kernels/max-pool.ts'
import { maxPoolDx } from '../../src/wasm/kernels/max-pool-dx.ts'
import { packPanels } from '../../src/wasm/kernels/pack.ts'
import { resizeBilinear, resizeBilinearDx } from '../../src/wasm/kernels/resize-bilinear.ts'
import { slice } from '../../src/wasm/kernels/slice.ts'
import { logSoftmax, softmax } from '../../src/wasm/kernels/softmax.ts'
import { zeroPad } from '../../src/wasm/kernels/zero-pad.ts'
import { contractOf } from '../../src/wasm/passes/contracts.ts'
import { pack, packedMatmul, panelsOf } from '../../src/wasm/passes/packed-matmul.ts'
import { difference, makeInputs, runOracle } from '../ops/samples.ts'
import { runKernel } from './harness.ts'

/** A node of `op` over these inputs. */
const nodeOf = (op: Op, inputs: readonly Tensor[], attrs: object): Value =>
  makeValue(
    op,
    inputs.map((x, i) => input(`x${i}`, x.shape, x.dtype)),
    { ...op.attrs, ...attrs },
  )

const random = (shape: Shape, seed = 1, low = -1, high = 1): Tensor => {
  const rng = new Rng(seed)
  return tensor(
    shape,
    Float32Array.from({ length: size(shape) }, () => rng.between(low, high)),
  )
}

/** Moved data is bit-identical; sums and weights of pooling and resizing round, and exp is right to 2e-7. */
const exact = 0
const rounded = 1e-6

interface Row {
  readonly op: Op
  readonly family: Family
  readonly tolerance: number
  /** The op's samples that the family runs. Default: all. */
  readonly samples?: readonly number[]
  /** Sizes beyond the op's own samples: shapes of the inputs, and attributes. */
  readonly more: readonly (readonly [inputs: readonly (Shape | Tensor)[], attrs?: object])[]
}

const seed = tensor([], [12345], 'i32')
/** Products [m, k] x [k, n]: tails of rows, of half and whole stripes, several blocks, groups and chunks. */
const products = [
  [1, 1, 1],
  [3, 5, 4],
  [2, 7, 8],
  [5, 3, 9],
  [6, 9, 15],
  [7, 4, 16],
  [9, 6, 17],
  [4, 8, 24],
  [11, 5, 31],
  [49, 12, 40],
  [1, 64, 1000],
  [700, 3, 19],
  [1100, 37, 9],
] as const

const rows: readonly Row[] = [
  {
    op: packedMatmul.op,
    family: (v, target) => (v.attrs.transA ? packedTransposed : packedProduct)(v, target),
    tolerance: rounded,
    more: products.flatMap(([m, k, n]) => [
      [
        [
          [m, k],
          [panelsOf(n), k, 8],
        ],
        { columns: n },
      ] as const,
      [
        [
          [k, m],
          [panelsOf(n), k, 8],
        ],
        { columns: n, transA: true },
      ] as const,
    ]),
  },
  {
    op: ops.matmul.op,
    family: transposedProduct,
    tolerance: rounded,
    samples: [],
    more: products.flatMap(([m, k, n]) => [
      [
        [
          [m, k],
          [m, n],
        ],
        { transA: true },
      ] as const,
      [
        [
          [k, m],
          [k, n],
        ],
        { transA: true },
      ] as const,
    ]),
  },
  {
    op: pack.op,
    family: packPanels,
    tolerance: exact,
    more: products.flatMap(([, k, n]) => [[[[k, n]]] as const, [[[n, k]], { trans: true }] as const]),
  },
  {
    op: ops.depthwiseConv2d.op,
    family: depthwise,
    tolerance: rounded,
    more: [
      // Five cache lines of channels, which four groups of pieces would not divide.
      [
        [
          [1, 5, 5, 72],
          [3, 3, 72],
        ],
        { pad: [1, 1, 1, 1] },
      ],
      [
        [
          [2, 14, 14, 40],
          [3, 3, 40],
        ],
        { pad: [1, 1, 1, 1] },
      ],
      [
        [
          [1, 15, 16, 6],
          [5, 5, 6],
        ],
        { stride: 2, pad: [2, 2, 2, 2] },
      ],
      [
        [
          [1, 7, 7, 100],
          [3, 3, 100],
        ],
        { pad: [1, 1, 1, 1] },
      ],
      [
        [
          [1, 30, 31, 5],
          [3, 3, 5],
        ],
        { stride: 2, pad: [0, 1, 0, 1] },
      ],
      [
        [
          [1, 4, 40, 4],
          [7, 7, 4],
        ],
        { pad: [3, 3, 3, 3] },
      ],
      [
        [
          [1, 12, 12, 3],
          [3, 3, 3],
        ],
        { dilation: 4, pad: [4, 4, 4, 4] },
      ],
      // A window that lies in the padding altogether, on both sides.
      [
        [
          [1, 3, 3, 4],
          [2, 2, 4],
        ],
        { stride: 3, pad: [4, 5, 4, 5] },
      ],
    ],
  },
  {
    op: ops.depthwiseConv2dDx.op,
    family: depthwiseDx,
    tolerance: rounded,
    more: [
      [
        [
          [2, 14, 14, 40],
          [3, 3, 40],
        ],
        { pad: [1, 1, 1, 1], inputShape: [2, 14, 14, 40] },
      ],
      [
        [
          [1, 8, 8, 6],
          [5, 5, 6],
        ],
        { stride: 2, pad: [2, 2, 2, 2], inputShape: [1, 15, 16, 6] },
      ],
      [
        [
          [1, 15, 15, 5],
          [3, 3, 5],
        ],
        { stride: 2, pad: [0, 1, 0, 1], inputShape: [1, 30, 31, 5] },
      ],
      [
        [
          [1, 4, 40, 4],
          [7, 7, 4],
        ],
        { pad: [3, 3, 3, 3], inputShape: [1, 4, 40, 4] },
      ],
      [
        [
          [1, 12, 12, 3],
          [3, 3, 3],
        ],
        { dilation: 4, pad: [4, 4, 4, 4], inputShape: [1, 12, 12, 3] },
      ],
      [
        [
          [1, 4, 4, 4],
          [3, 3, 4],
        ],
        { stride: 4, dilation: 2, pad: [2, 1, 2, 1], inputShape: [1, 14, 14, 4] },
      ],
    ],
  },
  {
    op: ops.depthwiseConv2dDw.op,
    family: depthwiseDw,
    tolerance: rounded,
    more: [
      // Five cache lines of channels, which four groups of pieces would not divide.
      [
        [
          [1, 5, 5, 72],
          [1, 5, 5, 72],
        ],
        { kernel: [3, 3], pad: [1, 1, 1, 1] },
      ],
      [
        [
          [5, 14, 14, 40],
          [5, 14, 14, 40],
        ],
        { kernel: [3, 3], pad: [1, 1, 1, 1] },
      ],
      [
        [
          [1, 15, 16, 6],
          [1, 8, 8, 6],
        ],
        { kernel: [5, 5], stride: 2, pad: [2, 2, 2, 2] },
      ],
      [
        [
          [1, 1, 1, 70],
          [1, 1, 1, 70],
        ],
        { kernel: [3, 3], pad: [1, 1, 1, 1] },
      ],
      [
        [
          [1, 4, 40, 4],
          [1, 4, 40, 4],
        ],
        { kernel: [7, 7], pad: [3, 3, 3, 3] },
      ],
      [
        [
          [1, 3, 3, 4],
          [1, 4, 4, 4],
        ],
        { kernel: [2, 2], stride: 3, pad: [4, 5, 4, 5] },
      ],
    ],
  },
  {
    op: ops.im2col.op,
    family: im2col,
    tolerance: exact,
    more: [
      // The first layer of most networks: three channels, stride 2, a row and a column of zeros at the far end.
      [[[1, 32, 30, 3]], { kernel: [3, 3], stride: 2, size: [16, 15] }],
      [[[3, 17, 19, 3]], { kernel: [3, 3], stride: 2, top: 1, left: 1, size: [9, 10] }],
      [[[1, 23, 23, 3]], { kernel: [7, 7], stride: 2, top: 3, left: 3, size: [12, 12] }],
      // Wider than straight code, runs longer than memory.copy takes over at.
      [[[2, 7, 7, 64]], { kernel: [3, 3], top: 1, left: 1, size: [7, 7] }],
      [[[1, 6, 5, 72]], { kernel: [3, 3], dilation: 2, top: 2, left: 2, size: [6, 5] }],
      [[[1, 5, 5, 300]], { stride: 2, size: [3, 3] }],
      [[[1, 3, 4, 130]], { kernel: [2, 2], upsample: 2, top: 1, left: 1, size: [6, 7] }],
      // No pixel has all of its taps inside.
      [[[1, 2, 9, 5]], { kernel: [3, 3], top: 1, left: 1, size: [2, 9] }],
      [[[1, 9, 2, 5]], { kernel: [3, 3], top: 1, left: 1, size: [9, 2] }],
      [[[1, 1, 1, 1]], { kernel: [5, 5], top: 2, left: 2, size: [1, 1] }],
      [[[1, 4, 4, 2]], { kernel: [3, 3], top: -3, left: 5, size: [4, 4] }],
    ],
  },
  {
    op: ops.flipTranspose.op,
    family: flipTranspose,
    tolerance: exact,
    more: [[[[3, 3, 16, 32]]], [[[1, 2, 19, 37]]], [[[2, 2, 4, 16]]], [[[1, 1, 5, 3]]], [[[7, 7, 3, 20]]]],
  },
  {
    op: ops.slice.op,
    family: slice,
    tolerance: exact,
    more: [
      [[[3, 9, 7, 8]], { from: [1, 0, 0, 0], shape: [2, 9, 7, 8] }],
      [[[2, 40, 30, 24]], { from: [0, 1, 2, 0], shape: [2, 38, 27, 24] }],
      [[[2, 9, 8, 200]], { from: [0, 0, 0, 100], shape: [2, 9, 8, 100] }],
      [[[3, 5, 6, 7]], { from: [1, 2, 3, 1], shape: [2, 2, 3, 5] }],
      [[[20000]], { from: [777], shape: [15001] }],
      [[[2, 3, 1]], { from: [0, 0, 0], shape: [2, 3, 1] }],
    ],
  },
  {
    op: ops.zeroPad.op,
    family: zeroPad,
    tolerance: exact,
    more: [
      [[[2, 20, 30, 24]], { before: [0, 1, 1, 0], after: [0, 2, 0, 0] }],
      [[[3, 5, 6, 7]], { before: [1, 2, 3, 4], after: [0, 1, 0, 2] }],
      [[[2, 9, 8, 100]], { before: [0, 0, 0, 100], after: [0, 0, 0, 0] }],
      [[[7000]], { before: [6000], after: [5001] }],
      [[[1, 5, 4]], { before: [3, 0, 0], after: [2000, 0, 0] }],
      [[[2, 3]], { before: [0, 0], after: [0, 0] }],
    ],
  },
  {
    op: ops.concat.op,
    family: concat,
    tolerance: exact,
    more: [
      [
        [
          [9, 5, 4, 24],
          [9, 5, 4, 1],
          [9, 5, 4, 70],
        ].map((s) => s),
        { axis: 3 },
      ],
      [[[5000], [1], [9001]], { axis: 0 }],
      [
        [
          [1, 30, 5],
          [1, 3, 5],
        ],
        { axis: 1 },
      ],
      [
        [
          [3, 1, 300],
          [3, 2, 300],
          [3, 40, 300],
        ],
        { axis: 1 },
      ],
    ],
  },
  {
    op: ops.maxPool.op,
    family: maxPool,
    tolerance: exact,
    more: [
      [[[2, 15, 14, 64]], { kernel: [3, 3], stride: 2, pad: [1, 1, 1, 1] }],
      [[[1, 9, 9, 23]], { kernel: [5, 4], stride: 3, pad: [2, 4, 0, 3] }],
      [[[1, 7, 7, 20]], { kernel: [7, 7] }],
    ],
  },
  {
    op: ops.maxPoolDx.op,
    family: maxPoolDx,
    tolerance: rounded,
    more: [
      [
        [
          [2, 15, 14, 64],
          [2, 8, 7, 64],
        ],
        { kernel: [3, 3], stride: 2, pad: [1, 1, 1, 1] },
      ],
      [
        [
          [1, 9, 9, 23],
          [1, 4, 3, 23],
        ],
        { kernel: [5, 4], stride: 3, pad: [2, 4, 0, 3] },
      ],
      [
        [
          [1, 7, 7, 20],
          [1, 1, 1, 20],
        ],
        { kernel: [7, 7] },
      ],
      [
        [
          [1, 8, 9, 3],
          [1, 2, 2, 3],
        ],
        { kernel: [1, 2], stride: 5 },
      ],
    ],
  },
  {
    op: ops.softmax.op,
    family: softmax,
    tolerance: rounded,
    more: [[[random([3, 1000], 3, -8, 8)]], [[random([70, 10], 4, -200, 200)]], [[[130, 3]]], [[[2, 4]]]],
  },
  {
    op: ops.logSoftmax.op,
    family: logSoftmax,
    tolerance: rounded,
    more: [[[random([3, 1000], 3, -8, 8)]], [[random([70, 10], 4, -200, 200)]], [[[130, 3]]], [[[2, 4]]]],
  },
  {
    op: ops.dropout.op,
    family: dropout,
    tolerance: rounded,
    more: [
      [[[10001], seed], { rate: 0.3, stream: 9 }],
      [[[2, 4096], seed], { rate: 1 / 3 }],
    ],
  },
  {
    op: ops.resizeBilinear.op,
    family: resizeBilinear,
    tolerance: rounded,
    more: [
      [[[2, 9, 7, 37]], { size: [31, 5] }],
      [[[1, 65, 3, 2]], { size: [8, 24] }],
      [[[1, 6, 5, 3]], { size: [1, 9], alignCorners: true }],
      [[[1, 1, 300, 1]], { size: [1, 999] }],
    ],
  },
  {
    op: ops.resizeBilinearDx.op,
    family: resizeBilinearDx,
    tolerance: rounded,
    more: [
      [[[2, 31, 5, 37]], { size: [31, 5], inputShape: [2, 9, 7, 37] }],
      [[[1, 8, 24, 2]], { size: [8, 24], inputShape: [1, 65, 3, 2] }],
      [[[1, 1, 9, 3]], { size: [1, 9], alignCorners: true, inputShape: [1, 6, 5, 3] }],
      [[[1, 1, 999, 1]], { size: [1, 999], inputShape: [1, 1, 300, 1] }],
      [[[1, 40, 40, 4]], { size: [40, 40], inputShape: [1, 5, 5, 4] }],
    ],
  },
]

describe.each(rows.map((row) => [row.op.name, row] as const))(
  '%s',
  (_, { op, family, tolerance, more, samples = contractOf(op).samples.map((_, i) => i) }) => {
    const check = (inputs: readonly Tensor[], attrs: object) => {
      const v = nodeOf(op, inputs, attrs)
      const y = runKernel(v, inputs, family)
      expect(y.shape).toEqual(v.shape)
      expect(difference(y.data, runOracle(v, inputs).y.data)).toBeLessThanOrEqual(tolerance)
    }
    it.each(samples)('sample %i', (i) => check(makeInputs(op, i), contractOf(op).samples[i].attrs))
    it.each(more.map(([inputs, attrs], i) => [i, inputs, attrs ?? {}] as const))('size %i', (_, inputs, attrs) =>
      check(
        inputs.map((x, i) => ('data' in x ? x : random(x, i + 1))),
        attrs,
      ),
    )
  },
)

/** Ops whose kernels move elements unchanged. */
const moving: readonly Op[] = [ops.concat.op, ops.slice.op, ops.zeroPad.op, ops.im2col.op]

describe.each(['i8', 'u8', 'i32'] as const)('elements of %s are moved unchanged', (dtype) => {
  const integers = (shape: Shape, seed: number): Tensor => {
    const rng = new Rng(seed)
    const values = arrayOf(dtype, size(shape)).map(() => rng.integer(1 << 24) - (1 << 23))
    return tensor(shape, values, dtype)
  }
  const shapeOf = (x: Shape | Tensor): Shape => ('data' in x ? x.shape : x)
  it.each(rows.filter(({ op }) => moving.includes(op)).map((row) => [row.op.name, row] as const))('%s', (_, row) => {
    const { op, family, more } = row
    const cases = [...contractOf(op).samples.map(({ inputs, attrs }) => [inputs, attrs] as const), ...more]
    expect(cases.length).toBeGreaterThan(8)
    for (const [given, attrs = {}] of cases) {
      const inputs = given.map((x, i) => integers(shapeOf(x), i + 1))
      const v = nodeOf(op, inputs, attrs)
      expect(v.dtype).toBe(dtype)
      const expected = arrayOf(dtype, size(v.shape))
      contractOf(op).reference(inputs, v.attrs, { shape: v.shape, dtype, data: expected })
      const { data } = runKernel(v, inputs, family)
      expect(Buffer.compare(Buffer.from(data.buffer), Buffer.from(expected.buffer))).toBe(0)
    }
  })
})

describe('dropout', () => {
  it('is bit-identical to the oracle', () => {
    const x = tensor([9999], new Float32Array(9999).fill(1))
    for (const rate of [0.1, 0.5, 0.999]) {
      const v = nodeOf(ops.dropout.op, [x, seed], { rate, stream: 77 })
      const got = runKernel(v, [x, seed], dropout).data
      const expected = runOracle(v, [x, seed]).y.data
      expect(Array.from(got, (y) => y === 0)).toEqual(Array.from(expected, (y) => y === 0))
    }
  })

  it('gives 0, not NaN, for a dropped NaN', () => {
    const x = tensor([64], new Float32Array(64).fill(Number.NaN))
    const v = nodeOf(ops.dropout.op, [x, seed], { rate: 0.5 })
    const zeros = runKernel(v, [x, seed], dropout).data.filter((y) => y === 0).length
    expect(zeros).toBe(runOracle(v, [x, seed]).y.data.filter((y) => y === 0).length)
    expect(zeros).toBeGreaterThan(10)
  })
})

describe('max_pool', () => {
  const { NaN: nan, NEGATIVE_INFINITY: low } = Number
  const attrs = { kernel: [1, 3], stride: 1, pad: [0, 0, 1, 1] }
  const cases = {
    'equal values': [2, 2, 2, 1, 1],
    'NaN first': [nan, 1, 2, 0, 0],
    'NaN last': [1, 2, 0, 3, nan],
    'two NaN': [1, nan, nan, 0, 4],
    'nothing but -Infinity': [low, low, low, low, low],
  }
  it.each(Object.entries(cases))('treats %s as the oracle does', (_, row) => {
    for (const channels of [1, 3, 4]) {
      const x = tensor([1, 1, 5, channels], Float32Array.from(row.flatMap((value) => Array(channels).fill(value))))
      const forward = nodeOf(ops.maxPool.op, [x], attrs)
      expect(Array.from(runKernel(forward, [x], maxPool).data)).toEqual(Array.from(runOracle(forward, [x]).y.data))
      const dy = random(x.shape, 5)
      const backward = nodeOf(ops.maxPoolDx.op, [x, dy], attrs)
      const got = runKernel(backward, [x, dy], maxPoolDx).data
      expect(difference(got, runOracle(backward, [x, dy]).y.data)).toBeLessThan(rounded)
    }
  })
})

describe('softmax', () => {
  it('gives NaN in all of a row with NaN or infinities, and leaves other rows unchanged', () => {
    const { NaN: nan, POSITIVE_INFINITY: high } = Number
    const x = tensor([3, 5], [1, 2, nan, 4, 5, 1, 2, 3, 4, 5, 1, high, 2, 3, 4])
    for (const [op, family] of [
      [ops.softmax.op, softmax],
      [ops.logSoftmax.op, logSoftmax],
    ] as const) {
      const v = nodeOf(op, [x], {})
      const isNumber = (list: ArrayLike<number>) => Array.from(list, (y) => Number.isFinite(y))
      const got = runKernel(v, [x], family).data
      expect(isNumber(got).slice(5, 10)).toEqual(Array(5).fill(true))
      expect(isNumber(got).slice(0, 5)).toEqual(Array(5).fill(false))
      expect(Number.isNaN(got[11])).toBe(true)
    }
  })

  it('adds up to 1', () => {
    const x = random([4, 1001], 8, -3, 3)
    const y = runKernel(nodeOf(ops.softmax.op, [x], {}), [x], softmax).data
    for (let r = 0; r < 4; r++)
      expect(Array.from(y.subarray(r * 1001, (r + 1) * 1001)).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
  })
})
