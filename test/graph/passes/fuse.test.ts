/** Which values fusion recomputes in each kernel that reads them, and which it stores. */
import { expect, test } from 'vitest'
import { type Graph, topological } from '../../../src/graph/index.ts'
import { bodyOf, fuse, fusedOp, lower, mergeEqual } from '../../../src/graph/passes/index.ts'
import { planMemory } from '../../../src/graph/plan/index.ts'
import {
  add,
  depthwiseConv2d,
  exp,
  hardSwish,
  input,
  maximum,
  mul,
  type Operand,
  reduceSum,
  sigmoid,
  takesEpilogue,
  type Value,
} from '../../../src/ops/index.ts'
import { hasKernel } from '../../../src/wasm/kernels/index.ts'

const fused = (outputs: Graph['outputs']): Graph =>
  fuse(mergeEqual(lower({ outputs, updates: [] }, hasKernel)), takesEpilogue)

/** The ops that each kernel of the program computes, in the order of its steps. */
const kernelsOf = (graph: Graph): string[] =>
  planMemory(graph).steps.map((v) =>
    (v.op === fusedOp ? topological(bodyOf(v).roots) : [v])
      .map(({ op }) => op.name)
      .filter((name) => name !== 'input' && name !== 'constant')
      .join(' '),
  )

const x = input('x', [2, 6, 6, 8])
const gate = input('gate', [2, 1, 1, 8])
const sums = (v: Value): Value => reduceSum({ x: v }, { axes: [1, 2] })

test('a value that several kernels read is stored in the epilogue of its producer, if that has no other reader', () => {
  const z = depthwiseConv2d({ x, w: input('w', [3, 3, 8]) }, { pad: [1, 1, 1, 1] })
  const y = hardSwish(add(z, input('b', [8])))
  expect(kernelsOf(fused({ sums: sums(y), scaled: mul(y, gate) }))).toEqual([
    'depthwise_conv2d add add maximum minimum mul mul',
    'reduce_sum',
    'mul',
  ])
})

test('each reader recomputes a cheap expression of a stored value', () => {
  const z = depthwiseConv2d({ x, w: input('w', [3, 3, 8]) }, { pad: [1, 1, 1, 1] })
  const y = maximum(add(z, input('b', [8])), 0)
  expect(kernelsOf(fused({ z, sums: sums(y), scaled: mul(y, gate) }))).toEqual([
    'depthwise_conv2d',
    'add maximum reduce_sum',
    'add maximum mul',
  ])
})

test('an expensive expression is stored once for all readers', () => {
  const y = sigmoid(x)
  const readers = { sums: sums(y), a: mul(y, gate), b: add(y, 1) }
  expect(kernelsOf(fused(readers))).toEqual(['neg exp add div', 'reduce_sum', 'mul', 'add'])
  // A single reader, or several in one kernel, compute it as they go.
  expect(kernelsOf(fused({ a: mul(y, gate) }))).toEqual(['neg exp add div mul'])
  expect(kernelsOf(fused({ sums: sums(y), squares: sums(mul(y, y)) }))).toEqual([
    'neg exp add div reduce_sum mul reduce_sum',
  ])
})

test('a cheap expression is stored if many kernels read it', () => {
  const readers = (count: number): Graph['outputs'] => {
    const y = maximum(add(mul(x, 0.5), gate), 0)
    return Object.fromEntries(Array.from({ length: count }, (_, i) => [`y${i}`, mul(y, i + 2)]))
  }
  expect(kernelsOf(fused(readers(3)))).toEqual(Array(3).fill('mul add maximum mul'))
  expect(kernelsOf(fused(readers(10)))).toEqual(['mul add maximum', ...Array(10).fill('mul')])
})

test('an expression that reads two full tensors, since one of them is stored, is stored too', () => {
  // y is stored, so z reads two full tensors, x and y. Its readers read z instead.
  const y: Operand = exp(x)
  const z = mul(add(y, x), gate)
  const kernels = kernelsOf(fused({ y: sums(y), a: sums(z), b: add(z, 1) }))
  expect(kernels).toEqual(['exp', 'reduce_sum', 'add mul', 'reduce_sum', 'add'])
})
