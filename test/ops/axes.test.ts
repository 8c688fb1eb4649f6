/**
 * The links of ops' axes against the oracles: removing an entry from all axes of a link leaves the rest of the result
 * unchanged. If a link ends in the op (a channel that a convolution sums over), the entry is set to zero first.
 */
import { expect, test } from 'vitest'
import { type Shape, type Tensor, take, tensor } from '../../src/core/index.ts'
import {
  type AxisEnd,
  type AxisLink,
  allOps,
  contractOf,
  conv2dContract,
  input,
  makeValue,
  matmulContract,
  type Op,
  reshape,
  reshapeContract,
} from '../../src/ops/index.ts'
import { difference, makeInputs, runOracle } from './samples.ts'

interface Case {
  readonly op: Op
  readonly inputs: readonly Tensor[]
  readonly attrs: object
}

const filled = (shape: Shape): Tensor => {
  const length = shape.reduce((a, b) => a * b, 1)
  return tensor(
    shape,
    Array.from({ length }, (_, i) => Math.sin(i * i + 1)),
  )
}

/** Shapes in which entries repeat along an axis. No op's samples cover them all. */
const reshapes: Case[] = (
  [
    [
      [2, 2, 3, 4],
      [0, -1],
    ],
    [
      [2, 24],
      [0, 2, 3, -1],
    ],
    [
      [2, 4],
      [0, 1, 1, -1],
    ],
    [
      [1, 5, 1, 4],
      [1, 0, -1],
    ],
  ] as const
).map(([x, shape]) => ({ op: reshape.op, inputs: [filled(x)], attrs: { shape } }))

const cases: Case[] = [
  ...allOps
    .filter((op) => contractOf(op).axes)
    .flatMap((op) => contractOf(op).samples.map(({ attrs }, i): Case => ({ op, inputs: makeInputs(op, i), attrs }))),
  ...reshapes,
]

const run = ({ op, attrs }: Case, inputs: readonly Tensor[]): Tensor =>
  runOracle(
    makeValue(
      op,
      inputs.map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype)),
      attrs,
    ),
    inputs,
  ).y

const linksOf = ({ op, inputs, attrs }: Case, y: Shape): readonly AxisLink[] =>
  contractOf(op).axes!(
    inputs.map((x) => x.shape),
    attrs,
    y,
  )

/** The places of an entry along the axis of one end of a link, of `count` entries. */
const placesOf = (entry: number, count: number, { from = 0, times = 1 }: AxisEnd): number[] =>
  Array.from({ length: times }, (_, k) => from + k * count + entry)

const without = (t: Tensor, axis: number, places: readonly number[]): Tensor =>
  take(
    t,
    axis,
    Array.from({ length: t.shape[axis] }, (_, i) => i).filter((i) => !places.includes(i)),
  )

function withZeros(t: Tensor, axis: number, places: readonly number[]): Tensor {
  const inner = t.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const isAt = (i: number) => places.includes(Math.floor(i / inner) % t.shape[axis])
  return { ...t, data: t.data.map((value: number, i: number) => (isAt(i) ? 0 : value)) as Tensor['data'] }
}

/** All links of a case with more than one entry, each with the entry to remove. */
const dropped = cases.flatMap((one) => {
  const y = run(one, one.inputs)
  return linksOf(one, y.shape).flatMap((link) => {
    const { input, axis, times = 1 } = link.find((end) => end.input !== undefined)!
    const count = one.inputs[input!].shape[axis] / times
    return count > 1 ? [{ one, link, count, entry: Math.floor(count / 2) }] : []
  })
})

test.each(dropped.map((d) => [`${d.one.op.name} ${JSON.stringify(d.link)}`, d] as const))('%s', (_, d) => {
  const { one, link, count, entry } = d
  const result = link.find((end) => end.input === undefined)
  const inputs = [...one.inputs]
  const first = link.find((end) => end.input !== undefined)!
  if (!result) inputs[first.input!] = withZeros(inputs[first.input!], first.axis, placesOf(entry, count, first))
  const y = run(one, inputs)
  for (const end of link)
    if (end.input !== undefined) inputs[end.input] = without(inputs[end.input], end.axis, placesOf(entry, count, end))
  const got = run(one, inputs)
  const expected = result ? without(y, result.axis, placesOf(entry, count, result)) : y
  expect(got.shape).toEqual(expected.shape)
  // Results are in float64; `take` returns float32.
  expect(difference(got.data, expected.data)).toBeLessThan(1e-6)
})

test('the cases cover every kind of link', () => {
  const names = new Set(dropped.map(({ one }) => one.op.name))
  for (const name of ['conv2d', 'depthwise_conv2d', 'matmul', 'batch_norm', 'concat', 'reshape', 'reduce_sum', 'add'])
    expect(names).toContain(name)
  expect(dropped.some(({ link }) => link.some(({ times = 1 }) => times > 1))).toBe(true)
  expect(dropped.some(({ link }) => link.some(({ from = 0 }) => from > 0))).toBe(true)
  expect(dropped.some(({ link }) => link.every((end) => end.input !== undefined))).toBe(true)
})

test('links of a grouped convolution and of fixed shapes', () => {
  const shapes = {
    grouped: [
      [1, 4, 4, 8],
      [1, 1, 4, 6],
    ],
    fixed: [[2, 3, 4]],
  } as const
  expect(conv2dContract.axes!(shapes.grouped, { groups: 2 }, [1, 4, 4, 6])).toEqual([])
  expect(reshapeContract.axes!(shapes.fixed, { shape: [2, 12] }, [2, 12])).toEqual([])
  expect(
    matmulContract.axes!(
      [
        [5, 3],
        [7, 5],
      ],
      { transA: true, transB: true },
      [3, 7],
    ),
  ).toEqual([
    [
      { input: 0, axis: 0 },
      { input: 1, axis: 1 },
    ],
    [{ input: 0, axis: 1 }, { axis: 0 }],
    [{ input: 1, axis: 0 }, { axis: 1 }],
  ])
})
