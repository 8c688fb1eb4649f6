/**
 * The instruction table: every plain instruction with its opcode and signature, and the namespaces made from it. Names
 * are those of the WebAssembly specification (core 2.0 with the threads proposal) in camel case:
 * `f32x4.convert_i32x4_s` is `f32x4.convertI32x4S`. The types refuse a scalar in place of a vector, and the reverse.
 */
import { float32Bytes, int32Bytes, unsignedLeb } from './bytes.ts'
import { asExpr, type Expr, f32Const, i32Const, makeExpr, type Operand, remembering } from './expr.ts'

/** A lane of a vector of four. */
export type Lane = 0 | 1 | 2 | 3

/**
 * An entry is the opcode, the signature, and for memory accesses log2 of the natural alignment. An opcode above 0xff is
 * a prefix byte and an opcode. In a signature, `addr` is a byte address in i32, and the instruction takes a constant
 * offset as an optional last argument. `lane` is a literal 0 to 3.
 */
export type Row = readonly [opcode: number, signature: string, align?: number]
type Rows = Readonly<Record<string, Row>>

export const instructionTable = {
  i32: {
    add: [0x6a, 'i32 i32 -> i32'],
    sub: [0x6b, 'i32 i32 -> i32'],
    mul: [0x6c, 'i32 i32 -> i32'],
    divS: [0x6d, 'i32 i32 -> i32'],
    divU: [0x6e, 'i32 i32 -> i32'],
    remS: [0x6f, 'i32 i32 -> i32'],
    remU: [0x70, 'i32 i32 -> i32'],
    and: [0x71, 'i32 i32 -> i32'],
    or: [0x72, 'i32 i32 -> i32'],
    xor: [0x73, 'i32 i32 -> i32'],
    shl: [0x74, 'i32 i32 -> i32'],
    shrS: [0x75, 'i32 i32 -> i32'],
    shrU: [0x76, 'i32 i32 -> i32'],
    rotl: [0x77, 'i32 i32 -> i32'],
    rotr: [0x78, 'i32 i32 -> i32'],
    eqz: [0x45, 'i32 -> i32'],
    eq: [0x46, 'i32 i32 -> i32'],
    ne: [0x47, 'i32 i32 -> i32'],
    ltS: [0x48, 'i32 i32 -> i32'],
    ltU: [0x49, 'i32 i32 -> i32'],
    gtS: [0x4a, 'i32 i32 -> i32'],
    gtU: [0x4b, 'i32 i32 -> i32'],
    leS: [0x4c, 'i32 i32 -> i32'],
    leU: [0x4d, 'i32 i32 -> i32'],
    geS: [0x4e, 'i32 i32 -> i32'],
    geU: [0x4f, 'i32 i32 -> i32'],
    truncSatF32S: [0xfc00, 'f32 -> i32'],
    truncSatF32U: [0xfc01, 'f32 -> i32'],
    reinterpretF32: [0xbc, 'f32 -> i32'],
    select: [0x1b, 'i32 i32 i32 -> i32'],
    load: [0x28, 'addr -> i32', 2],
    load8S: [0x2c, 'addr -> i32', 0],
    load8U: [0x2d, 'addr -> i32', 0],
    atomicLoad: [0xfe10, 'addr -> i32', 2],
    atomicRmwAdd: [0xfe1e, 'addr i32 -> i32', 2],
    /**
     * (addr, expected, timeoutNs; -1 is forever) 0 woken, 1 value differed, 2 timed out. Keep it in a separate
     * function: the baseline compiler of V8 11.3 (Node 20) loses locals and operands that are live across it.
     */
    atomicWait: [0xfe01, 'addr i32 i64 -> i32', 2],
    /** (addr, count) number of threads woken. */
    atomicNotify: [0xfe00, 'addr i32 -> i32', 2],
  },
  f32: {
    add: [0x92, 'f32 f32 -> f32'],
    sub: [0x93, 'f32 f32 -> f32'],
    mul: [0x94, 'f32 f32 -> f32'],
    div: [0x95, 'f32 f32 -> f32'],
    min: [0x96, 'f32 f32 -> f32'],
    max: [0x97, 'f32 f32 -> f32'],
    copysign: [0x98, 'f32 f32 -> f32'],
    abs: [0x8b, 'f32 -> f32'],
    neg: [0x8c, 'f32 -> f32'],
    ceil: [0x8d, 'f32 -> f32'],
    floor: [0x8e, 'f32 -> f32'],
    trunc: [0x8f, 'f32 -> f32'],
    nearest: [0x90, 'f32 -> f32'],
    sqrt: [0x91, 'f32 -> f32'],
    eq: [0x5b, 'f32 f32 -> i32'],
    ne: [0x5c, 'f32 f32 -> i32'],
    lt: [0x5d, 'f32 f32 -> i32'],
    gt: [0x5e, 'f32 f32 -> i32'],
    le: [0x5f, 'f32 f32 -> i32'],
    ge: [0x60, 'f32 f32 -> i32'],
    convertI32S: [0xb2, 'i32 -> f32'],
    convertI32U: [0xb3, 'i32 -> f32'],
    reinterpretI32: [0xbe, 'i32 -> f32'],
    select: [0x1b, 'f32 f32 i32 -> f32'],
    load: [0x2a, 'addr -> f32', 2],
  },
  v128: {
    load: [0xfd00, 'addr -> v128', 4],
    load32Splat: [0xfd09, 'addr -> v128', 2],
    load32Zero: [0xfd5c, 'addr -> v128', 2],
    load64Zero: [0xfd5d, 'addr -> v128', 3],
    not: [0xfd4d, 'v128 -> v128'],
    and: [0xfd4e, 'v128 v128 -> v128'],
    /** (a, b) a & ~b */
    andnot: [0xfd4f, 'v128 v128 -> v128'],
    or: [0xfd50, 'v128 v128 -> v128'],
    xor: [0xfd51, 'v128 v128 -> v128'],
    /** (a, b, mask) bits of a where mask is 1, of b where it is 0. */
    bitselect: [0xfd52, 'v128 v128 v128 -> v128'],
    anyTrue: [0xfd53, 'v128 -> i32'],
    select: [0x1b, 'v128 v128 i32 -> v128'],
  },
  f32x4: {
    splat: [0xfd13, 'f32 -> v128'],
    extractLane: [0xfd1f, 'v128 lane -> f32'],
    replaceLane: [0xfd20, 'v128 lane f32 -> v128'],
    eq: [0xfd41, 'v128 v128 -> v128'],
    ne: [0xfd42, 'v128 v128 -> v128'],
    lt: [0xfd43, 'v128 v128 -> v128'],
    gt: [0xfd44, 'v128 v128 -> v128'],
    le: [0xfd45, 'v128 v128 -> v128'],
    ge: [0xfd46, 'v128 v128 -> v128'],
    ceil: [0xfd67, 'v128 -> v128'],
    floor: [0xfd68, 'v128 -> v128'],
    trunc: [0xfd69, 'v128 -> v128'],
    nearest: [0xfd6a, 'v128 -> v128'],
    abs: [0xfde0, 'v128 -> v128'],
    neg: [0xfde1, 'v128 -> v128'],
    sqrt: [0xfde3, 'v128 -> v128'],
    add: [0xfde4, 'v128 v128 -> v128'],
    sub: [0xfde5, 'v128 v128 -> v128'],
    mul: [0xfde6, 'v128 v128 -> v128'],
    div: [0xfde7, 'v128 v128 -> v128'],
    min: [0xfde8, 'v128 v128 -> v128'],
    max: [0xfde9, 'v128 v128 -> v128'],
    /** (a, b) b < a ? b : a */
    pmin: [0xfdea, 'v128 v128 -> v128'],
    /** (a, b) a < b ? b : a */
    pmax: [0xfdeb, 'v128 v128 -> v128'],
    convertI32x4S: [0xfdfa, 'v128 -> v128'],
    convertI32x4U: [0xfdfb, 'v128 -> v128'],
  },
  i32x4: {
    splat: [0xfd11, 'i32 -> v128'],
    extractLane: [0xfd1b, 'v128 lane -> i32'],
    replaceLane: [0xfd1c, 'v128 lane i32 -> v128'],
    eq: [0xfd37, 'v128 v128 -> v128'],
    ne: [0xfd38, 'v128 v128 -> v128'],
    ltS: [0xfd39, 'v128 v128 -> v128'],
    ltU: [0xfd3a, 'v128 v128 -> v128'],
    gtS: [0xfd3b, 'v128 v128 -> v128'],
    gtU: [0xfd3c, 'v128 v128 -> v128'],
    abs: [0xfda0, 'v128 -> v128'],
    neg: [0xfda1, 'v128 -> v128'],
    bitmask: [0xfda4, 'v128 -> i32'],
    shl: [0xfdab, 'v128 i32 -> v128'],
    shrS: [0xfdac, 'v128 i32 -> v128'],
    shrU: [0xfdad, 'v128 i32 -> v128'],
    add: [0xfdae, 'v128 v128 -> v128'],
    sub: [0xfdb1, 'v128 v128 -> v128'],
    mul: [0xfdb5, 'v128 v128 -> v128'],
    minS: [0xfdb6, 'v128 v128 -> v128'],
    minU: [0xfdb7, 'v128 v128 -> v128'],
    maxS: [0xfdb8, 'v128 v128 -> v128'],
    maxU: [0xfdb9, 'v128 v128 -> v128'],
    truncSatF32x4S: [0xfdf8, 'v128 -> v128'],
    truncSatF32x4U: [0xfdf9, 'v128 -> v128'],
  },
} as const satisfies Record<string, Rows>

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
type Namespace<R extends Rows> = { readonly [K in keyof R]: Emitter<R[K][1]> }

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

function emitter([opcode, signature, align]: Row): (...args: never[]) => Expr {
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

function namespace<const R extends Rows>(rows: R): Namespace<R> {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, emitter(row)])) as Namespace<R>
}

const v128Const = (bytes: readonly number[]): Expr<'v128'> => makeExpr('v128', [0xfd, 0x0c, ...bytes])
const fourTimes = (x: number): Expr<'v128'> => v128Const([x, x, x, x].flatMap(float32Bytes))
const remembered = remembering(fourTimes)
/** The keys of a Map do not distinguish -0 from 0. */
const splat = (x: number): Expr<'v128'> => (Object.is(x, -0) ? fourTimes(x) : remembered(x))

export const i32 = { ...namespace(instructionTable.i32), const: i32Const }
export const f32 = { ...namespace(instructionTable.f32), const: f32Const }
export const v128 = {
  ...namespace(instructionTable.v128),
  constI32: (a: number, b: number, c: number, d: number) => v128Const([a, b, c, d].flatMap(int32Bytes)),
  constF32: (a: number, b: number, c: number, d: number) =>
    [b, c, d].every((x) => Object.is(x, a)) ? splat(a) : v128Const([a, b, c, d].flatMap(float32Bytes)),
}
export const f32x4 = namespace(instructionTable.f32x4)
export const i32x4 = namespace(instructionTable.i32x4)
export const i8x16 = {
  /** Byte i of the result is byte `lanes[i]` of a (0 to 15) followed by b (16 to 31). */
  shuffle(a: Expr<'v128'>, b: Expr<'v128'>, lanes: readonly number[]): Expr<'v128'> {
    if (lanes.length !== 16 || !lanes.every((l) => Number.isInteger(l) && l >= 0 && l < 32)) {
      throw new RangeError(`i8x16.shuffle: lanes [${lanes.join(', ')}] must be 16 integers from 0 to 31`)
    }
    return makeExpr('v128', [0xfd, 0x0d, ...lanes], [asExpr('v128', a), asExpr('v128', b)])
  },
}
