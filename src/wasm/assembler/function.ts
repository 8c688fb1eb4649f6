/** Statements and structured control: the body of one function, written from start to end. */
import { ByteWriter, unsignedLeb } from './bytes.ts'
import { asExpr, type Expr, type I32, type Local, type Operand, remembering, type ValType } from './expr.ts'
import * as f32x4 from './f32x4.ts'
import * as i32 from './i32.ts'
import { immediates, type Lane, opcodeBytes, relaxed } from './instructions.ts'

export const valTypeBytes: Readonly<Record<ValType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
}

/** No result or one result. */
export type ResultTypes = readonly [] | readonly [ValType]

/** A function of the module, for calls and exports. */
export interface Func<P extends readonly ValType[] = readonly ValType[], R extends ResultTypes = ResultTypes> {
  readonly index: number
  readonly params: P
  readonly results: R
}

/** The arguments of a call of a function with parameters `P`. */
export type CallArguments<P extends readonly ValType[]> = { readonly [K in keyof P]: Operand<P[K]> }
/** The parameters in the body. */
export type ParameterLocals<P extends readonly ValType[]> = { readonly [K in keyof P]: Local<P[K]> }

/** Instructions that write memory, as functions of their offset. */
const access = (opcode: number, align: number) => immediates(opcodeBytes(opcode), align)
const stores = { i32: access(0x36, 2), f32: access(0x38, 2), v128: access(0xfd0b, 4) } as const
const [store8, storeLane32, storeLane64] = [access(0x3a, 0), access(0xfd5a, 2), access(0xfd5b, 3)]
const atomicStore = access(0xfe17, 2)
const block = { loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, branch: 0x0c, branchIf: 0x0d, void: 0x40 } as const

const getLocal = remembering((index) => unsignedLeb(index, [0x20]))
const makeLocal = <T extends ValType>(type: T, index: number): Local<T> => ({
  type,
  operands: [],
  bytes: getLocal(index),
  index,
})

/** Builds one function. `ModuleBuilder.func` makes a builder and passes it to the body. */
export class FunctionBuilder {
  readonly #types: ValType[]
  readonly #parameterCount: number
  readonly #results: ResultTypes
  readonly #code = new ByteWriter()
  /** Whether a multiply-add is one instruction, without a register for the product. */
  readonly relaxed: boolean

  constructor(params: readonly ValType[], results: ResultTypes, relaxed = false) {
    this.relaxed = relaxed
    this.#types = [...params]
    this.#parameterCount = params.length
    this.#results = results
  }

  /** The parameters, in order. */
  parameters<P extends readonly ValType[]>(params: P): ParameterLocals<P> {
    return params.map((type, i) => makeLocal(type, i)) as unknown as ParameterLocals<P>
  }

  /** A new variable. It is zero at the start of the function, not at each iteration of an enclosing loop. */
  local<T extends ValType>(type: T): Local<T> {
    return makeLocal(type, this.#types.push(type) - 1)
  }

  /** A new variable with the current value of `expr`, to use a value twice and compute it once. */
  let<T extends ValType>(expr: Expr<T>): Local<T> {
    const local = this.local(expr.type)
    this.#set(local, expr)
    return local
  }

  set<T extends ValType>(local: Local<T>, value: Operand<T>): void {
    this.#set(local, asExpr(local.type, value))
  }

  /** sum += a b, in each of four lanes. Rounded once if the module uses relaxed SIMD and the processor fuses. */
  madd(sum: Local<'v128'>, a: Expr<'v128'>, b: Expr<'v128'>): void {
    this.set(sum, this.relaxed ? relaxed.f32x4Madd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b)))
  }

  /** Stores all of `value` at `addr + offset` (bytes). */
  store(addr: I32, value: Expr<'v128'> | Expr<'f32'> | Expr<'i32'>, offset = 0): void {
    this.#store(stores[value.type](offset), addr, value)
  }

  /** Stores the low byte of `value`. */
  store8(addr: I32, value: I32, offset = 0): void {
    this.#store(store8(offset), addr, asExpr('i32', value))
  }

  /** Stores one 32-bit lane of `v`. */
  storeLane32(addr: I32, v: Expr<'v128'>, lane: Lane, offset = 0): void {
    this.#store(storeLane32(offset), addr, v, lane)
  }

  /** Stores one 64-bit half of `v`. */
  storeLane64(addr: I32, v: Expr<'v128'>, lane: 0 | 1, offset = 0): void {
    this.#store(storeLane64(offset), addr, v, lane)
  }

  atomicStore(addr: I32, value: I32, offset = 0): void {
    this.#store(atomicStore(offset), addr, asExpr('i32', value))
  }

  /** Fills `byteLength` bytes with the low byte of `value`. */
  memoryFill(addr: I32, value: I32, byteLength: I32): void {
    for (const operand of [addr, value, byteLength]) this.#emit(asExpr('i32', operand))
    this.#code.bytes([0xfc, 11, 0])
  }

  /** Copies `byteLength` bytes; the ranges may overlap. */
  memoryCopy(to: I32, from: I32, byteLength: I32): void {
    for (const operand of [to, from, byteLength]) this.#emit(asExpr('i32', operand))
    this.#code.bytes([0xfc, 10, 0, 0])
  }

  /**
   * `body(i)` for i = from, from + step, ... while i < to, all unsigned. The bounds are evaluated once. The loop tests
   * at its end; with literal bounds there is no test at the start, and no code if the range is empty. `body` must not
   * set i.
   */
  for(from: I32, to: I32, step: number, body: (i: Local<'i32'>) => void): void {
    if (!Number.isInteger(step) || step <= 0) throw new RangeError(`for: step ${step} is not a positive integer`)
    if (typeof to === 'number' && to <= (typeof from === 'number' ? from : 0)) return
    if (typeof from === 'number' && from < 0) throw new RangeError(`for: from ${from} is negative`)
    const i = this.let(asExpr('i32', from))
    const end = typeof to === 'number' ? to : this.let(to)
    const loop = () => {
      this.#code.bytes([block.loop, block.void])
      body(i)
      if (step === 1 || (typeof end === 'number' && end <= 2 ** 32 - step)) {
        this.set(i, i32.add(i, step))
        this.#emit(i32.ltU(i, end))
      } else {
        // i + step might wrap around: compare with the distance to the end before the addition.
        this.#emit(i32.gtU(i32.sub(end, i), step))
        this.set(i, i32.add(i, step))
      }
      this.#code.bytes([block.branchIf, 0, block.end])
    }
    if (typeof from === 'number' && typeof end === 'number') loop()
    else this.if(i32.ltU(i, end), loop)
  }

  /** Repeats `body` while `cond` is not 0. `cond` is evaluated before each iteration, and may add statements. */
  while(cond: () => I32, body: () => void): void {
    this.#code.bytes([block.loop, block.void])
    this.if(cond(), () => {
      body()
      this.#code.bytes([block.branch, 1])
    })
    this.#code.byte(block.end)
  }

  if(cond: I32, then: () => void, otherwise?: () => void): void {
    this.#emit(asExpr('i32', cond))
    this.#code.bytes([block.if, block.void])
    then()
    if (otherwise) {
      this.#code.byte(block.else)
      otherwise()
    }
    this.#code.byte(block.end)
  }

  /** Calls a function that has no result. */
  call<P extends readonly ValType[]>(func: Func<P, readonly []>, ...args: CallArguments<P>): void {
    this.#emit(callCode(func, args))
  }

  /** Calls a function that has a result, and returns the result. */
  callExpr<P extends readonly ValType[], T extends ValType>(
    func: Func<P, readonly [T]>,
    ...args: CallArguments<P>
  ): Expr<T> {
    return { type: func.results[0], ...callCode(func, args) }
  }

  /** Evaluates `expr` only for its side effect (an atomic operation, a call), and drops the value. */
  drop(expr: Expr): void {
    this.#emit(expr)
    this.#code.byte(0x1a)
  }

  /** Returns from the function, with its result if it has one. */
  return(value?: Operand): void {
    const [type] = this.#results
    if ((type === undefined) !== (value === undefined)) {
      throw new TypeError(
        `return ${value === undefined ? 'without' : 'with'} a value from a function of results [${type ?? ''}]`,
      )
    }
    if (type !== undefined && value !== undefined) this.#emit(asExpr(type, value))
    this.#code.byte(0x0f)
  }

  /** Traps: ends the run of this thread with an error. */
  unreachable(): void {
    this.#code.byte(0x00)
  }

  /** Locals and code, as the module's code section holds them. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter()
    const runs: { type: ValType; count: number }[] = []
    for (const type of this.#types.slice(this.#parameterCount)) {
      const last = runs.at(-1)
      if (last?.type === type) last.count++
      else runs.push({ type, count: 1 })
    }
    out.u32(runs.length)
    for (const { type, count } of runs) {
      out.u32(count)
      out.byte(valTypeBytes[type])
    }
    out.bytes(this.#code.written)
    // Results leave through `return`, so the end is never reached. `unreachable` tells the validator.
    if (this.#results.length) out.byte(0x00)
    out.byte(block.end)
    return out.written
  }

  #set(local: Local, code: Expr): void {
    this.#emit(code)
    this.#code.byte(0x21)
    this.#code.u32(local.index)
  }

  #store(bytes: readonly number[], addr: I32, value: Expr, lane?: number): void {
    this.#emit(asExpr('i32', addr))
    this.#emit(value)
    this.#code.bytes(bytes)
    if (lane !== undefined) this.#code.byte(lane)
  }

  #emit(code: Pick<Expr, 'operands' | 'bytes'>): void {
    for (let i = 0; i < code.operands.length; i++) this.#emit(code.operands[i])
    this.#code.bytes(code.bytes)
  }
}

const callCode = (func: Func, args: readonly Operand[]): Pick<Expr, 'operands' | 'bytes'> => ({
  operands: func.params.map((type, i) => asExpr(type, args[i])),
  bytes: unsignedLeb(func.index, [0x10]),
})
