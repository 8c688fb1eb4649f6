/** Instructions over whole vectors. */
import { float32Bytes, int32Bytes } from './bytes.ts'
import { type Expr, makeExpr, remembering } from './expr.ts'
import { instruction } from './instructions.ts'

export const load = instruction(0xfd00, 'addr -> v128', 4)
export const load32Splat = instruction(0xfd09, 'addr -> v128', 2)
export const load32Zero = instruction(0xfd5c, 'addr -> v128', 2)
export const load64Zero = instruction(0xfd5d, 'addr -> v128', 3)
export const not = instruction(0xfd4d, 'v128 -> v128')
export const and = instruction(0xfd4e, 'v128 v128 -> v128')
/** (a, b) a & ~b */
export const andnot = instruction(0xfd4f, 'v128 v128 -> v128')
export const or = instruction(0xfd50, 'v128 v128 -> v128')
export const xor = instruction(0xfd51, 'v128 v128 -> v128')
/** (a, b, mask) bits of a where mask is 1, of b where it is 0. */
export const bitselect = instruction(0xfd52, 'v128 v128 v128 -> v128')
export const anyTrue = instruction(0xfd53, 'v128 -> i32')
export const select = instruction(0x1b, 'v128 v128 i32 -> v128')

const vector = (bytes: readonly number[]): Expr<'v128'> => makeExpr('v128', [0xfd, 0x0c, ...bytes])
const fourTimes = (x: number): Expr<'v128'> => vector([x, x, x, x].flatMap(float32Bytes))
const remembered = /* @__PURE__ */ remembering(fourTimes)
/** The keys of a Map do not distinguish -0 from 0. */
const splat = (x: number): Expr<'v128'> => (Object.is(x, -0) ? fourTimes(x) : remembered(x))

/** Four i32. */
export const constI32 = (a: number, b: number, c: number, d: number): Expr<'v128'> =>
  vector([a, b, c, d].flatMap(int32Bytes))
/** Four f32. */
export const constF32 = (a: number, b: number, c: number, d: number): Expr<'v128'> =>
  [b, c, d].every((x) => Object.is(x, a)) ? splat(a) : vector([a, b, c, d].flatMap(float32Bytes))
