/** Oracles against independent values: computed by hand, or by another op that must agree. */
import { describe, expect, it } from 'vitest'
import { type Shape, size, type Tensor, tensor } from '../../src/core/index.ts'
import { evaluate, gradients, topological } from '../../src/graph/index.ts'
import {
  avgPool,
  channelMean,
  channelVariance,
  clamp,
  concat,
  constant,
  contractOf,
  conv2d,
  conv2dDx,
  crossEntropy,
  depthwiseConv2d,
  dropout,
  hardSigmoid,
  hardSwish,
  input,
  isRefusal,
  logSoftmax,
  maxPool,
  maxPoolDx,
  pad,
  relu,
  relu6,
  reshape,
  resizeBilinear,
  samePad,
  sigmoid,
  sliceLast,
  softmax,
  swish,
  tanh,
  torchPad,
  type Value,
} from '../../src/ops/index.ts'
import { difference, lowerAll } from './samples.ts'

/** Runs a graph of constants in float32. */
const compute = (v: Value): Tensor => evaluate([v], () => tensor([], [0]))[0]
const numbers = (v: Value): number[] => [...compute(v).data]
const image = (shape: Shape, data: readonly number[]): Value => constant(tensor(shape, data))
/** 1, 2, 3, ... */
const counting = (...shape: Shape): Value =>
  image(
    shape,
    Array.from({ length: size(shape) }, (_, i) => i + 1),
  )
/** Values that look random, with a long period. */
const wavy = (...shape: Shape): Value =>
  image(
    shape,
    Array.from({ length: size(shape) }, (_, i) => Math.sin(i * i + 1)),
  )
const scalarSeed = (seed: number): Value => constant(tensor([], [seed], 'i32'))
const lowered = (v: Value): Value => lowerAll({ outputs: { v }, updates: [] }).outputs.v

describe('padding rules', () => {
  it('"same" gives ceil(size / stride) pixels, with an odd zero at the end', () => {
    expect(samePad(224, 224, 3, 2)).toEqual([0, 1, 0, 1])
    expect(samePad(7, 112, 3, 2)).toEqual([1, 1, 0, 1])
    expect(samePad(14, 14, 5, 1)).toEqual([2, 2, 2, 2])
    expect(samePad(10, 9, [1, 4], 1)).toEqual([0, 0, 1, 2])
    expect(samePad(28, 28, 3, 1, 2)).toEqual([2, 2, 2, 2])
    expect(samePad(8, 8, 1, 2)).toEqual([0, 0, 0, 0])
    for (let size = 1; size < 20; size++)
      for (const kernel of [1, 2, 3, 5, 7])
        for (const stride of [1, 2, 3])
          for (const dilation of [1, 2]) {
            const x = input('x', [1, size, size, 1])
            const y = depthwiseConv2d(
              { x, w: input('w', [kernel, kernel, 1]) },
              { stride, dilation, pad: samePad(size, size, kernel, stride, dilation) },
            )
            expect(y.shape[1]).toBe(Math.ceil(size / stride))
          }
  })

  it('PyTorch models pad by half of the window', () => {
    expect(torchPad(3)).toEqual([1, 1, 1, 1])
    expect(torchPad(5, 2)).toEqual([4, 4, 4, 4])
    expect(torchPad([1, 7])).toEqual([0, 0, 3, 3])
  })
})

describe('convolutions', () => {
  it('by hand', () => {
    const [x, w] = [counting(1, 3, 3, 1), counting(2, 2, 1, 1)]
    expect(numbers(conv2d({ x, w }))).toEqual([37, 47, 67, 77])
    expect(numbers(conv2d({ x, w }, { stride: 2, pad: [1, 0, 0, 1] }))).toEqual([11, 9, 67, 33])
    expect(numbers(conv2d({ x, w }, { dilation: 2 }))).toEqual([1 + 2 * 3 + 3 * 7 + 4 * 9])
  })

  it('1x1, two channels to two, is a matrix product', () => {
    const y = conv2d({ x: image([1, 1, 2, 2], [1, 2, 3, 4]), w: image([1, 1, 2, 2], [10, 20, 30, 40]) })
    expect(numbers(y)).toEqual([70, 100, 150, 220])
    expect(topological([lowered(y)]).map((v) => v.op.name)).toEqual([
      'constant',
      'reshape',
      'constant',
      'reshape',
      'matmul',
      'reshape',
    ])
  })

  it('a grouped convolution equals one convolution per group', () => {
    const [x, w] = [wavy(2, 5, 6, 6), wavy(3, 3, 2, 9)]
    const attrs = { stride: 2, pad: [1, 1, 0, 1] } as const
    const parts = [0, 1, 2].map((g) =>
      conv2d(
        { x: sliceLast({ x }, { from: 2 * g, count: 2 }), w: sliceLast({ x: w }, { from: 3 * g, count: 3 }) },
        attrs,
      ),
    )
    const together = compute(conv2d({ x, w }, { ...attrs, groups: 3 }))
    expect(difference(together.data, compute(concat(parts, { axis: 3 })).data)).toBeLessThan(1e-6)
  })

  it('depthwise convolution equals a convolution with one group per channel', () => {
    const [x, w] = [wavy(2, 7, 6, 5), wavy(3, 2, 5)]
    const attrs = { stride: 2, pad: [1, 0, 2, 1], dilation: 2 } as const
    const dense = conv2d({ x, w: reshape({ x: w }, { shape: [3, 2, 1, 5] }) }, { ...attrs, groups: 5 })
    expect(numbers(depthwiseConv2d({ x, w }, attrs))).toEqual(numbers(dense))
    expect(topological([lowered(dense)]).map((v) => v.op.name)).toContain('depthwise_conv2d')
  })

  it('rows that no window covers have gradient 0', () => {
    const dx = conv2dDx(
      { dy: image([1, 1, 1, 1], [2]), w: counting(2, 2, 1, 1) },
      { stride: 2, inputShape: [1, 3, 3, 1] },
    )
    expect(numbers(dx)).toEqual([2, 4, 0, 6, 8, 0, 0, 0, 0])
    expect(numbers(lowered(dx))).toEqual([2, 4, 0, 6, 8, 0, 0, 0, 0])
  })

  it('padding x first equals padding in the convolution', () => {
    const [x, w] = [wavy(1, 5, 4, 3), wavy(3, 3, 3, 2)]
    const margins = [0, 2, 1, 3] as const
    expect(numbers(conv2d({ x: pad({ x }, { pad: margins }), w }))).toEqual(numbers(conv2d({ x, w }, { pad: margins })))
  })
})

describe('pools', () => {
  const x = image([1, 2, 3, 1], [1, 5, 5, 2, 4, 3])

  it('average only pixels, or pixels and padding', () => {
    const attrs = { kernel: [2, 2], pad: [1, 0, 0, 0] } as const
    expect(numbers(avgPool({ x }, attrs))).toEqual([3, 5, 3, 4.25])
    expect(numbers(avgPool({ x }, { ...attrs, countPad: true }))).toEqual([1.5, 2.5, 3, 4.25])
  })

  it('give the gradient to the first of equal pixels', () => {
    const attrs = { kernel: [2, 3] } as const
    expect(numbers(maxPool({ x }, attrs))).toEqual([5])
    expect(numbers(maxPoolDx({ x, dy: image([1, 1, 1, 1], [7]) }, attrs))).toEqual([0, 7, 0, 0, 0, 0])
  })

  it('ignore padding, and keep NaN', () => {
    const attrs = { kernel: [2, 2], stride: 2, pad: [1, 0, 1, 0] } as const
    expect(numbers(maxPool({ x: image([1, 1, 1, 1], [-3]) }, attrs))).toEqual([-3])
    expect(numbers(maxPool({ x: image([1, 1, 2, 1], [Number.NaN, 9]) }, { kernel: [1, 2] }))).toEqual([Number.NaN])
  })
})

describe('resizing', () => {
  const x = counting(1, 2, 2, 1)

  it('uses half-pixel centres, as PyTorch does', () => {
    expect(numbers(resizeBilinear({ x }, { size: [4, 4] }))).toEqual([
      ...[1, 1.25, 1.75, 2],
      ...[1.5, 1.75, 2.25, 2.5],
      ...[2.5, 2.75, 3.25, 3.5],
      ...[3, 3.25, 3.75, 4],
    ])
  })

  it('aligns corners if asked', () => {
    const third = (n: number) => Math.fround(1 + n / 3)
    expect(numbers(resizeBilinear({ x }, { size: [2, 4], alignCorners: true }))).toEqual([
      ...[1, third(1), third(2), 2],
      ...[3, third(7), third(8), 4],
    ])
  })

  it('to the same size changes nothing', () => {
    const y = wavy(1, 5, 4, 3)
    for (const alignCorners of [true, false])
      expect(numbers(resizeBilinear({ x: y }, { size: [5, 4], alignCorners }))).toEqual(numbers(y))
  })
})

describe('activations', () => {
  const at = (define: (x: Value) => Value, ...x: number[]) => numbers(define(image([x.length], x)))
  const near = (got: number[], expected: number[]) => expect(difference(got, expected)).toBeLessThan(1e-6)

  it('by hand', () => {
    expect(at(relu, -1, 0, 2)).toEqual([0, 0, 2])
    expect(at(relu6, -1, 3, 8)).toEqual([0, 3, 6])
    expect(at((x) => clamp(x, { min: -1, max: 0.5 }), -2, 0.25, 3)).toEqual([-1, 0.25, 0.5])
    expect(at(hardSigmoid, -4, 0, 4)).toEqual([0, 0.5, 1])
    near(at(hardSwish, -4, -1, 1, 5), [0, -1 / 3, 2 / 3, 5])
    near(at(sigmoid, 0, Math.log(3), -100, 100), [0.5, 0.75, 0, 1])
    near(at(swish, 0, Math.log(3)), [0, 0.75 * Math.log(3)])
    near(at(tanh, 0, Math.log(2), -20, 20), [0, 0.6, -1, 1])
  })

  it.each(Object.entries({ relu, relu6, clamp, hardSigmoid, hardSwish, sigmoid, swish, tanh }))(
    '%s keeps NaN, as it is and lowered',
    (_name, define) => {
      const y = define(image([2], [Number.NaN, 1]))
      for (const v of [y, lowered(y)]) expect(numbers(v).map(Number.isNaN)).toEqual([true, false])
    },
  )

  it('have gradient 0 at the kink of ReLU', () => {
    const x = image([3], [-1, 0, 6])
    const ones = image([3], [1, 1, 1])
    const gradient = (y: Value): number[] => {
      const { grad } = contractOf(y.op)
      if (isRefusal(grad)) throw new Error('activations have gradients')
      return numbers(grad([x], y.attrs, ones, y)[0]!)
    }
    expect(gradient(relu(x))).toEqual([0, 0, 1])
    expect(gradient(relu6(x))).toEqual([0, 0, 0])
  })

  it('are lowered to expressions that are accurate to 1e-6 in float32', () => {
    const points = Array.from({ length: 2001 }, (_, i) => (i - 1000) / 50)
    for (const define of [sigmoid, tanh, hardSigmoid])
      near(numbers(lowered(define(image([points.length], points)))), at(define, ...points))
  })
})

describe('softmax and cross-entropy', () => {
  it('are uniform for equal numbers of any size', () => {
    expect(numbers(softmax({ x: image([2, 4], [1e4, 1e4, 1e4, 1e4, -1e4, -1e4, -1e4, -1e4]) }))).toEqual(
      new Array(8).fill(0.25),
    )
    expect(numbers(logSoftmax({ x: image([1, 2], [0, 1e4]) }))).toEqual([-1e4, 0])
    expect(
      numbers(crossEntropy(image([1, 8], new Array(8).fill(3)), image([1, 8], [0, 1, 0, 0, 0, 0, 0, 0])))[0],
    ).toBeCloseTo(Math.log(8), 6)
  })

  it('smooth as PyTorch does', () => {
    const [logits, targets] = [image([1, 3], [1, 2, 3]), image([1, 3], [0, 0, 1])]
    // -log softmax is 2.407606, 1.407606, 0.407606.
    expect(numbers(crossEntropy(logits, targets))[0]).toBeCloseTo(0.407606, 6)
    expect(numbers(crossEntropy(logits, targets, { smoothing: 0.1 }))[0]).toBeCloseTo(
      0.9 * 0.407606 + 0.1 * 1.407606,
      6,
    )
  })

  it('have the gradient (softmax - targets) / N', () => {
    const [logits, targets] = [input('x', [2, 3]), image([2, 3], [0, 0, 1, 0.5, 0.5, 0])]
    const dx = gradients(crossEntropy(logits, targets), [logits]).get(logits)!
    const x = tensor([2, 3], [1, 2, 3, 0, 0, 0])
    const [got] = evaluate([dx], () => x)
    const p = [1, 2, 3].map((v) => Math.exp(v) / (Math.E + Math.E ** 2 + Math.E ** 3))
    const expected = [p[0], p[1], p[2] - 1, 1 / 3 - 0.5, 1 / 3 - 0.5, 1 / 3].map((v) => v / 2)
    expect(difference(got.data, expected)).toBeLessThan(1e-6)
  })
})

describe('dropout', () => {
  const x = image([100, 40], new Array(4000).fill(1))
  const run = (seed: number, attrs: { rate?: number; stream?: number }) =>
    numbers(dropout({ x, seed: scalarSeed(seed) }, attrs))

  it('is integer arithmetic that any engine can repeat', () => {
    const mix = (n: number) => {
      let h = Math.imul(n ^ (n >>> 16), 0x7feb352d)
      h = Math.imul(h ^ (h >>> 15), 0x846ca68b | 0)
      return h ^ (h >>> 16)
    }
    // key(stream) of core/rng, for stream 3: known when the graph is built.
    const ofStream = mix((mix(0x9e3779b9 ^ mix(3)) + 0x9e3779b9) | 0)
    const k = mix(-5 ^ ofStream)
    const threshold = Math.ceil(0.3 * 2 ** 24)
    const expected = Array.from({ length: 4000 }, (_, i) =>
      mix((mix(i ^ k) + k) | 0) >>> 8 >= threshold ? Math.fround(1 / 0.7) : 0,
    )
    expect(run(-5, { rate: 0.3, stream: 3 })).toEqual(expected)
  })

  it('drops the given share and keeps the mean', () => {
    const y = run(1, { rate: 0.3 })
    const dropped = y.filter((v) => v === 0).length / y.length
    // Four standard deviations of 4000 draws.
    expect(Math.abs(dropped - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / 4000))
  })

  it('drops other elements with another seed or stream, and the same ones in its gradient', () => {
    const first = run(1, { stream: 1 })
    const agreeing = (other: number[]) => other.filter((v, i) => v === first[i]).length / other.length
    expect(agreeing(run(1, { stream: 1 }))).toBe(1)
    // Half of two independent masks agree; five standard deviations.
    for (const other of [run(2, { stream: 1 }), run(1, { stream: 2 }), run(3, { stream: 1 })])
      expect(Math.abs(agreeing(other) - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 4000))
    const y = dropout({ x, seed: scalarSeed(1) }, { stream: 1 })
    const { grad } = contractOf(y.op)
    if (isRefusal(grad)) throw new Error('dropout has a gradient')
    expect(numbers(grad(y.inputs, y.attrs, x, y)[0]!)).toEqual(first)
  })

  it('returns x itself with rate 0', () => {
    expect(dropout({ x, seed: scalarSeed(1) }, { rate: 0 })).toBe(x)
  })
})

describe('batch statistics', () => {
  it('are accurate in float32 if the mean is large relative to the deviation', () => {
    const x = tensor(
      [4, 50, 2],
      Float32Array.from({ length: 400 }, (_, i) => 1000 + Math.sin(i * i)),
    )
    const mean = [0, 1].map((c) => x.data.filter((_, i) => i % 2 === c).reduce((a, b) => a + b) / 200)
    const variance = mean.map(
      (m, c) => x.data.filter((_, i) => i % 2 === c).reduce((s, v) => s + (v - m) ** 2, 0) / 200,
    )
    const leaf = constant(x)
    for (const of of [lowered, (v: Value) => v]) {
      expect(difference(numbers(of(channelMean({ x: leaf }))), mean)).toBeLessThan(1e-7)
      expect(difference(numbers(of(channelVariance({ x: leaf }))), variance)).toBeLessThan(1e-5)
    }
  })

  it('have variance 0 for a constant channel', () => {
    const x = image([5, 7, 1], new Array(35).fill(0.1))
    expect(numbers(lowered(channelVariance({ x })))).toEqual([0])
  })
})
