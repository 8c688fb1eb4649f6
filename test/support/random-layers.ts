/** The layers of random graphs: one entry each, which states where the layer fits and draws its sizes. */
import { size } from '../../src/core/index.ts'
import {
  abs,
  add,
  avgPool,
  batchNorm,
  broadcastTo,
  channelMean,
  channelVariance,
  clamp,
  concat,
  conv2d,
  depthwiseConv2d,
  div,
  dropout,
  exp,
  extent,
  greater,
  hardSigmoid,
  hardSwish,
  log,
  logSoftmax,
  matmul,
  maximum,
  maxPool,
  minimum,
  mul,
  neg,
  type Pad,
  reduceMean,
  reduceSum,
  relu,
  relu6,
  reshape,
  resizeBilinear,
  type Size2,
  sigmoid,
  slice,
  sliceFirst,
  softmax,
  sqrt,
  sub,
  swish,
  tanh,
  type Value,
  where,
  zeroPad,
} from '../../src/ops/index.ts'
import type { Maker } from './random-graph.ts'

export interface Rule {
  readonly fits: (x: Value) => boolean
  /** Its gradient does not jump. */
  readonly smooth: boolean
  readonly make: (g: Maker, x: Value) => Value
}

const isImage = (x: Value): boolean => x.shape.length === 4
const isMatrix = (x: Value): boolean => x.shape.length === 2
const hasAxes = (x: Value): boolean => x.shape.length > 0
const always = (): boolean => true

interface Window {
  readonly kernel: Size2
  readonly stride: number
  readonly dilation: number
  readonly pad: Pad
}

/** A window that fits on x. With `inside`, it always covers a pixel. */
function windowOn(g: Maker, x: Value, { inside = false } = {}): Window {
  const dilation = inside || g.chance(0.8) ? 1 : 2
  const along = (length: number) => {
    let kernel = g.integer(1, g.chance(0.2) ? 5 : 3)
    const most = inside ? kernel - 1 : 2
    const pads = [g.integer(0, most), g.integer(0, most)]
    while (extent(kernel, dilation) > length + pads[0] + pads[1]) kernel--
    return { kernel, pads: pads.map((p) => (inside ? Math.min(p, kernel - 1) : p)) }
  }
  const [rows, columns] = [along(x.shape[1]), along(x.shape[2])]
  const pad = [...rows.pads, ...columns.pads] as unknown as Pad
  const fits = (k: number, length: number, pads: readonly number[]) => extent(k, dilation) <= length + pads[0] + pads[1]
  if (!fits(rows.kernel, x.shape[1], rows.pads) || !fits(columns.kernel, x.shape[2], columns.pads))
    return { kernel: [1, 1], stride: 1, dilation: 1, pad: [0, 0, 0, 0] }
  return { kernel: [rows.kernel, columns.kernel], stride: g.pick([1, 1, 2, 3]), dilation, pad }
}

function convolution(g: Maker, x: Value, window: Window, groups = 1): Value {
  const { kernel, ...attrs } = window
  const inner = x.shape[3] / groups
  const outer = groups * g.integer(1, groups > 1 ? 4 : 20)
  const w = g.weight([...kernel, inner, outer], kernel[0] * kernel[1] * inner)
  return conv2d({ x, w }, { ...attrs, groups })
}

function normalised(g: Maker, x: Value, own: boolean): Value {
  const c = [x.shape[x.shape.length - 1]]
  const [gamma, beta] = [g.parameter(c, 0.5, 1.5), g.parameter(c, -1, 1)]
  const [mean, variance] = own
    ? [channelMean({ x }), channelVariance({ x })]
    : [g.parameter(c, -0.5, 0.5), g.parameter(c, 0.5, 1.5)]
  return batchNorm({ x, gamma, beta, mean, variance }, { eps: 1e-2 })
}

function product(g: Maker, x: Value): Value {
  const transA = g.chance(0.3)
  const k = x.shape[transA ? 0 : 1]
  if (g.chance(0.2)) return mul(matmul({ a: x, b: x }, { transA, transB: !transA }), 1 / Math.sqrt(k))
  const [transB, n] = [g.chance(0.4), g.integer(1, 24)]
  return matmul({ a: x, b: g.weight(transB ? [n, k] : [k, n], k) }, { transA, transB })
}

/** Some axes of x, at least one. */
function axesOf(g: Maker, x: Value): number[] {
  const axes = x.shape.map((_, i) => i).filter(() => g.chance(0.5))
  return axes.length ? axes : [x.shape.length - 1]
}

function reshaped(g: Maker, x: Value): Value {
  const n = size(x.shape)
  const [divisor, other] = [1, 2, 3, 4, 5, 7].filter((d) => n % d === 0).slice(-2)
  const shapes = [
    [n],
    [divisor, n / divisor],
    [x.shape[0] ?? 1, size(x.shape.slice(1))],
    [1, divisor, 1, n / divisor],
    [other ?? 1, 1, n / (other ?? 1)],
    [...x.shape, 1],
  ]
  return reshape({ x }, { shape: g.pick(shapes) })
}

function box(g: Maker, x: Value): Value {
  const shape = x.shape.map((d) => (g.chance(0.5) ? d : g.integer(1, d)))
  return slice({ x }, { from: x.shape.map((d, i) => g.integer(0, d - shape[i])), shape })
}

/** x between others of its shape, along any axis. */
function joined(g: Maker, x: Value): Value {
  const same = g.values.filter((v) => String(v.shape) === String(x.shape))
  const axis = g.integer(0, x.shape.length - 1)
  return concat(
    Array.from({ length: g.integer(1, 3) }, (_, i) => (i === 0 ? x : g.chance(0.3) ? box(g, x) : g.pick(same))).filter(
      (v) => v.shape.every((d, i) => i === axis || d === x.shape[i]),
    ),
    { axis },
  )
}

const unary =
  (fn: (x: Value) => Value): Rule['make'] =>
  (_, x) =>
    fn(x)
const binary =
  (fn: (a: Value, b: Value) => Value): Rule['make'] =>
  (g, x) =>
    g.chance(0.7) ? fn(x, g.beside(x)) : fn(g.beside(x), x)
/** The square of x plus a small constant: above 0, and smooth. */
const positive = (x: Value): Value => add(mul(x, x), 0.5)

export const rules: readonly Rule[] = [
  { fits: isImage, smooth: true, make: (g, x) => convolution(g, x, windowOn(g, x)) },
  { fits: isImage, smooth: true, make: (g, x) => convolution(g, x, windowOn(g, x)) },
  {
    fits: isImage,
    smooth: true,
    make: (g, x) => convolution(g, x, { kernel: [1, 1], stride: 1, dilation: 1, pad: [0, 0, 0, 0] }),
  },
  {
    fits: (x) => isImage(x) && [2, 3].some((d) => x.shape[3] % d === 0),
    smooth: true,
    make: (g, x) => convolution(g, x, windowOn(g, x), g.pick([2, 3].filter((d) => x.shape[3] % d === 0))),
  },
  {
    fits: isImage,
    smooth: true,
    make(g, x) {
      const { kernel, ...attrs } = windowOn(g, x)
      return depthwiseConv2d({ x, w: g.weight([...kernel, x.shape[3]], kernel[0] * kernel[1]) }, attrs)
    },
  },
  { fits: (x) => x.shape.length > 1, smooth: true, make: (g, x) => normalised(g, x, false) },
  {
    fits: (x) => x.shape.length > 1 && size(x.shape) >= 4 * x.shape[x.shape.length - 1],
    smooth: true,
    make: (g, x) => normalised(g, x, true),
  },
  {
    fits: isImage,
    smooth: true,
    make(g, x) {
      const { dilation: _, ...attrs } = windowOn(g, x, { inside: true })
      return avgPool({ x }, { ...attrs, countPad: g.chance(0.5) })
    },
  },
  {
    fits: isImage,
    smooth: false,
    make(g, x) {
      const { dilation: _, ...attrs } = windowOn(g, x, { inside: true })
      return maxPool({ x }, attrs)
    },
  },
  {
    fits: isImage,
    smooth: true,
    make: (g, x) => resizeBilinear({ x }, { size: [g.integer(1, 9), g.integer(1, 9)], alignCorners: g.chance(0.5) }),
  },
  { fits: isImage, smooth: true, make: (_, x) => mul(x, sigmoid(reduceMean(x, [1, 2]))) },
  { fits: isMatrix, smooth: true, make: product },
  { fits: isMatrix, smooth: true, make: product },
  { fits: isMatrix, smooth: true, make: unary((x) => softmax({ x })) },
  { fits: isMatrix, smooth: true, make: unary((x) => logSoftmax({ x })) },
  ...[sigmoid, swish, tanh, neg].map((fn) => ({ fits: always, smooth: true, make: unary(fn) })),
  ...[relu, relu6, hardSigmoid, hardSwish, abs, clamp].map((fn) => ({
    fits: always,
    smooth: false,
    make: unary((x) => fn(x)),
  })),
  { fits: always, smooth: true, make: unary((x) => exp(tanh(x))) },
  { fits: always, smooth: true, make: unary((x) => log(positive(x))) },
  { fits: always, smooth: true, make: unary((x) => sqrt(positive(x))) },
  ...[add, sub, mul].map((fn) => ({ fits: always, smooth: true, make: binary(fn) })),
  { fits: always, smooth: true, make: binary((a, b) => div(a, positive(b))) },
  ...[maximum, minimum].map((fn) => ({ fits: always, smooth: false, make: binary(fn) })),
  {
    fits: always,
    smooth: true,
    make: (g, x) => where(greater(g.input(x.shape), g.chance(0.5) ? 0 : g.input(x.shape)), x, g.beside(x)),
  },
  {
    fits: hasAxes,
    smooth: true,
    make(g, x) {
      const axes = axesOf(g, x)
      return mul(reduceSum({ x }, { axes }), 1 / Math.sqrt(size(axes.map((a) => x.shape[a]))))
    },
  },
  {
    fits: (x) => x.shape.includes(1),
    smooth: true,
    make: (g, x) => broadcastTo({ x }, { shape: x.shape.map((d) => (d === 1 ? g.integer(1, 4) : d)) }),
  },
  { fits: always, smooth: true, make: reshaped },
  { fits: always, smooth: true, make: reshaped },
  {
    fits: hasAxes,
    smooth: true,
    make(g, x) {
      const count = g.integer(1, x.shape[0])
      return sliceFirst({ x }, { from: g.integer(0, x.shape[0] - count), count })
    },
  },
  { fits: hasAxes, smooth: true, make: box },
  {
    fits: hasAxes,
    smooth: true,
    make(g, x) {
      const zeros = () => x.shape.map(() => (g.chance(0.6) ? 0 : g.integer(1, 2)))
      return zeroPad({ x }, { before: zeros(), after: zeros() })
    },
  },
  { fits: hasAxes, smooth: true, make: joined },
  { fits: hasAxes, smooth: true, make: joined },
  {
    fits: always,
    smooth: true,
    make: (g, x) => dropout({ x, seed: g.input([], 'i32') }, { rate: 0.3, stream: g.integer(0, 99) }),
  },
]
