/**
 * Expressions: fragments of WebAssembly that leave one value on the stack. An expression is a tree. It is written where
 * a statement uses it, so using it twice computes it twice. `FunctionBuilder.let` keeps a value for reuse.
 */
import { float32Bytes, signedLeb, signedLeb64 } from './bytes.ts'

export type ValType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

/** Code that leaves one value of type `T`: the code of its operands, then one instruction. */
export interface Expr<T extends ValType = ValType> {
  readonly type: T
  readonly operands: readonly Expr[]
  /** Opcode and immediates. */
  readonly bytes: readonly number[]
}

/** A local variable or a parameter. As an expression it is its current value. */
export interface Local<T extends ValType = ValType> extends Expr<T> {
  readonly index: number
}

/** An operand of type `T`: code, or a number that becomes a constant. */
export interface Operands {
  i32: Expr<'i32'> | number
  i64: Expr<'i64'> | number | bigint
  f32: Expr<'f32'> | number
  f64: Expr<'f64'>
  v128: Expr<'v128'>
}
export type Operand<T extends ValType = ValType> = Operands[T]
export type I32 = Operand<'i32'>
export type F32 = Operand<'f32'>

const none: readonly Expr[] = []

export const makeExpr = <T extends ValType>(
  type: T,
  bytes: readonly number[],
  operands: readonly Expr[] = none,
): Expr<T> => ({ type, operands, bytes })

/**
 * Memoises `make`: a program has few different numbers, each in many places. `mostKept` is an upper bound of the
 * entries kept.
 */
export function remembering<T>(make: (n: number) => T): (n: number) => T {
  const known = new Map<number, T>()
  return (n) => {
    let found = known.get(n)
    if (found === undefined) {
      found = make(n)
      if (known.size >= mostKept) known.clear()
      known.set(n, found)
    }
    return found
  }
}
const mostKept = 4096

/** A constant. i32 accepts any 32-bit integer, signed or unsigned (-2^31 to 2^32 - 1). */
export const i32Const = remembering((n): Expr<'i32'> => {
  if (!Number.isInteger(n) || n < -0x80000000 || n > 0xffffffff) {
    throw new RangeError(`i32.const: ${n} is not an integer of 32 bits`)
  }
  return makeExpr('i32', signedLeb(n | 0, [0x41]))
})

function i64Const(n: number | bigint): Expr<'i64'> {
  const big = BigInt(n)
  if (big < -0x8000000000000000n || big > 0xffffffffffffffffn) {
    throw new RangeError(`i64.const: ${n} is not an integer of 64 bits`)
  }
  return makeExpr('i64', signedLeb64(BigInt.asIntN(64, big), [0x42]))
}

export const f32Const = (x: number): Expr<'f32'> => makeExpr('f32', [0x43, ...float32Bytes(x)])

const constants: { readonly [T in ValType]?: (value: never) => Expr<T> } = {
  i32: i32Const,
  i64: i64Const,
  f32: f32Const,
}

/** Converts `value` to an expression of type `type`. */
export function asExpr<T extends ValType>(type: T, value: Operand<T>): Expr<T> {
  if (typeof value === 'object') {
    if (value.type !== type) throw new TypeError(`expected code of type ${type}, got ${value.type}`)
    return value as Expr<T>
  }
  const constant = constants[type]
  if (!constant) throw new TypeError(`a plain number cannot stand for a value of type ${type}`)
  return constant(value as never)
}
