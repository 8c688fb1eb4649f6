/**
 * Makes instructions from an opcode and a signature. Each instruction is an export of the file of its namespace (i32.ts,
 * f32.ts, v128.ts, f32x4.ts, i32x4.ts, i8x16.ts), so that a bundle contains only those that it uses. Names are those of
 * the WebAssembly specification (core 2.0 with the threads proposal) in camel case: `f32x4.convert_i32x4_s` is
 * `f32x4.convertI32x4S`. The types refuse a scalar in place of a vector, and the reverse.
 */
import { unsignedLeb } from './bytes.ts'
import { asExpr, type Expr, makeExpr, type Operand, remembering } from './expr.ts'

/** A lane of a vector of four. */
export type Lane = 0 | 1 | 2 | 3

interface Arguments {
  addr: Operand<'i32'>
  lane: Lane
  i32: Operand<'i32'>
  i64: Operand<'i64'>
  f32: Operand<'f32'>
  v128: Operand<'v128'>
}
interface Results {
  i32: Expr<'i32'>
  f32: Expr<'f32'>
  v128: Expr<'v128'>
}
type ArgumentList<S extends string> = S extends `${infer First} ${infer Rest}`
  ? [...ArgumentList<First>, ...ArgumentList<Rest>]
  : S extends keyof Arguments
    ? [Arguments[S]]
    : never
type Offset<S extends string> = S extends `addr${string}` ? [offset?: number] : []

/** The function that emits an instruction of signature `S`. */
type Emitter<S extends string> = S extends `${infer P} -> ${infer R}`
  ? R extends keyof Results
    ? (...args: [...ArgumentList<P>, ...Offset<P>]) => Results[R]
    : never
  : never
export type Instruction<S extends string> = Emitter<S> & { readonly signature: S }

/** Opcode bytes: the prefix byte, if any, then the opcode (LEB128 after a prefix). */
export const opcodeBytes = (opcode: number): number[] =>
  opcode > 0xff ? unsignedLeb(opcode & 0xff, [opcode >>> 8]) : [opcode]

/** Relaxed SIMD: not every engine has it, and its bits depend on the processor. Its opcodes have nine bits. */
export const relaxed = {
  /** (a, b, c) a b + c, rounded once or twice. */
  f32x4Madd: (a: Expr<'v128'>, b: Expr<'v128'>, c: Expr<'v128'>): Expr<'v128'> =>
    makeExpr('v128', unsignedLeb(0x105, [0xfd]), [a, b, c]),
}

/** The bytes of a memory access as a function of its offset: `opcode` followed by alignment and offset. */
export const immediates = (opcode: readonly number[], align: number): ((offset: number) => readonly number[]) =>
  remembering((offset) => withMemory(opcode, align, offset))

function withMemory(opcode: readonly number[], align: number, offset: number): number[] {
  if (!Number.isInteger(offset) || offset < 0 || offset > 0xffffffff) {
    throw new RangeError(`memory offset ${offset} is not an integer from 0 to 2^32 - 1`)
  }
  const bytes = opcode.slice()
  bytes.push(align)
  return unsignedLeb(offset, bytes)
}

/**
 * An instruction: opcode, signature, and for memory accesses log2 of the natural alignment. An opcode above 0xff is a
 * prefix byte and an opcode. In a signature `addr` is a byte address in i32 (the instruction then takes a constant offset
 * as a last, optional argument) and `lane` a literal 0 to 3.
 */
/* @__NO_SIDE_EFFECTS__ */
export function instruction<const S extends string>(opcode: number, signature: S, align?: number): Instruction<S> {
  return Object.assign(emitter(opcode, signature, align) as Emitter<S>, { signature })
}

function emitter(opcode: number, signature: string, align: number | undefined): (...args: never[]) => Expr {
  const [left, result] = signature.split(' -> ') as [string, keyof Results]
  const parameters = left.split(' ') as (keyof Arguments)[]
  const bytes = opcodeBytes(opcode)
  const lanePlace = parameters.indexOf('lane')
  const types = parameters.filter((p) => p !== 'lane').map((p) => (p === 'addr' ? 'i32' : p))
  const [first, second] = types
  const operands = (args: readonly unknown[]): Expr[] => types.map((type, i) => asExpr(type, args[i] as Operand))
  if (align !== undefined) {
    const at = immediates(bytes, align)
    if (types.length === 1) return (addr: Operand, offset = 0) => makeExpr(result, at(offset), [asExpr(first, addr)])
    return (...args: unknown[]) => {
      const offset = (args[types.length] as number | undefined) ?? 0
      return makeExpr(result, at(offset), operands(args))
    }
  }
  if (lanePlace >= 0) {
    return (...args: unknown[]) => {
      const [lane] = args.splice(lanePlace, 1) as [Lane]
      return makeExpr(result, [...bytes, lane], operands(args))
    }
  }
  if (types.length === 2) {
    // By far the most frequent form: avoid the cost of argument lists.
    return (a: Operand, b: Operand) => makeExpr(result, bytes, [asExpr(first, a), asExpr(second, b)])
  }
  return (...args: unknown[]) => makeExpr(result, bytes, operands(args))
}
