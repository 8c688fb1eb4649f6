/**
 * softmax and log_softmax over rows. The largest element of a row is subtracted before exp. The sum is computed in four
 * lanes, which are added in a fixed order. A row's tail is one more vector, with the lanes beyond the row masked.
 */
import { type Expr, type FunctionBuilder, f32, f32x4, i32, type Lane, type Local, v128 } from '../assembler/index.ts'
import { elementBytes } from './elements.ts'
import type { Family, Kernel } from './kernel.ts'
import { lanes, splat, type Vector } from './lanes.ts'
import { piecesOf } from './runs.ts'
import { storeLanes } from './store-lanes.ts'

/** exp takes about as long as copying this many elements, so pieces hold fewer rows than those that only move data. */
const costOfExp = 8

const combine = (f: FunctionBuilder, x: Vector, op: (a: Expr<'f32'>, b: Expr<'f32'>) => Expr<'f32'>): Vector => {
  const v = f.let(x)
  const lane = (i: Lane) => f32x4.extractLane(v, i)
  return f.let(f32x4.splat(op(op(lane(0), lane(1)), op(lane(2), lane(3)))))
}

/** Runs `body` for each vector of a row of `count` elements, with its place in bytes and its number of valid lanes. */
function alongRow(f: FunctionBuilder, count: number, body: (offset: Expr<'i32'>, inRow: number) => void): void {
  const tail = count % 4
  f.for(0, (count - tail) * 4, 16, (offset) => body(offset, 4))
  if (tail) body(i32.const((count - tail) * 4), tail)
}

/** `x` with `other` in the lanes from `inRow` on. */
const masked = (x: Vector, inRow: number, other: number): Vector => {
  if (inRow === 4) return x
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => (i < inRow ? -1 : 0))
  return v128.bitselect(x, splat(other), v128.constI32(a, b, c, d))
}

/** `finish(f, x, largest, sum)` returns a vector of the result. With `keepsExp`, x is e^(x - largest), cached in y. */
const rowsOf =
  (
    name: string,
    keepsExp: boolean,
    finish: (x: Vector, largest: Vector, sum: Vector) => Vector,
    prepare: (f: FunctionBuilder, sum: Vector) => Vector,
  ): Family =>
  (v, target): Kernel => {
    const [rows, classes] = v.shape
    const work = piecesOf(target, rows, classes * costOfExp)
    return {
      phases: [
        {
          key: `${name} ${v.shape}`,
          pieces: work.pieces,
          emit(f, from, to, at) {
            const [first, end] = work.range(f, from, to)
            f.for(first, end, 1, (r) => {
              const offset = f.let(i32.mul(r, classes * elementBytes(v)))
              const x = f.let(i32.add(at.inputs[0], offset))
              const y = f.let(i32.add(at.y, offset))
              const best = f.let(splat(Number.NEGATIVE_INFINITY))
              alongRow(f, classes, (i, inRow) =>
                f.set(best, f32x4.max(best, masked(v128.load(i32.add(x, i)), inRow, Number.NEGATIVE_INFINITY))),
              )
              const largest = combine(f, best, f32.max)
              const total = f.let(splat(0))
              alongRow(f, classes, (i, inRow) => {
                const e = f.let(lanes.exp(f, f32x4.sub(v128.load(i32.add(x, i)), largest)))
                if (keepsExp) storeLanes(f, i32.add(y, i), e, inRow)
                f.set(total, f32x4.add(total, masked(e, inRow, 0)))
              })
              const sum = f.let(prepare(f, combine(f, total, f32.add)))
              const source: Local<'i32'> = keepsExp ? y : x
              alongRow(f, classes, (i, inRow) =>
                storeLanes(f, i32.add(y, i), finish(v128.load(i32.add(source, i)), largest, sum), inRow),
              )
            })
          },
        },
      ],
    }
  }

export const softmax = rowsOf(
  'softmax',
  true,
  (e, _, sum) => f32x4.div(e, sum),
  (_, sum) => sum,
)

export const logSoftmax = rowsOf(
  'log_softmax',
  false,
  (x, largest, logSum) => f32x4.sub(f32x4.sub(x, largest), logSum),
  (f, sum) => lanes.log(f, sum),
)
