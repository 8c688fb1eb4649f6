/** Weights for the gradient of a convolution: each tap's matrix [cin, cout] is transposed, and the taps are reversed. */
import { type Expr, type FunctionBuilder, i8x16, i32, type Local, v128 } from '../assembler/index.ts'
import { elementBytes } from './elements.ts'
import type { Family } from './kernel.ts'

/** Bytes of the words that a shuffle selects from a (0 to 3) and b (4 to 7). */
const words = (...list: readonly number[]): number[] => list.flatMap((w) => [0, 1, 2, 3].map((b) => w * 4 + b))

/** Transposes a 4 x 4 matrix: takes its rows as vectors and returns its columns. */
export function transpose4(f: FunctionBuilder, rows: readonly Expr<'v128'>[]): Expr<'v128'>[] {
  const [a, b, c, d] = rows.map((r) => f.let(r))
  const low = words(0, 4, 1, 5)
  const high = words(2, 6, 3, 7)
  const [ab0, ab1, cd0, cd1] = [
    i8x16.shuffle(a, b, low),
    i8x16.shuffle(a, b, high),
    i8x16.shuffle(c, d, low),
    i8x16.shuffle(c, d, high),
  ].map((x) => f.let(x))
  const [first, second] = [words(0, 1, 4, 5), words(2, 3, 6, 7)]
  return [
    i8x16.shuffle(ab0, cd0, first),
    i8x16.shuffle(ab0, cd0, second),
    i8x16.shuffle(ab1, cd1, first),
    i8x16.shuffle(ab1, cd1, second),
  ]
}

export const flipTranspose: Family = (v, target) => {
  const [kh, kw, cin, cout] = v.inputs[0].shape
  const taps = kh * kw
  const bytes = elementBytes(v)
  // A cache line of each row of w.
  const rowsPerPiece = target.cacheLine / bytes
  const blocks = Math.ceil(cout / rowsPerPiece)

  /** `outs` rows of y starting at `y`. Their elements are in columns of w starting at `w`. */
  const block = (f: FunctionBuilder, w: Local<'i32'>, y: Local<'i32'>, outs: number) => {
    const whole = cin - (cin % 4)
    const [column, place] = [f.let(w), f.let(y)]
    const step = (inputs: 4 | 1) => () => {
      for (let o = 0; o < outs; o += inputs) {
        if (inputs === 4 && outs - o >= 4) {
          const rows = [0, 1, 2, 3].map((i) => v128.load(column, (i * cout + o) * bytes))
          for (const [j, row] of transpose4(f, rows).entries()) f.store(place, row, (o + j) * cin * bytes)
        } else
          for (let j = o; j < Math.min(outs, o + inputs); j++)
            for (let i = 0; i < inputs; i++)
              f.store(place, i32.load(column, (i * cout + j) * bytes), (j * cin + i) * bytes)
      }
      f.set(column, i32.add(column, inputs * cout * bytes))
      f.set(place, i32.add(place, inputs * bytes))
    }
    f.for(0, whole, 4, step(4))
    f.for(whole, cin, 1, step(1))
  }

  return {
    phases: [
      {
        key: `flip_transpose ${v.inputs[0].shape}`,
        pieces: taps * blocks,
        emit(f, from, to, at) {
          f.for(from, to, 1, (p) => {
            const tap = f.let(i32.divU(p, blocks))
            const b = f.let(i32.remU(p, blocks))
            const w = f.let(
              i32.add(
                at.inputs[0],
                i32.add(i32.mul(i32.sub(taps - 1, tap), cin * cout * bytes), i32.mul(b, rowsPerPiece * bytes)),
              ),
            )
            const y = f.let(i32.add(at.y, i32.mul(i32.add(i32.mul(tap, cout), i32.mul(b, rowsPerPiece)), cin * bytes)))
            const rest = cout % rowsPerPiece
            if (rest === 0) block(f, w, y, rowsPerPiece)
            else if (blocks === 1) block(f, w, y, rest)
            else
              f.if(
                i32.eq(b, blocks - 1),
                () => block(f, w, y, rest),
                () => block(f, w, y, rowsPerPiece),
              )
          })
        },
      },
    ],
  }
}
