/** A program of the WebAssembly engine: the values of a plan in the memory of an executor. */
import { bytesOf, dtypes, KingletError, Queue, size, type Tensor, type TypedArrayOf } from '../core/index.ts'
import { checkInputs, checkWeights, completeWeights, type Program, pick } from '../engine/index.ts'
import { type Graph, inputsOf, nameOf, roots, topological, type Weights } from '../graph/index.ts'
import { Scratch, writeConstant } from '../graph/passes/index.ts'
import type { Plan } from '../graph/plan/index.ts'
import { isConstant, type Value } from '../ops/index.ts'
import { placeOf } from './emit/emit.ts'
import { codeKey } from './prepare.ts'
import type { Executor } from './runtime/executor.ts'

/** A prepared graph whose plan and values are in the memory of an executor. */
export interface Loaded {
  readonly executor: Executor
  readonly prepared: Graph
  readonly plan: Plan
}

const constantsOf = (graph: Graph): Value[] => topological(roots(graph)).filter(isConstant)

/** Has the constants of a prepared graph computed into its memory: its own, or those of `other`, which has the same code. */
export async function writeConstants({ executor, prepared, plan }: Loaded, other?: Graph): Promise<void> {
  const scratch = new Scratch()
  const own = constantsOf(prepared)
  const values = other ? constantsOf(other) : own
  // The largest first: V8 compiles a loop that runs for long, and the many short ones after it find it compiled.
  for (const i of [...own.keys()].sort((a, b) => size(own[b].shape) - size(own[a].shape))) {
    const { shape, dtype } = own[i]
    await executor.fill(placeOf(plan, own[i]), size(shape) * bytesOf(dtype), ({ buffer, byteOffset }) => {
      const y = new dtypes[dtype].array(buffer as ArrayBuffer, byteOffset, size(shape))
      writeConstant(values[i], other ? y.fill(0) : y, scratch)
    })
  }
}

export interface Parts {
  /** What a run must be given. */
  readonly inputs: ReadonlyMap<string, Value>
  readonly parameters: ReadonlyMap<string, Value>
  /** Of a program whose parameters are constants: how it is prepared with others, and loaded where its code is another. */
  readonly frozen?: {
    prepare(weights: Weights): Graph
    load(prepared: Graph): Promise<Loaded>
  }
}

/** The program whose memory holds `first`. */
export function programOf(first: Loaded, { inputs, parameters, frozen }: Parts): Program {
  let loaded = first
  const write = (v: Value, data: TypedArrayOf) => loaded.executor.write(placeOf(loaded.plan, v), data)
  const read = async (v: Value): Promise<Tensor> => {
    const raw = await loaded.executor.read(placeOf(loaded.plan, v), size(v.shape) * bytesOf(v.dtype))
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
    if (!disposed) loaded.executor.dispose()
    disposed = true
  }
  // A call is several messages or copies: none of another call may come between them.
  const queue = new Queue(usable)
  return {
    get memory() {
      const { parameterBytes, constantBytes, arenaBytes } = loaded.plan
      return { parameters: parameterBytes + constantBytes, arena: arenaBytes }
    },
    async run(given) {
      usable()
      checkInputs(inputs, given)
      return queue.run(async () => {
        // Inputs that no kernel reads (an unused seed) have no place.
        const placed = inputsOf(loaded.prepared)
        // Asked for at once: a worker does what it is told in order, and each answer that is waited for takes a turn.
        const written = [...placed.values()].map((leaf) => write(leaf, given[nameOf(leaf)]))
        await Promise.all([...written, loaded.executor.run()])
        const outputs = Object.entries(loaded.prepared.outputs)
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
    async refill(values) {
      usable()
      const weights = completeWeights(parameters, values)
      return queue.run(async () => {
        if (!frozen) {
          for (const [name, t] of weights) await write(parameters.get(name)!, t.data)
          return
        }
        const prepared = frozen.prepare(weights)
        if (codeKey(prepared) === codeKey(loaded.prepared)) return writeConstants(loaded, prepared)
        // Values decide about code where they are few: constants of one element are immediates, small equal ones are one.
        const next = await frozen.load(prepared)
        loaded.executor.dispose()
        loaded = next
        if (disposed) loaded.executor.dispose()
        usable()
      })
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}
