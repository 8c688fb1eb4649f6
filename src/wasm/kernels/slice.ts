/** Slices of tensors. */
import { size, stridesOf } from '../../core/index.ts'
import { i32 } from '../assembler/index.ts'
import { type Box, mergeBox } from './box.ts'
import { elementBytes } from './elements.ts'
import type { Family } from './kernel.ts'
import { offsetAt } from './loops.ts'
import { copyRun, piecesOf } from './runs.ts'

/** Number of elements between the start of the outer box and the start of the inner one. */
const startOf = ({ outer, before }: Box): number => stridesOf(outer).reduce((sum, s, i) => sum + s * before[i], 0)

export const slice: Family = (v, target) => {
  const [x] = v.inputs
  const bytes = elementBytes(v)
  const box = mergeBox(v.shape, x.shape, v.attrs.from)
  const axes = box.inner.length
  const start = startOf(box) * bytes
  const row = box.inner[axes - 1]
  const rows = size(v.shape) / row
  const work = rows === 1 ? piecesOf(target, row) : piecesOf(target, rows, row)
  return {
    phases: [
      {
        key: `slice ${bytes} ${x.shape} ${v.shape} ${v.attrs.from}`,
        pieces: work.pieces,
        emit(f, from, to, at) {
          const [first, end] = work.range(f, from, to)
          if (rows === 1) {
            const offset = f.let(i32.mul(first, bytes))
            const source = i32.add(i32.add(at.inputs[0], start), offset)
            f.memoryCopy(i32.add(at.y, offset), source, i32.mul(i32.sub(end, first), bytes))
            return
          }
          const strides = stridesOf(box.outer).slice(0, -1)
          f.for(first, end, 1, (r) => {
            const source = f.let(i32.add(at.inputs[0], offsetAt(r, box.inner.slice(0, -1), strides, bytes)))
            const to = f.let(i32.add(at.y, i32.mul(r, row * bytes)))
            copyRun(f, target, { address: to }, { address: source, offset: start }, row * bytes)
          })
        },
      },
    ],
  }
}
