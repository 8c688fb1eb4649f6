/**
 * Parts of tensors, and tensors among zeros. Axes that are taken whole merge with the one before them, so a row (the
 * last merged axis) is as long as it can be.
 */
import type { Shape } from '../../core/index.ts'
import { size, stridesOf } from '../../core/index.ts'
import { type Expr, type FunctionBuilder, i32, type Local } from '../assembler/index.ts'
import { elementBytes } from './elements.ts'
import type { Family } from './kernel.ts'
import { offsetAt } from './loops.ts'
import { copyRun, piecesOf, zeroRun } from './runs.ts'

/** A box of shape `inner` in one of shape `outer`, `before` of whose elements are in front of it along each axis. */
interface Box {
  readonly inner: readonly number[]
  readonly outer: readonly number[]
  readonly before: readonly number[]
}

/** The same box with as few axes as possible; at least one. */
export function mergeBox(inner: Shape, outer: Shape, before: readonly number[]): Box {
  const merged = { inner: [] as number[], outer: [] as number[], before: [] as number[] }
  for (const [i, d] of outer.entries()) {
    const last = merged.outer.length - 1
    if (inner[i] === d && last >= 0) {
      merged.inner[last] *= d
      merged.outer[last] *= d
      merged.before[last] *= d
    } else {
      merged.inner.push(inner[i])
      merged.outer.push(d)
      merged.before.push(before[i])
    }
  }
  return merged
}

/** Elements between the start of the outer box and the inner one. */
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

export const zeroPad: Family = (v, target) => {
  const [x] = v.inputs
  const bytes = elementBytes(v)
  const box = mergeBox(x.shape, v.shape, v.attrs.before)
  const axes = box.inner.length
  const [kept, row, front] = [box.inner, box.outer, box.before].map((list) => list[axes - 1])
  const rows = size(v.shape) / row
  const work = rows === 1 ? piecesOf(target, row) : piecesOf(target, rows, row)

  /** Where row `r` of y comes from: whether it is a row of x at all, and the row's offset in x. */
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

  /** Elements `first` to `end` of a y that is one row. */
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
