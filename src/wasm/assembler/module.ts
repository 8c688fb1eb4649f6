/** A WebAssembly module: functions, exports, and the memory that it imports as `env.memory`. */
import { ByteWriter } from './bytes.ts'
import type { ValType } from './expr.ts'
import { type Func, FunctionBuilder, type ParameterLocals, type ResultTypes, valTypeBytes } from './function.ts'

export interface MemoryImport {
  /** Minimum size of the memory, in pages of 64 KiB. */
  readonly initialPages: number
  readonly maximumPages: number
  /** Whether threads share the memory. The imported memory must be shared too. */
  readonly shared: boolean
}

const sections = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const
const text = new TextEncoder()

/**
 * Collects functions and writes them as binary WebAssembly.
 *
 *     const m = new ModuleBuilder({ memory: { initialPages: 1, maximumPages: 1, shared: false } })
 *     m.export('sum', m.func(['i32', 'i32'], ['i32'], (f, a, b) => f.return(i32.add(a, b))))
 *     const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
 *     const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.toBytes()), { env: { memory } })
 */
export class ModuleBuilder {
  readonly #memory: MemoryImport
  readonly #relaxed: boolean
  readonly #types = new Map<string, number>()
  readonly #functions: { type: number; body: Uint8Array }[] = []
  readonly #exports: { name: string; index: number }[] = []

  /** With `relaxed`, sums of products use relaxed SIMD. The host must have it: {@link hasRelaxedSimd}. */
  constructor({ memory, relaxed = false }: { memory: MemoryImport; relaxed?: boolean }) {
    this.#memory = memory
    this.#relaxed = relaxed
  }

  /** Whether threads share the memory. */
  get shared(): boolean {
    return this.#memory.shared
  }

  /** Adds a function. `f.return` returns its result. It can call only functions that were added before. */
  func<const P extends readonly ValType[], const R extends ResultTypes>(
    params: P,
    results: R,
    body: (f: FunctionBuilder, ...params: ParameterLocals<P>) => void,
  ): Func<P, R> {
    const slot = { type: this.#type(params, results), body: new Uint8Array() }
    const index = this.#functions.push(slot) - 1
    const f = new FunctionBuilder(params, results, this.#relaxed)
    body(f, ...f.parameters(params))
    slot.body = f.toBytes()
    return { index, params, results }
  }

  export(name: string, func: Func): void {
    this.#exports.push({ name, index: func.index })
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter()
    out.bytes([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
    const section = (id: number, count: number, write: (s: ByteWriter) => void) => {
      const s = new ByteWriter()
      s.u32(count)
      write(s)
      out.byte(id)
      out.sized(s.written)
    }
    section(sections.type, this.#types.size, (s) => {
      for (const type of this.#types.keys()) s.bytes(type.split(',').map(Number))
    })
    section(sections.import, 1, (s) => {
      s.sized(text.encode('env'))
      s.sized(text.encode('memory'))
      s.bytes([0x02, this.#memory.shared ? 3 : 1]) // a memory with a maximum
      s.u32(this.#memory.initialPages)
      s.u32(this.#memory.maximumPages)
    })
    section(sections.function, this.#functions.length, (s) => {
      for (const { type } of this.#functions) s.u32(type)
    })
    section(sections.export, this.#exports.length, (s) => {
      for (const { name, index } of this.#exports) {
        s.sized(text.encode(name))
        s.byte(0x00)
        s.u32(index)
      }
    })
    section(sections.code, this.#functions.length, (s) => {
      for (const { body } of this.#functions) s.sized(body)
    })
    return out.written.slice()
  }

  /** The index of a function type. Equal signatures have one index. */
  #type(params: readonly ValType[], results: ResultTypes): number {
    const w = new ByteWriter()
    w.byte(0x60)
    w.sized(params.map((t) => valTypeBytes[t]))
    w.sized(results.map((t) => valTypeBytes[t]))
    const key = w.written.join(',')
    const index = this.#types.get(key) ?? this.#types.size
    this.#types.set(key, index)
    return index
  }
}
