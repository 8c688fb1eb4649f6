/** Every gradient against central differences of the oracle, in double precision and away from kinks. */
import { describe, expect, it } from 'vitest'
import { key, Rng, type Shape, size, type Tensor } from '../../src/core/index.ts'
import { gradients, topological } from '../../src/graph/index.ts'
import { mergeEqual } from '../../src/graph/passes/index.ts'
import {
  add,
  allOps,
  batchNorm,
  channelMean,
  channelVariance,
  contractOf,
  crop,
  crossEntropy,
  globalAvgPool,
  input,
  isRefusal,
  linear,
  makeValue,
  mul,
  pad,
  reduceMean,
  reduceSum,
  reshape,
  type Value,
} from '../../src/ops/index.ts'
import { difference, doubles, evaluateInDouble, lowerAll, makeInputs, runOracle } from './samples.ts'

const uniform = (shape: Shape, stream: number, low = -1, high = 1): Tensor => {
  const rng = new Rng(key(stream, 77))
  return doubles(
    shape,
    Float64Array.from({ length: size(shape) }, () => rng.between(low, high)),
  )
}

/** In float64 a step of 1e-5 leaves errors of about 1e-10 from either side. */
const step = 1e-5
const allUpTo = 200

/** Directions in which to move an input: each element if it is small, else a few elements and a few random directions. */
function directions(length: number): Float64Array[] {
  const unit = (i: number) => Float64Array.from({ length }, (_, j) => (i === j ? 1 : 0))
  if (length <= allUpTo) return Array.from({ length }, (_, i) => unit(i))
  const rng = new Rng(key(length, 5))
  return [
    ...[0, length - 1, ...Array.from({ length: 10 }, () => rng.integer(length))].map(unit),
    ...Array.from({ length: 4 }, () => Float64Array.from({ length }, () => rng.between(-1, 1))),
  ]
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** Derivatives of `f` at `inputs[which]` along each direction. */
function numerical(f: (inputs: readonly Tensor[]) => number, inputs: readonly Tensor[], which: number): Float64Array {
  const { shape, data } = inputs[which]
  return Float64Array.from(directions(data.length), (d) => {
    const at = (h: number) =>
      f(
        inputs.map((t, i) =>
          i === which
            ? doubles(
                shape,
                Float64Array.from(d, (e, j) => data[j] + h * e),
              )
            : t,
        ),
      )
    return (at(step) - at(-step)) / (2 * step)
  })
}

// Constants in gradient rules are float32 (1/6 is right to 3e-8); differences themselves are good to 1e-9.
const tolerance = 1e-6

const cases = allOps
  .filter((op) => !isRefusal(contractOf(op).grad))
  .flatMap((op) => contractOf(op).samples.map((_, index) => [op.name, index, op] as const))

describe('gradients of ops', () => {
  it.each(cases)('%s, sample %i', (_name, index, op) => {
    const { grad, samples } = contractOf(op)
    if (isRefusal(grad)) throw new Error('filtered above')
    const tensors = makeInputs(op, index)
    const leaves = tensors.map((t, i) => input(`x${i}`, t.shape, t.dtype))
    const y = makeValue(op, leaves, samples[index].attrs)
    const dy = input('dy', y.shape)
    const cotangent = uniform(y.shape, index)
    const known = new Map([...leaves.map((leaf, i) => [leaf, tensors[i]] as const), [dy, cotangent] as const])
    const found = grad(leaves, y.attrs, dy, y)
    for (const [i, leaf] of leaves.entries()) {
      const dx = found[i]
      if (leaf.dtype !== 'f32') {
        expect(dx, `${leaf.dtype} input ${i}`).toBeUndefined()
        continue
      }
      const expected = numerical((x) => dot(runOracle(y, x).y.data, cotangent.data), tensors, i)
      if (dx) expect(dx.shape, `gradient of input ${i}`).toEqual(leaf.shape)
      const analytic = dx ? evaluateInDouble([dx], known)[0] : new Float64Array(size(leaf.shape))
      const got = Float64Array.from(directions(analytic.length), (d) => dot(d, analytic))
      expect(difference(got, expected), `input ${i}`).toBeLessThan(tolerance)
    }
  })
})

const sumOf = (x: Value): Value =>
  x.shape.length ? reshape({ x: reduceSum({ x }, { axes: x.shape.map((_, i) => i) }) }, { shape: [] }) : x

type Composite = readonly [name: string, shapes: readonly Shape[], build: (...x: Value[]) => Value]

const composites: readonly Composite[] = [
  ['linear with bias', [[3, 5], [5, 7], [7]], (x, w, b) => linear(x, w, b)],
  ['global average pool', [[2, 3, 5, 6]], (x) => globalAvgPool(x)],
  ['mean over the first axis', [[4, 3]], (x) => reduceMean(x, [0])],
  ['pad', [[2, 3, 4, 3]], (x) => pad({ x }, { pad: [0, 1, 2, 0] })],
  ['crop', [[1, 5, 6, 3]], (x) => crop({ x }, { pad: [0, 1, 2, 0] })],
  [
    'cross-entropy',
    [
      [3, 10],
      [3, 10],
    ],
    (x, t) => crossEntropy(x, t),
  ],
  [
    'cross-entropy, smoothed',
    [
      [2, 5],
      [2, 5],
    ],
    (x, t) => crossEntropy(x, t, { smoothing: 0.1 }),
  ],
  [
    'batch norm in training',
    [[3, 2, 3, 5], [5], [5]],
    (x, gamma, beta) =>
      batchNorm({ x, gamma, beta, mean: channelMean({ x }), variance: channelVariance({ x }) }, { eps: 1e-3 }),
  ],
  [
    'squeeze and excitation',
    [
      [2, 3, 3, 4],
      [4, 4],
    ],
    (x, w) =>
      mul(x, reshape({ x: linear(reshape({ x: globalAvgPool(x) }, { shape: [2, 4] }), w) }, { shape: [2, 1, 1, 4] })),
  ],
  ['a value used twice', [[3, 5]], (x) => add(mul(x, x), x)],
]

describe('gradients of composites', () => {
  it.each(composites)('%s', (_name, shapes, build) => {
    const tensors = shapes.map((shape, i) => uniform(shape, 100 + i))
    const leaves = shapes.map((shape, i) => input(`x${i}`, shape))
    const y = build(...leaves)
    const loss = sumOf(mul(y, input('dy', y.shape)))
    const cotangent = uniform(y.shape, 9)
    const dy = topological([loss]).find((v) => v.attrs.name === 'dy')!
    const known = (x: readonly Tensor[]) =>
      new Map([...leaves.map((leaf, i) => [leaf, x[i]] as const), [dy, cotangent] as const])
    const found = gradients(loss, leaves)
    // As built, and lowered to primitives: gradients must be right in both forms.
    const outputs = Object.fromEntries(leaves.map((leaf, i) => [`d${i}`, found.get(leaf)!]))
    const lowered = mergeEqual(lowerAll({ outputs, updates: [] })).outputs
    for (const [i, leaf] of leaves.entries()) {
      const expected = numerical((x) => evaluateInDouble([loss], known(x))[0][0], tensors, i)
      for (const dx of [found.get(leaf)!, lowered[`d${i}`]]) {
        const [analytic] = evaluateInDouble([dx], known(tensors))
        const got = Float64Array.from(directions(analytic.length), (d) => dot(d, analytic))
        expect(difference(got, expected), `input ${i}`).toBeLessThan(tolerance)
      }
    }
  })
})

describe('batch norm in training', () => {
  it('sums over the batch four times: two statistics, and two sums backwards', () => {
    const x = input('x', [4, 5, 6, 8])
    const [gamma, beta] = ['gamma', 'beta'].map((name) => input(name, [8]))
    const y = batchNorm({ x, gamma, beta, mean: channelMean({ x }), variance: channelVariance({ x }) })
    const loss = sumOf(mul(y, input('dy', y.shape)))
    const found = gradients(loss, [x, gamma, beta])
    const graph = mergeEqual(
      lowerAll({
        outputs: { y, dx: found.get(x)!, dgamma: found.get(gamma)!, dbeta: found.get(beta)! },
        updates: [],
      }),
    )
    const sums = topological(Object.values(graph.outputs)).filter((v) => v.op === reduceSum.op)
    expect(sums).toHaveLength(4)
  })
})
