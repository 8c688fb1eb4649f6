/** Engines by name, and the engine options of `load`, `train` and `evaluate`. */
import { oneOf, UsageError } from '../core/index.ts'
import { type Engine, referenceEngine } from '../engine/index.ts'
import { type Determinism, wasmEngine } from '../wasm/index.ts'

/** `wasm`: kernels emitted as WebAssembly SIMD. `reference`: plain loops, slow and simple. */
export type EngineName = 'wasm' | 'reference'

/** Engine options of `load`, `train`, `evaluate` and `engineOf`. */
export interface EngineOptions {
  /**
   * Name of an engine, or an engine object from `engineOf`, which has its own threads. Default `wasm`, the only engine
   * in a page's `kinglet/run`.
   */
  readonly engine?: EngineName | Engine | undefined
  /**
   * Number of threads; the reference engine has only one. Default: one per core, or one in a page that is not
   * cross-origin isolated.
   */
  readonly threads?: number | undefined
  /**
   * `everywhere`: results are bit-identical on all machines, but slower (only the wasm engine). Default `here`: the
   * last digits may differ on machines without fused multiply-adds. Results never depend on the number of threads.
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
 * Makes the engine for these options, to share between calls or to use with `fit` and your own programs. Throws a
 * `UsageError` for an unknown name, and for options that the engine does not support.
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

/** `engineOf` for the `kinglet/run` of pages, which is built without the reference implementations of ops. */
export const engineOfRun = (options: EngineOptions = {}): Engine => engineAmong({ wasm, reference: absent }, options)

function absent(): never {
  throw new UsageError('engine reference: the kinglet/run of pages is built without it: use kinglet')
}

function engineAmong(engines: Engines, options: EngineOptions): Engine {
  if (typeof options !== 'object')
    throw new UsageError(`engineOf: ${options} is not an options object: use { engine: 'wasm' }`)
  const { engine = 'wasm', ...own } = options
  if (typeof engine !== 'string') {
    if (typeof engine?.compile !== 'function')
      throw new UsageError(`engine is not an engine: use ${oneOf([...engineNames, 'a result of engineOf'])}`)
    for (const name of ['threads', 'deterministic'] as const)
      if (own[name] !== undefined)
        throw new UsageError(
          `${name} is ${own[name]}, but engine is an engine object: give ${name} to engineOf instead`,
        )
    return engine
  }
  if (!Object.hasOwn(engines, engine)) throw new UsageError(`there is no engine ${engine}: use ${oneOf(engineNames)}`)
  return engines[engine](own)
}
