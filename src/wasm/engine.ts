/**
 * The WebAssembly engine: a graph is lowered to what has kernels, packed, merged, folded, fused, planned and emitted;
 * the program's memory holds parameters, constants and one arena, and a run allocates nothing in it. In Node the
 * calling thread works too; in a page all work is done in workers, so that nothing freezes.
 */

import {
  bytesOf,
  dtypes,
  KingletError,
  Queue,
  size,
  type Tensor,
  type TypedArrayOf,
  UsageError,
} from '../core/index.ts'
import {
  type CompileOptions,
  checkInputs,
  checkWeights,
  type Engine,
  type Program,
  pick,
  startingWeights,
} from '../engine/index.ts'
import { type Graph, inputsOf, nameOf, parametersOf, roots, topological } from '../graph/index.ts'
import {
  baseOf,
  foldBatchNorm,
  foldConstants,
  freeze,
  fuse,
  lower,
  mergeEqual,
  Scratch,
  writeConstant,
} from '../graph/passes/index.ts'
import { type Plan, planMemory } from '../graph/plan/index.ts'
import { isConstant, mulOp, scope, type Value } from '../ops/index.ts'
import { emitProgram, layoutOf, placeOf } from './emit/emit.ts'
import { hasKernel, isLeaf, kernelOf, loadFamilies, takesEpilogue } from './kernels/index.ts'
import type { Kernel } from './kernels/kernel.ts'
import { walkPatches } from './passes/packed-conv.ts'
import { packMatmuls } from './passes/packed-matmul.ts'
import { hasRelaxedSimd } from './relaxed.ts'
import { allocateAhead, createExecutor, dismiss, type Executor, maxThreads, recruit } from './runtime/executor.ts'
import { isPageThread, sharedFor } from './runtime/host.ts'

export interface WasmOptions {
  /** Threads that share the work, the calling one included in Node. Default: one for each core that may be used. */
  readonly threads?: number
  /**
   * Results never depend on the number of threads. `everywhere`: nor on the machine, at the price of speed: sums of
   * products round twice, as engines without relaxed SIMD do, where they could round once. Default `here`.
   */
  readonly deterministic?: Determinism
}

export type Determinism = 'here' | 'everywhere'
export const determinisms: readonly Determinism[] = ['here', 'everywhere']

/** The graph as kernels run it. Results are those of `graph`; only rounding differs. */
export function prepare(graph: Graph): Graph {
  const lowered = packMatmuls(lower(oldValuesKept(graph), hasKernel))
  return fuse(walkPatches(foldConstants(mergeEqual(lowered))), takesEpilogue)
}

/**
 * Outputs and updates see the parameters as they were before the run, so those that are nothing but a parameter (or a
 * view of one) are computed by a step of their own: copies of updates run last, and never read what another overwrites.
 */
function oldValuesKept(graph: Graph): Graph {
  const updated = new Set(graph.updates.map((u) => u.target))
  const computed = (v: Value): Value => scope(v.scope, () => mulOp(v, 1))
  const outputs = Object.entries(graph.outputs).map(([name, v]) => [name, updated.has(baseOf(v)) ? computed(v) : v])
  const updates = graph.updates.map((u) => (isLeaf(baseOf(u.value)) ? { ...u, value: computed(u.value) } : u))
  return { outputs: Object.fromEntries(outputs), updates }
}

/** Kernels and memory plan of a prepared graph, whose kernels are loaded. */
export function planKernels(graph: Graph, guardBytes = 0): { plan: Plan; kernels: Map<Value, Kernel> } {
  const kernels = new Map<Value, Kernel>()
  for (const v of topological(roots(graph))) if (!isLeaf(v) && !v.op.viewOffset) kernels.set(v, kernelOf(v))
  return { plan: planMemory(graph, { scratchBytes: (v) => kernels.get(v)?.scratchBytes ?? 0, guardBytes }), kernels }
}

/** The engine whose kernels are WebAssembly SIMD, emitted for the graph at hand. */
export const wasmEngine = ({ threads = maxThreads(), deterministic = 'here' }: WasmOptions = {}): Engine => {
  if (!Number.isInteger(threads) || threads < 1) throw new UsageError(`threads: ${threads} is not a positive integer`)
  if (!determinisms.includes(deterministic))
    throw new UsageError(`deterministic: ${deterministic} is neither ${determinisms.join(' nor ')}`)
  const target = { threads, relaxed: deterministic === 'here' && hasRelaxedSimd() }
  return { name: 'wasm', deterministic, compile: (graph, options = {}) => compile(graph, options, target) }
}

interface Target {
  readonly threads: number
  readonly relaxed: boolean
}

async function compile(graph: Graph, options: CompileOptions, { threads, relaxed }: Target): Promise<Program> {
  const weights = startingWeights(graph, options)
  const inputs = inputsOf(graph)
  const frozen = options.freeze ?? false
  const team = { threads, place: isPageThread() ? 'worker' : 'here' } as const
  const recruits = recruit(team)
  try {
    const prepared = prepare(frozen ? freeze(foldBatchNorm(graph), weights) : graph)
    await loadFamilies(prepared)
    const { plan, kernels } = planKernels(prepared)
    const shared = sharedFor(threads)
    const memory = shared ? allocateAhead(layoutOf(plan, kernels, threads).pages, recruits) : undefined
    const { bytes, pages } = emitProgram(plan, kernels, { threads, shared, relaxed })
    const parameters = frozen ? new Map<string, Value>() : parametersOf(prepared)
    const meanwhile = async (to: Executor) => {
      await writeConstants(to, plan, prepared)
      for (const [name, leaf] of parameters) await to.write(placeOf(plan, leaf), weights.get(name)!.data)
    }
    const executor = await createExecutor({ bytes, pages, memory, ...team, recruits, meanwhile })
    return programOf(executor, { inputs, prepared, plan, parameters, frozen })
  } finally {
    dismiss(recruits)
  }
}

async function writeConstants(executor: Executor, plan: Plan, prepared: Graph): Promise<void> {
  const scratch = new Scratch()
  // The largest first: V8 compiles a loop that runs for long, and the many short ones after it find it compiled.
  const constants = topological(roots(prepared)).filter(isConstant)
  for (const v of constants.sort((a, b) => size(b.shape) - size(a.shape)))
    await executor.fill(placeOf(plan, v), size(v.shape) * bytesOf(v.dtype), ({ buffer, byteOffset }) =>
      writeConstant(v, new dtypes[v.dtype].array(buffer as ArrayBuffer, byteOffset, size(v.shape)), scratch),
    )
}

interface Parts {
  /** What a run must be given. */
  readonly inputs: ReadonlyMap<string, Value>
  readonly prepared: Graph
  readonly plan: Plan
  /** What can be read and written: none in a program that is frozen. */
  readonly parameters: ReadonlyMap<string, Value>
  readonly frozen: boolean
}

/** The program whose memory `executor` holds, filled. */
function programOf(executor: Executor, { inputs, prepared, plan, parameters, frozen }: Parts): Program {
  // Inputs that no kernel reads (an unused seed) have no place.
  const placed = inputsOf(prepared)
  const write = (v: Value, data: TypedArrayOf) => executor.write(placeOf(plan, v), data)
  const read = async (v: Value): Promise<Tensor> => {
    const raw = await executor.read(placeOf(plan, v), size(v.shape) * bytesOf(v.dtype))
    const data = new dtypes[v.dtype].array(raw.buffer as ArrayBuffer, raw.byteOffset, size(v.shape))
    return { shape: v.shape, dtype: v.dtype, data }
  }
  let disposed = false
  const usable = (what?: string) => {
    if (disposed) throw new KingletError('program: it was disposed of: compile the graph again')
    if (what && frozen)
      throw new KingletError(`program: cannot ${what} parameters: it was compiled with freeze, which folds them away`)
  }
  const dispose = () => {
    if (!disposed) executor.dispose()
    disposed = true
  }
  // A call is several messages or copies: none of another call may come between them.
  const queue = new Queue(usable)
  return {
    memory: { parameters: plan.parameterBytes + plan.constantBytes, arena: plan.arenaBytes },
    async run(given) {
      usable()
      checkInputs(inputs, given)
      return queue.run(async () => {
        // Asked for at once: a worker does what it is told in order, and each answer that is waited for takes a turn.
        const written = [...placed.values()].map((leaf) => write(leaf, given[nameOf(leaf)]))
        await Promise.all([...written, executor.run()])
        const outputs = Object.entries(prepared.outputs)
        return Object.fromEntries(await Promise.all(outputs.map(async ([name, v]) => [name, await read(v)] as const)))
      })
    },
    async read(names) {
      usable('read')
      const wanted = pick(parameters, names)
      return queue.run(async () => {
        const found = new Map<string, Tensor>()
        for (const [name, leaf] of wanted) found.set(name, await read(leaf))
        return found
      })
    },
    async write(values) {
      usable('write')
      checkWeights(parameters, values, 'write')
      return queue.run(async () => {
        for (const [name, t] of values) await write(parameters.get(name)!, t.data)
      })
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}
