/** Concatenates tensors along an axis: each row of the result holds one row of every part. */
import { size } from '../../core/index.ts'
import { i32 } from '../assembler/index.ts'
import { elementBytes } from './elements.ts'
import type { Family } from './kernel.ts'
import { copyRun, piecesOf } from './runs.ts'

export const concat: Family = (v, target) => {
  const axis: number = v.attrs.axis
  const bytes = elementBytes(v)
  const key = `concat ${axis} ${bytes} ${v.inputs.map((x) => `[${x.shape}]`)}`
  const runs = v.inputs.map((x) => size(x.shape.slice(axis)))
  const row = size(v.shape.slice(axis))
  const rows = size(v.shape.slice(0, axis))
  const starts = runs.map((_, i) => runs.slice(0, i).reduce((sum, run) => sum + run, 0))
  if (rows === 1) {
    // Each part is cut separately, so that a few long rows are shared too.
    const cuts = runs.map((run) => piecesOf(target, run))
    const firsts = cuts.map((_, i) => cuts.slice(0, i).reduce((n, c) => n + c.pieces, 0))
    const pieces = cuts.reduce((n, c) => n + c.pieces, 0)
    return {
      phases: [
        {
          key,
          pieces,
          emit(f, from, to, at) {
            for (const [k, cut] of cuts.entries()) {
              const low = f.let(i32.select(from, i32.const(firsts[k]), i32.gtU(from, firsts[k])))
              const behind = firsts[k] + cut.pieces
              const high = f.let(i32.select(to, i32.const(behind), i32.ltU(to, behind)))
              f.if(i32.ltU(low, high), () => {
                const [first, end] = cut.range(f, f.let(i32.sub(low, firsts[k])), f.let(i32.sub(high, firsts[k])))
                const to = i32.add(at.y, i32.mul(i32.add(first, starts[k]), bytes))
                const source = i32.add(at.inputs[k], i32.mul(first, bytes))
                f.memoryCopy(to, source, i32.mul(i32.sub(end, first), bytes))
              })
            }
          },
        },
      ],
    }
  }
  const work = piecesOf(target, rows, row)
  return {
    phases: [
      {
        key,
        pieces: work.pieces,
        emit(f, from, to, at) {
          f.for(from, to, 1, (p) => {
            const [first, end] = work.range(f, p, f.let(i32.add(p, 1)))
            // Part by part, not row by row: a piece's rows stay in the first-level cache.
            for (const [k, run] of runs.entries()) {
              const to = f.let(i32.add(at.y, i32.mul(i32.add(i32.mul(first, row), starts[k]), bytes)))
              const source = i32.add(at.inputs[k], i32.mul(first, run * bytes))
              f.for(source, i32.add(at.inputs[k], i32.mul(end, run * bytes)), run * bytes, (here) => {
                copyRun(f, target, { address: to }, { address: here }, run * bytes)
                f.set(to, i32.add(to, row * bytes))
              })
            }
          })
        },
      },
    ],
  }
}
