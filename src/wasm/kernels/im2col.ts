/**
 * Patches for convolutions as matrix products. If all taps of a pixel are inside x, and neighbours in x are neighbours in
 * memory, a row of taps is one run. At the borders, and between the pixels of an upsampled x, each tap is tested
 * separately.
 */
import type { Im2colAttrs } from '../../ops/index.ts'
import { type Expr, type FunctionBuilder, i32, type Local } from '../assembler/index.ts'
import { pixelBytes } from './channels.ts'
import type { Family } from './kernel.ts'
import { copyRun, zeroRun } from './runs.ts'

/** Positions first <= i < end whose taps are all inside: 0 <= i * stride - before + u * dilation < limit for all u. */
function interior(count: number, stride: number, before: number, reach: number, limit: number): [number, number] {
  const first = Math.max(0, Math.ceil(before / stride))
  const end = Math.min(count, Math.floor((limit - 1 - reach + before) / stride) + 1)
  return first < end ? [first, end] : [0, 0]
}

export const im2col: Family = (v, target) => {
  const { kernel, stride, top, left, dilation, upsample, size } = v.attrs as Im2colAttrs
  const [kh, kw] = kernel
  const [rows, columns] = size
  const [x] = v.inputs
  const [n, height, width] = x.shape
  const tap = pixelBytes(x)
  const patch = kh * kw * tap
  const plain = upsample === 1
  const [firstRow, endRow] = plain ? interior(rows, stride, top, (kh - 1) * dilation, height) : [0, 0]
  const [first, end] = plain ? interior(columns, stride, left, (kw - 1) * dilation, width) : [0, 0]
  // A window without gaps is one run a row.
  const [runs, run] = dilation === 1 ? [1, kw * tap] : [kw, tap]

  /** A pixel whose taps are all inside; the first is at `from`. */
  const copyPatch = (f: FunctionBuilder, to: Local<'i32'>, from: Local<'i32'>) => {
    const taps = Array.from({ length: runs }, (_, i) => i)
    if (patch <= target.moves.longestPatch) {
      for (let u = 0; u < kh; u++)
        for (const i of taps)
          copyRun(
            f,
            target,
            { address: to, offset: (u * runs + i) * run },
            { address: from, offset: (u * width + i) * dilation * tap },
            run,
          )
      return
    }
    const source = f.let(from)
    f.for(to, i32.add(to, patch), kw * tap, (row) => {
      for (const i of taps)
        copyRun(f, target, { address: row, offset: i * run }, { address: source, offset: i * dilation * tap }, run)
      f.set(source, i32.add(source, dilation * width * tap))
    })
  }

  const isInside = (position: Expr<'i32'>, limit: number): Expr<'i32'> => {
    const within = i32.ltU(position, limit * upsample)
    return plain ? within : i32.and(within, i32.eqz(i32.remU(position, upsample)))
  }
  const sourceOf = (position: Expr<'i32'>) => (plain ? position : i32.divU(position, upsample))

  /** A pixel whose tap (0, 0) is at (row, column) of the (upsampled) image, which may be outside. */
  const gatherPatch = (
    f: FunctionBuilder,
    to: Local<'i32'>,
    image: Expr<'i32'>,
    row: Expr<'i32'>,
    column: Expr<'i32'>,
  ) => {
    const place = f.let(to)
    f.for(0, kh, 1, (u) => {
      const r = f.let(i32.add(row, i32.mul(u, dilation)))
      f.if(
        isInside(r, height),
        () => {
          const line = f.let(i32.add(image, i32.mul(sourceOf(r), width * tap)))
          f.for(0, kw, 1, (v) => {
            const c = f.let(i32.add(column, i32.mul(v, dilation)))
            f.if(
              isInside(c, width),
              () => {
                const from = f.let(i32.add(line, i32.mul(sourceOf(c), tap)))
                copyRun(f, target, { address: place }, { address: from }, tap)
              },
              () => zeroRun(f, target, { address: place }, tap),
            )
            f.set(place, i32.add(place, tap))
          })
        },
        () => {
          zeroRun(f, target, { address: place }, kw * tap)
          f.set(place, i32.add(place, kw * tap))
        },
      )
    })
  }

  return {
    phases: [
      {
        key: `im2col ${tap} ${x.shape} ${JSON.stringify(v.attrs)}`,
        pieces: n * rows,
        emit(f, from, to, at) {
          f.for(from, to, 1, (p) => {
            const i = f.let(i32.remU(p, rows))
            const image = f.let(i32.add(at.inputs[0], i32.mul(i32.divU(p, rows), height * width * tap)))
            const line = f.let(i32.add(at.y, i32.mul(p, columns * patch)))
            const row = f.let(i32.sub(i32.mul(i, stride), top))
            const gather = (start: number, stop: number) =>
              f.for(start, stop, 1, (j) => {
                const place = f.let(i32.add(line, i32.mul(j, patch)))
                gatherPatch(f, place, image, row, f.let(i32.sub(i32.mul(j, stride), left)))
              })
            if (firstRow === endRow || first === end) return gather(0, columns)
            f.if(
              i32.ltU(i32.sub(i, firstRow), endRow - firstRow),
              () => {
                gather(0, first)
                const source = f.let(i32.add(image, i32.mul(i32.add(i32.mul(row, width), first * stride - left), tap)))
                f.for(i32.add(line, first * patch), i32.add(line, end * patch), patch, (place) => {
                  copyPatch(f, place, source)
                  f.set(source, i32.add(source, stride * tap))
                })
                gather(end, columns)
              },
              () => gather(0, columns),
            )
          })
        },
      },
    ],
  }
}
