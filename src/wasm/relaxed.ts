/** Whether the host has relaxed SIMD (Chrome 114, Firefox 145, Node 21): tested once, with a module that needs it. */
import { ModuleBuilder } from './assembler/index.ts'

let known: boolean | undefined

export function hasRelaxedSimd(): boolean {
  if (known !== undefined) return known
  const m = new ModuleBuilder({ memory: { initialPages: 1, maximumPages: 1, shared: false }, relaxed: true })
  m.func(['v128'], [], (f, x) => f.madd(x, x, x))
  known = WebAssembly.validate(m.toBytes())
  return known
}
