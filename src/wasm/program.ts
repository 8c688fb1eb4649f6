/** A program of the WebAssembly engine: the values of a plan in the memory of an executor. */
import { bytesOf, dtypes, KingletError, Queue, size, type Tensor, type TypedArrayOf } from '../core/index.ts'
import { checkInputs, type Program } from '../engine/index.ts'
import { type Graph, inputsOf, nameOf, roots, topological } from '../graph/index.ts'
import { Scratch, writeConstant } from '../graph/passes/index.ts'
import type { Plan } from '../graph/plan/index.ts'
import { isConstant, type Value } from '../ops/index.ts'
import { placeOf } from './emit/emit.ts'
import type { Executor } from './runtime/executor.ts'

/** Has the constants of a prepared graph computed into the program's memory. */
export async function writeConstants(executor: Executor, plan: Plan, prepared: Graph): Promise<void> {
  const scratch = new Scratch()
  // The largest first: V8 compiles a loop that runs for long, and the many short ones after it find it compiled.
  const constants = topological(roots(prepared)).filter(isConstant)
  for (const v of constants.sort((a, b) => size(b.shape) - size(a.shape)))
    await executor.fill(placeOf(plan, v), size(v.shape) * bytesOf(v.dtype), ({ buffer, byteOffset }) =>
      writeConstant(v, new dtypes[v.dtype].array(buffer as ArrayBuffer, byteOffset, size(v.shape)), scratch),
    )
}

export interface Parts {
  /** What a run must be given. */
  readonly inputs: ReadonlyMap<string, Value>
  readonly prepared: Graph
  readonly plan: Plan
  /** What can be read and written: none in a program that is frozen. */
  readonly parameters: ReadonlyMap<string, Value>
  readonly frozen: boolean
}

/** The program whose memory `executor` holds, filled. */
export function programOf(executor: Executor, { inputs, prepared, plan, parameters, frozen }: Parts): Program {
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
      return queue.run(async () => (await import('./parameters.ts')).readAll(parameters, names, read))
    },
    async write(values) {
      usable('write')
      return queue.run(async () => (await import('./parameters.ts')).writeAll(parameters, values, write))
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}
