/**
 * Elementwise expressions in one pass over memory. Broadcast operands are read with stride 0. If every operand is read in
 * full, the whole tensor is one run; otherwise each row of the last merged dimension is one.
 */
import { size } from '../../core/index.ts'
import { type Expr, i32, v128 } from '../assembler/index.ts'
import { elementBytes } from './elements.ts'
import type { Family } from './kernel.ts'
import { contentOf, emitExpression, expressionKey } from './lanes.ts'
import { alongVector, mergeDimensions, offsetAt } from './loops.ts'

export const elementwise: Family = (v, target) => {
  const { roots, placeholders } = contentOf(v)
  const [root] = roots
  const space = mergeDimensions(
    root.shape,
    placeholders.map((p) => p.shape),
  )
  const inner = space.sizes[space.sizes.length - 1]
  const outer = space.sizes.slice(0, -1)
  const rows = size(outer)
  const flat = rows === 1
  const run = target.pieces.elements
  const rowsPerPiece = Math.max(1, Math.floor(run / inner))
  const bytes = elementBytes(root)
  const key = `elementwise ${expressionKey(roots, placeholders)}`
  const pieces = flat ? Math.ceil(inner / run) : Math.ceil(rows / rowsPerPiece)
  return {
    phases: [
      {
        key,
        pieces,
        emit(f, from, to, at) {
          /** One row (or run). `bases` are the operands' first addresses, `y` is the result's. */
          const step = (bases: readonly Expr<'i32'>[], y: Expr<'i32'>, offset: Expr<'i32'>, lanes: 4 | 1) => {
            const load = lanes === 4 ? v128.load : v128.load32Zero
            const value = emitExpression(f, root, (leaf) => {
              const i = placeholders.indexOf(leaf)
              if (i < 0) return undefined
              const along = space.strides[i][outer.length]
              return along === 0 ? v128.load32Splat(bases[i]) : load(i32.add(bases[i], offset))
            })
            if (lanes === 4) f.store(i32.add(y, offset), value)
            else f.storeLane32(i32.add(y, offset), value, 0)
          }
          if (flat) {
            const whole = inner - (inner % 4)
            const last = f.let(i32.mul(to, run * bytes))
            const end = f.let(i32.select(last, i32.const(whole * bytes), i32.ltU(last, whole * bytes)))
            f.for(i32.mul(from, run * bytes), end, 4 * bytes, (i) => step(at.inputs, at.y, i, 4))
            if (whole < inner)
              f.if(i32.eq(to, pieces), () =>
                f.for(whole * bytes, inner * bytes, bytes, (i) => step(at.inputs, at.y, i, 1)),
              )
            return
          }
          const last = f.let(i32.mul(to, rowsPerPiece))
          const end = f.let(i32.select(last, i32.const(rows), i32.ltU(last, rows)))
          f.for(i32.mul(from, rowsPerPiece), end, 1, (row) => {
            const bases = placeholders.map((_, i) =>
              f.let(i32.add(at.inputs[i], offsetAt(row, outer, space.strides[i], elementBytes(placeholders[i])))),
            )
            const y = f.let(i32.add(at.y, i32.mul(row, inner * bytes)))
            alongVector(f, inner, (offset, lanes) => step(bases, y, offset, lanes))
          })
        },
      },
    ],
  }
}
