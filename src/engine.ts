/** The engines that a person can ask for by name. */
import { KingletError, oneOf } from './core/index.ts'
import { type Engine, referenceEngine } from './graph/index.ts'
import { wasmEngine } from './wasm/index.ts'

/** `wasm`: kernels emitted as WebAssembly SIMD. `reference`: plain loops, slow and obvious. */
export type EngineName = 'wasm' | 'reference'

const engines: Record<EngineName, (threads: number | undefined) => Engine> = {
  wasm: (threads) => wasmEngine(threads === undefined ? {} : { threads }),
  reference: () => referenceEngine(),
}

export const engineNames = Object.keys(engines) as readonly EngineName[]

/**
 * The engine of that name. `threads` is how many threads share the work (by default one for each core; one in a page
 * that is not cross-origin isolated); the reference engine has only one. Throws for a name that there is not.
 *
 * @example
 * ```ts
 * import { engineOf } from 'kinglet'
 *
 * engineOf('wasm', 2).name // => 'wasm'
 * ```
 */
export function engineOf(name: EngineName = 'wasm', threads?: number): Engine {
  const make = engines[name]
  if (!make) throw new KingletError(`there is no engine ${name}: use ${oneOf(engineNames)}`)
  return make(threads)
}
