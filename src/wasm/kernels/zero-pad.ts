/** Pads tensors with zeros. */
import { size, stridesOf } from '../../core/index.ts'
import { type Expr, type FunctionBuilder, i32, type Local } from '../assembler/index.ts'
import { mergeBox } from './box.ts'
import { elementBytes } from './elements.ts'
import type { Family } from './kernel.ts'
import { copyRun, piecesOf, zeroRun } from './runs.ts'

export const zeroPad: Family = (v, target) => {
  const [x] = v.inputs
  const bytes = elementBytes(v)
  const box = mergeBox(x.shape, v.shape, v.attrs.before)
  const axes = box.inner.length
  const [kept, row, front] = [box.inner, box.outer, box.before].map((list) => list[axes - 1])
  const rows = size(v.shape) / row
  const work = rows === 1 ? piecesOf(target, row) : piecesOf(target, rows, row)

  /** The source of row `r` of y: whether it is a row of x, and the row's offset in x. */
  const sourceOf = (f: FunctionBuilder, r: Local<'i32'>) => {
    let below = 1
    let offset: Expr<'i32'> = i32.const(0)
    let inside: Expr<'i32'> | undefined
    const strides = stridesOf(box.inner)
    for (let i = axes - 2; i >= 0; i--) {
      const coordinate = f.let(i32.sub(i32.remU(i32.divU(r, below), box.outer[i]), box.before[i]))
      if (box.inner[i] < box.outer[i]) {
        const here = i32.ltU(coordinate, box.inner[i])
        inside = inside ? i32.and(inside, here) : here
      }
      offset = i32.add(offset, i32.mul(coordinate, strides[i] * bytes))
      below *= box.outer[i]
    }
    return { inside, offset }
  }

  return {
    phases: [
      {
        key: `zero_pad ${bytes} ${x.shape} ${v.attrs.before} ${v.attrs.after}`,
        pieces: work.pieces,
        emit(f, from, to, at) {
          const [first, end] = work.range(f, from, to)
          if (rows === 1) return flat(f, first, end, at.y, at.inputs[0])
          f.for(first, end, 1, (r) => {
            const to = f.let(i32.add(at.y, i32.mul(r, row * bytes)))
            const { inside, offset } = sourceOf(f, r)
            const copy = () => {
              const source = f.let(i32.add(at.inputs[0], offset))
              zeroRun(f, target, { address: to }, front * bytes)
              copyRun(f, target, { address: to, offset: front * bytes }, { address: source }, kept * bytes)
              zeroRun(f, target, { address: to, offset: (front + kept) * bytes }, (row - front - kept) * bytes)
            }
            if (inside) f.if(inside, copy, () => zeroRun(f, target, { address: to }, row * bytes))
            else copy()
          })
        },
      },
    ],
  }

  /** Elements `first` to `end` of y, if y is one row. */
  function flat(f: FunctionBuilder, first: Local<'i32'>, end: Local<'i32'>, y: Expr<'i32'>, source: Expr<'i32'>) {
    const within = (low: number, high: number, work: (start: Local<'i32'>, count: Expr<'i32'>) => void) => {
      const start = f.let(i32.select(first, i32.const(low), i32.gtU(first, low)))
      const stop = f.let(i32.select(end, i32.const(high), i32.ltU(end, high)))
      f.if(i32.ltU(start, stop), () => work(start, i32.mul(i32.sub(stop, start), bytes)))
    }
    const at = (i: Local<'i32'>) => i32.add(y, i32.mul(i, bytes))
    within(0, front, (i, count) => f.memoryFill(at(i), 0, count))
    within(front, front + kept, (i, count) =>
      f.memoryCopy(at(i), i32.add(source, i32.mul(i32.sub(i, front), bytes)), count),
    )
    within(front + kept, row, (i, count) => f.memoryFill(at(i), 0, count))
  }
}
