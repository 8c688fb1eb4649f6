import type { Expr, FunctionBuilder } from '../assembler/index.ts'

/** Stores the first `lanes` (1 to 4) f32 or i32 elements of `value`. */
export function storeLanes(
  f: FunctionBuilder,
  address: Expr<'i32'>,
  value: Expr<'v128'>,
  lanes: number,
  offset = 0,
): void {
  if (lanes === 4) {
    f.store(address, value, offset)
    return
  }
  const kept = f.let(value)
  if (lanes >= 2) f.storeLane64(address, kept, 0, offset)
  if (lanes === 1) f.storeLane32(address, kept, 0, offset)
  if (lanes === 3) f.storeLane32(address, kept, 2, offset + 8)
}
