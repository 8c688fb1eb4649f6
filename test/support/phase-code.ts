/**
 * Kernel phases with equal keys and equal numbers of inputs share one function of a program, so they must emit the same
 * code. If a key omits something that the code depends on, one of two layers silently runs the code of the other.
 */
import type { Plan } from '../../src/graph/plan/index.ts'
import type { Value } from '../../src/ops/index.ts'
import { ModuleBuilder } from '../../src/wasm/assembler/index.ts'
import { copyPhase } from '../../src/wasm/kernels/copy.ts'
import type { Kernel, Phase } from '../../src/wasm/kernels/kernel.ts'

function codeOf(phase: Phase, inputs: number, relaxed: boolean): Uint8Array {
  const m = new ModuleBuilder({ memory: { initialPages: 1, maximumPages: 1, shared: false }, relaxed })
  const params = ['i32', 'i32', 'i32', 'i32', ...Array.from({ length: inputs }, () => 'i32' as const)] as const
  m.func(params, [], (f, from, to, y, scratch, ...addresses) =>
    phase.emit(f, from, to, { inputs: addresses, y, scratch }),
  )
  return m.toBytes()
}

/** Remembers the code of every phase that it has checked, of one program or many. */
export class PhaseCode {
  readonly #known = new Map<string, { readonly code: Uint8Array; readonly pieces: number }>()

  /** The number of different keys. */
  get size(): number {
    return this.#known.size
  }

  /** Throws if a phase of the plan has the key of another one but different code. */
  check({ steps, copies }: Pick<Plan, 'steps' | 'copies'>, kernels: ReadonlyMap<Value, Kernel>, relaxed = false): void {
    for (const v of steps) for (const phase of kernels.get(v)!.phases) this.#add(phase, v.inputs.length, relaxed)
    for (const { value } of copies) this.#add(copyPhase(value), 1, relaxed)
  }

  #add(phase: Phase, inputs: number, relaxed: boolean): void {
    const { key, pieces } = phase
    const name = `${key} / ${inputs}${relaxed ? ' relaxed' : ''}`
    const code = codeOf(phase, inputs, relaxed)
    const first = this.#known.get(name)
    this.#known.set(name, { code, pieces })
    if (!first) return
    if (Buffer.compare(first.code, code) !== 0) throw new Error(`two phases have the key ${key} and different code`)
    if (first.pieces !== pieces)
      throw new Error(`two phases have the key ${key}, one ${first.pieces} pieces, one ${pieces}`)
  }
}
