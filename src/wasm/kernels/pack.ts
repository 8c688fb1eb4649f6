/** Packs the right operands of products. Inference packs weights at compile time, a training step in each run. */
import { type Expr, i32, v128 } from '../assembler/index.ts'
import { panelColumns, panelsOf } from '../passes/packed-matmul.ts'
import { elementBytes } from './elements.ts'
import type { Family } from './kernel.ts'

/** b [K, N] or [N, K] to panels. */
export const packPanels: Family = (v) => {
  const { trans } = v.attrs as { trans: boolean }
  const [rows, columns] = v.inputs[0].shape
  const [k, n] = trans ? [columns, rows] : [rows, columns]
  const panels = panelsOf(n)
  const bytes = elementBytes(v)
  return {
    phases: [
      {
        key: `pack ${rows} ${columns} ${trans}`,
        pieces: panels,
        emit(f, from, to, at) {
          const whole = Math.floor(n / panelColumns)
          const panel = (p: Expr<'i32'>, count: number) => {
            const out = f.let(i32.add(at.y, i32.mul(p, k * panelColumns * bytes)))
            const [kStride, nStride] = trans ? [bytes, k * bytes] : [n * bytes, bytes]
            const source = f.let(i32.add(at.inputs[0], i32.mul(p, panelColumns * nStride)))
            f.for(0, k, 1, () => {
              for (let j = 0; j < panelColumns; j += 4) {
                if (!trans && count >= j + 4) f.store(out, v128.load(source, j * bytes), j * bytes)
                else
                  for (let lane = j; lane < j + 4; lane++)
                    f.store(out, lane < count ? i32.load(source, lane * nStride) : i32.const(0), lane * bytes)
              }
              f.set(source, i32.add(source, kStride))
              f.set(out, i32.add(out, panelColumns * bytes))
            })
          }
          const end = f.let(i32.select(to, i32.const(whole), i32.ltU(to, whole)))
          if (whole) f.for(from, end, 1, (p) => panel(p, panelColumns))
          if (whole < panels)
            f.if(i32.and(i32.eq(to, panels), i32.ltU(from, panels)), () => panel(i32.const(whole), n % panelColumns))
        },
      },
    ],
  }
}
