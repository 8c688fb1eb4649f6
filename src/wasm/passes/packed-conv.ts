/**
 * Convolution without patches, for patches that have no other reader (inference). The kernel reads each row of the window
 * directly from x, which is padded with zeros. A row of taps is contiguous in memory, as a row of a patch would be.
 */
import { assert, showShape } from '../../core/index.ts'
import { type Graph, readersOf, roots, topological } from '../../graph/index.ts'
import { mapRoots } from '../../graph/passes/index.ts'
import {
  completeOp,
  declareOp,
  type Im2colAttrs,
  im2col,
  native,
  no,
  pad,
  type Size2,
  scope,
  type Value,
  withInputs,
} from '../../ops/index.ts'
import { packedMatmul, panelColumns, panelsOf } from './packed-matmul.ts'

export interface PackedConvAttrs {
  readonly kernel: Size2
  readonly stride: number
  readonly dilation: number
  /** Height and width of the grid of output pixels. */
  readonly size: Size2
  readonly columns: number
}
const defaults: PackedConvAttrs = { kernel: [1, 1], stride: 1, dilation: 1, size: [1, 1], columns: 1 }

/** y [N * size, columns] = the windows of x [N, H, W, C], the first of which starts at x's first pixel, times packed b. */
export const packedConv2d = declareOp({
  name: 'packed_conv2d',
  inputs: { x: 'NHWC', b: 'PKC' },
  attrs: defaults,
  shape({ x, b }, { kernel: [kh, kw], stride, dilation, size: [rows, columns], columns: outputs }) {
    const [n, height, width, channels] = x.shape
    const k = kh * kw * channels
    assert(
      b.shape[0] === panelsOf(outputs) && b.shape[1] === k && b.shape[2] === panelColumns,
      () => `packed_conv2d: b is ${showShape(b.shape)}: it must be [${panelsOf(outputs)}, ${k}, ${panelColumns}]`,
    )
    const needed = [(rows - 1) * stride + (kh - 1) * dilation + 1, (columns - 1) * stride + (kw - 1) * dilation + 1]
    assert(
      needed[0] <= height && needed[1] <= width,
      () => `packed_conv2d: x is ${height} x ${width}: its windows need ${needed[0]} x ${needed[1]}`,
    )
    return [n * rows * columns, outputs]
  },
  lower: native,
  takesEpilogue: () => true,
})

export const packedConv2dContract = completeOp(packedConv2d, {
  cost: ({ x }, { kernel: [kh, kw] }, y) => ({ macs: y[0] * y[1] * kh * kw * x[3] }),
  reference({ x, b }, { kernel, stride, dilation, size: [rows, columns], columns: outputs }, y) {
    const [n, height, width, channels] = x.shape
    const [kh, kw] = kernel
    for (let row = 0; row < n * rows * columns; row++) {
      const [image, i, j] = [Math.floor(row / (rows * columns)), Math.floor(row / columns) % rows, row % columns]
      for (let o = 0; o < outputs; o++) {
        let sum = 0
        for (let u = 0; u < kh; u++)
          for (let v = 0; v < kw; v++)
            for (let c = 0; c < channels; c++) {
              const pixel = (image * height + i * stride + u * dilation) * width + j * stride + v * dilation
              const k = (u * kw + v) * channels + c
              const weight = (Math.floor(o / panelColumns) * kh * kw * channels + k) * panelColumns + (o % panelColumns)
              sum += x.data[pixel * channels + c] * b.data[weight]
            }
        y.data[row * outputs + o] = sum
      }
    }
    return n * rows * columns * outputs * kh * kw * channels
  },
  grad: /* @__PURE__ */ no('packing comes after differentiation'),
  samples: [
    { inputs: { x: [1, 9, 9, 3], b: [2, 27, 8] }, attrs: { kernel: [3, 3], stride: 2, size: [4, 4], columns: 16 } },
    { inputs: { x: [2, 6, 7, 5], b: [2, 30, 8] }, attrs: { kernel: [2, 3], size: [5, 5], columns: 11 } },
    { inputs: { x: [1, 7, 8, 4], b: [1, 4, 8] }, attrs: { stride: 3, size: [3, 3], columns: 7 } },
    { inputs: { x: [1, 7, 9, 2], b: [3, 18, 8] }, attrs: { kernel: [3, 3], dilation: 3, size: [1, 3], columns: 20 } },
  ],
})

/** The zeros around x that let its first window start at its first pixel and its last window end inside. */
function around(x: Value, { kernel, stride, dilation, top, left, size }: Im2colAttrs): Value {
  const [, height, width] = x.shape
  const after = (grid: number, taps: number, before: number, length: number) =>
    Math.max(0, (grid - 1) * stride + (taps - 1) * dilation + 1 - before - length)
  const [below, behind] = [after(size[0], kernel[0], top, height), after(size[1], kernel[1], left, width)]
  return pad({ x }, { pad: [top, below, left, behind] })
}

/** Turns products of patches that have no other reader into convolutions of zero-padded x. */
export function walkPatches(graph: Graph): Graph {
  const readers = readersOf(graph)
  const done = new Map<Value, Value>()
  for (const v of topological(roots(graph))) {
    const inputs = v.inputs.map((x) => done.get(x)!)
    const [patches] = v.inputs
    const isProduct = v.op === packedMatmul.op && !v.attrs.transA
    const replaced =
      isProduct && patches.op === im2col.op && readers.get(patches) === 1 && isForwards(patches.attrs as Im2colAttrs)
    const make = () => {
      const attrs = patches.attrs as Im2colAttrs
      const { kernel, stride, dilation, size } = attrs
      const x = around(done.get(patches.inputs[0])!, attrs)
      return packedConv2d({ x, b: inputs[1] }, { kernel, stride, dilation, size, columns: v.attrs.columns })
    }
    done.set(v, replaced ? scope(v.scope, make) : withInputs(v, inputs))
  }
  return mapRoots(graph, (v) => done.get(v)!)
}

const isForwards = ({ upsample, top, left }: Im2colAttrs): boolean => upsample === 1 && top >= 0 && left >= 0
