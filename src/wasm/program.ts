/** A program of the WebAssembly engine: the values of a memory plan, in an executor's memory. */
import { bytesOf, dtypes, KingletError, Queue, size, type Tensor, type TypedArrayOf } from '../core/index.ts'
import { checkInputs, type Program } from '../engine/index.ts'
import { inputsOf, nameOf } from '../graph/index.ts'
import type { Value } from '../ops/index.ts'
import { placeOf } from './emit/emit.ts'
import type { Frozen, Loaded } from './loaded.ts'

export interface Parts {
  /** The inputs that each run needs. */
  readonly inputs: ReadonlyMap<string, Value>
  readonly parameters: ReadonlyMap<string, Value>
  /** Only for a program whose parameters are constants. */
  readonly frozen?: Frozen
}

/** Makes the program whose memory holds `first`. */
export function programOf(first: Loaded, { inputs, parameters, frozen }: Parts): Program {
  let loaded = first
  // Inputs that no kernel reads (an unused seed) have no place. They are found once: a run must not walk the graph.
  let placed = inputsOf(first.prepared)
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
  // A call sends several messages or copies several values: no other call may come between them.
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
        // Requested without waiting: a worker handles requests in order, and each awaited answer costs a round trip.
        const written = [...placed.values()].map((leaf) => write(leaf, given[nameOf(leaf)]))
        await Promise.all([...written, loaded.executor.run()])
        const outputs = Object.entries(loaded.prepared.outputs)
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
    async refill(values) {
      usable()
      return queue.run(async () => {
        const { refilled } = await import('./refill.ts')
        loaded = await refilled(loaded, values, { parameters, frozen, write })
        placed = inputsOf(loaded.prepared)
        if (disposed) loaded.executor.dispose()
        usable()
      })
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}
