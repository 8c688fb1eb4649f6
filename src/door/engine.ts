/** Where a network runs: the engines that a person can ask for by name, and the options of `load`, `train`, `evaluate`. */
import { oneOf, UsageError } from '../core/index.ts'
import { type Engine, referenceEngine } from '../engine/index.ts'
import { type Determinism, wasmEngine } from '../wasm/index.ts'

/** `wasm`: kernels emitted as WebAssembly SIMD. `reference`: plain loops, slow and obvious. */
export type EngineName = 'wasm' | 'reference'

/** Where a network runs. `load`, `train`, `evaluate` and `engineOf` have these options. */
export interface EngineOptions {
  /**
   * By name, or an engine that is made already (`engineOf` makes one), which has its own threads. Default `wasm`, the
   * only one in a page's `kinglet/run`.
   */
  readonly engine?: EngineName | Engine | undefined
  /**
   * Threads that share the work; the reference engine has only one. Default: one for each core; one in a page that is
   * not cross-origin isolated.
   */
  readonly threads?: number | undefined
  /**
   * Results never depend on the number of threads. `everywhere`: nor on the machine, at the price of speed (only the
   * wasm engine can). Default `here`: they may differ in the last digits where fused multiply-adds are missing.
   */
  readonly deterministic?: Determinism | undefined
}

type Own = Omit<EngineOptions, 'engine'>
type Engines = Readonly<Record<EngineName, (own: Own) => Engine>>

const wasm = ({ threads, deterministic }: Own): Engine =>
  wasmEngine({ ...(threads !== undefined && { threads }), ...(deterministic !== undefined && { deterministic }) })

function reference(own: Own): Engine {
  const has: Own = { threads: 1, deterministic: 'here' }
  for (const name of ['threads', 'deterministic'] as const)
    if (own[name] !== undefined && own[name] !== has[name])
      throw new UsageError(
        `engine reference: ${name} is ${own[name]}, it has only ${has[name]}: leave ${name} out, or use engine wasm`,
      )
  return referenceEngine()
}

export const engineNames: readonly EngineName[] = ['wasm', 'reference']

/**
 * The engine that these options ask for: for several calls, or for `fit` and programs of one's own. Throws a
 * `UsageError` for a name that there is not, and for options that the engine does not have.
 *
 * @example
 * ```ts
 * import { build, engineOf, evaluate, arrays } from 'kinglet'
 *
 * const engine = engineOf({ threads: 2, deterministic: 'everywhere' })
 * engine.name // => 'wasm'
 *
 * const net = build('mobilenet_v2', { width: 0.1, size: 8, reduction: 4, classes: 2 })
 * const data = arrays({ width: 8, height: 8, channels: 1, pixels: new Uint8Array(64), labels: [1], classes: ['a', 'b'] })
 * const { count } = await evaluate(net, data, { engine })
 * count // => 1
 * ```
 */
export const engineOf = (options: EngineOptions = {}): Engine => engineAmong({ wasm, reference }, options)

/** `engineOf` of the `kinglet/run` of pages, which is built without the oracles of ops. */
export const engineOfRun = (options: EngineOptions = {}): Engine => engineAmong({ wasm, reference: absent }, options)

function absent(): never {
  throw new UsageError('engine reference: the kinglet/run of pages is built without it: use kinglet')
}

function engineAmong(engines: Engines, options: EngineOptions): Engine {
  if (typeof options !== 'object') throw new UsageError(`engineOf: ${options} is no options: use { engine: 'wasm' }`)
  const { engine = 'wasm', ...own } = options
  if (typeof engine !== 'string') {
    if (typeof engine?.compile !== 'function')
      throw new UsageError(`engine is no engine: use ${oneOf([...engineNames, 'what engineOf makes'])}`)
    for (const name of ['threads', 'deterministic'] as const)
      if (own[name] !== undefined)
        throw new UsageError(
          `${name} is ${own[name]} beside an engine that is made already: give ${name} where it is made (engineOf)`,
        )
    return engine
  }
  if (!Object.hasOwn(engines, engine)) throw new UsageError(`there is no engine ${engine}: use ${oneOf(engineNames)}`)
  return engines[engine](own)
}
