/**
 * The WebAssembly engine. It rewrites a graph for its kernels, plans memory and emits code. The program's memory holds
 * parameters, constants and one arena; a run allocates nothing in it. In Node the calling thread works too. In a page
 * workers do all the work, so that the page stays responsive.
 */
import { UsageError } from '../core/index.ts'
import { type CompileOptions, compiledWeights, type Engine, type Program } from '../engine/index.ts'
import { type Graph, inputsOf, parametersOf, type Weights } from '../graph/index.ts'
import { emitProgram, layoutOf, placeOf } from './emit/emit.ts'
import { type Loaded, writeConstants } from './loaded.ts'
import { planKernels, prepare } from './prepare.ts'
import { programOf } from './program.ts'
import { hasRelaxedSimd } from './relaxed.ts'
import { allocateAhead, createExecutor, dismiss, type Executor, maxThreads, recruit } from './runtime/executor.ts'
import { isPageThread, sharedFor } from './runtime/host.ts'
import { type Target, targetFor } from './target.ts'

export interface WasmOptions {
  /** Threads that share the work, including the caller in Node. Default: one per available core. */
  readonly threads?: number
  /**
   * Results never depend on the number of threads. With `everywhere` they do not depend on the machine either, at the cost
   * of speed: sums of products round twice, as without relaxed SIMD, instead of once. Default `here`.
   */
  readonly deterministic?: Determinism
}

export type Determinism = 'here' | 'everywhere'
export const determinisms: readonly Determinism[] = ['here', 'everywhere']

/** An engine whose kernels are WebAssembly SIMD, emitted for each graph. */
export const wasmEngine = ({ threads = maxThreads(), deterministic = 'here' }: WasmOptions = {}): Engine => {
  if (!Number.isInteger(threads) || threads < 1) throw new UsageError(`threads: ${threads} is not a positive integer`)
  if (!determinisms.includes(deterministic))
    throw new UsageError(`deterministic: ${deterministic} is neither ${determinisms.join(' nor ')}`)
  const target = targetFor({ relaxed: deterministic === 'here' && hasRelaxedSimd() })
  return { name: 'wasm', deterministic, compile: (graph, options = {}) => compile(graph, options, { target, threads }) }
}

/** The number of threads and the determinism that programs are compiled for. */
interface Host {
  readonly target: Target
  readonly threads: number
}

async function compile(graph: Graph, options: CompileOptions, host: Host): Promise<Program> {
  const weights = await compiledWeights(graph, options)
  const inputs = inputsOf(graph)
  const freezing = (values: Weights) => prepare(graph, values)
  if (!options.freeze) {
    const loaded = await load(() => prepare(graph), host, weights)
    return programOf(loaded, { inputs, parameters: parametersOf(loaded.prepared) })
  }
  const frozen = { prepare: freezing, load: (prepared: Graph) => load(() => prepared, host) }
  return programOf(await load(() => freezing(weights), host), { inputs, parameters: parametersOf(graph), frozen })
}

/** Loads the graph that `make` prepares while threads start. `weights` are the initial values of its parameters. */
async function load(make: () => Graph, { target, threads }: Host, weights: Weights = new Map()): Promise<Loaded> {
  const team = { threads, place: isPageThread() ? 'worker' : 'here' } as const
  const recruits = recruit(team)
  try {
    const prepared = make()
    const { plan, kernels } = await planKernels(prepared, target)
    const shared = sharedFor(threads)
    const memory = shared ? allocateAhead(layoutOf(plan, kernels, threads).pages, recruits) : undefined
    const { bytes, pages } = emitProgram(plan, kernels, { threads, shared, target })
    const meanwhile = async (executor: Executor) => {
      await writeConstants({ executor, prepared, plan })
      for (const [name, leaf] of parametersOf(prepared))
        await executor.write(placeOf(plan, leaf), weights.get(name)!.data)
    }
    const executor = await createExecutor({ bytes, pages, memory, ...team, recruits, meanwhile })
    return { executor, prepared, plan }
  } finally {
    dismiss(recruits)
  }
}
