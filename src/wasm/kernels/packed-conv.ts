/**
 * Convolution as a matrix product whose left operand is x itself. The rows of a tile are neighbouring output pixels. For
 * each row of taps, the inner dimension is a contiguous run of x (with dilation, one run per tap).
 */
import { size } from '../../core/index.ts'
import { i32 } from '../assembler/index.ts'
import type { PackedConvAttrs } from '../passes/packed-conv.ts'
import { panelColumns } from '../passes/packed-matmul.ts'
import { elementBytes } from './elements.ts'
import { epilogueOf } from './epilogue.ts'
import type { Family } from './kernel.ts'
import { finishTile } from './matmul.ts'
import { addSteps, clearSums, eachStripe, eachTile, newSums, part, stripeColumns, stripesOf, tileFor } from './tile.ts'

export const packedConv: Family = (v, target) => {
  const epilogue = epilogueOf(v)
  const attrs = epilogue.op.attrs as PackedConvAttrs
  const { kernel, stride, dilation, columns } = attrs
  const [kh, kw] = kernel
  const [rows, width] = attrs.size
  const { shape } = epilogue.op.inputs[0]
  const [n, , , channels] = shape
  const [xBytes, bBytes, yBytes] = [...epilogue.op.inputs, epilogue.op].map(elementBytes)
  const pixel = channels * xBytes
  const [image, line] = [size(shape.slice(1)) * xBytes, shape[2] * pixel]
  // In a window without gaps, a row is one run.
  const [runs, run, gap] = dilation === 1 ? [1, kw * channels, 0] : [kw, channels, dilation * pixel]
  const k = kh * kw * channels
  const [stripe, stripes] = [stripeColumns(target), stripesOf(target, columns)]
  const groupStripes = Math.ceil(stripes / Math.min(stripes, Math.ceil(target.pieces.least / (n * rows))))
  const groups = Math.ceil(stripes / groupStripes)
  return {
    phases: [
      {
        key: `packed_conv2d ${shape} ${JSON.stringify(attrs)} ${epilogue.key}`,
        pieces: n * rows * groups,
        macs: n * rows * width * k * columns,
        emit(f, from, to, at) {
          const [x, b] = [epilogue.input(at, 0), epilogue.input(at, 1)]
          f.for(from, to, 1, (p) => {
            const row = f.let(i32.divU(p, groups))
            const top = i32.mul(i32.remU(row, rows), stride * line)
            const window = f.let(i32.add(x, i32.add(i32.mul(i32.divU(row, rows), image), top)))
            const pixels = [i32.const(0), f.let(i32.const(width))] as const
            eachStripe(f, target, part(f, i32.remU(p, groups), groupStripes, stripes), columns, (index, real) => {
              const channel = f.let(i32.mul(index, stripe * yBytes))
              const panel = f.let(i32.add(b, i32.mul(index, k * stripe * bBytes)))
              eachTile(f, pixels, width, tileFor(target, real), (tile, j) => {
                const sums = newSums(f, tile)
                clearSums(f, sums)
                const source = f.let(i32.add(window, i32.mul(j, stride * pixel)))
                const weights = f.let(panel)
                f.for(0, kh, 1, () => {
                  for (let tap = 0; tap < runs; tap++)
                    addSteps(
                      f,
                      sums,
                      i32.const(run),
                      { start: i32.add(source, tap * gap), step: xBytes, next: stride * pixel },
                      {
                        start: i32.add(weights, tap * run * panelColumns * bBytes),
                        step: panelColumns * bBytes,
                        next: k * panelColumns * bBytes,
                      },
                    )
                  f.set(source, i32.add(source, dilation * line))
                  f.set(weights, i32.add(weights, runs * run * panelColumns * bBytes))
                })
                const first = f.let(i32.add(i32.mul(i32.add(i32.mul(row, width), j), columns * yBytes), channel))
                finishTile(f, at, epilogue, tile, sums, { first, channel, rowBytes: columns * yBytes })
              })
            })
          })
        },
      },
    ],
  }
}
