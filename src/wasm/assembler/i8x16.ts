/** Instructions over sixteen i8. */
import { asExpr, type Expr, makeExpr } from './expr.ts'

/** Byte i of the result is byte `lanes[i]` of a (0 to 15) followed by b (16 to 31). */
export function shuffle(a: Expr<'v128'>, b: Expr<'v128'>, lanes: readonly number[]): Expr<'v128'> {
  if (lanes.length !== 16 || !lanes.every((l) => Number.isInteger(l) && l >= 0 && l < 32)) {
    throw new RangeError(`i8x16.shuffle: lanes [${lanes.join(', ')}] must be 16 integers from 0 to 31`)
  }
  return makeExpr('v128', [0xfd, 0x0d, ...lanes], [asExpr('v128', a), asExpr('v128', b)])
}
