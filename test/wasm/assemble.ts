/** Assembles and instantiates small modules for the assembler's tests. */
import { expect } from 'vitest'
import { ModuleBuilder } from '../../src/wasm/assembler/index.ts'

type Exports = Record<string, (...args: number[]) => number>

/** A module made by `build`, instantiated, with views of its memory. */
export function make(build: (m: ModuleBuilder) => void, { pages = 1, shared = false } = {}) {
  const m = new ModuleBuilder({ memory: { initialPages: pages, maximumPages: pages, shared } })
  build(m)
  const bytes = m.toBytes()
  expect(WebAssembly.validate(bytes)).toBe(true)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  const { buffer } = memory
  return {
    exports: instance.exports as Exports,
    i32: new Int32Array(buffer),
    f32: new Float32Array(buffer),
    u8: new Uint8Array(buffer),
  }
}
