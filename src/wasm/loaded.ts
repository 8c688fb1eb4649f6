/** A prepared graph in the memory of an executor, and its constants. */
import { bytesOf, dtypes, size } from '../core/index.ts'
import { type Graph, roots, topological, type Weights } from '../graph/index.ts'
import { Scratch, writeConstant } from '../graph/passes/index.ts'
import type { Plan } from '../graph/plan/index.ts'
import { isConstant, type Value } from '../ops/index.ts'
import { placeOf } from './emit/emit.ts'
import type { Executor } from './runtime/executor.ts'

/** A prepared graph whose plan and values are in an executor's memory. */
export interface Loaded {
  readonly executor: Executor
  readonly prepared: Graph
  readonly plan: Plan
}

/** Prepares a program with constant parameters for other values, and loads it if its code differs. */
export interface Frozen {
  prepare(weights: Weights): Graph
  load(prepared: Graph): Promise<Loaded>
}

const constantsOf = (graph: Graph): Value[] => topological(roots(graph)).filter(isConstant)

/** Computes a prepared graph's constants into its memory: its own, or those of `other`, which has the same code. */
export async function writeConstants({ executor, prepared, plan }: Loaded, other?: Graph): Promise<void> {
  const scratch = new Scratch()
  const own = constantsOf(prepared)
  const values = other ? constantsOf(other) : own
  // Largest first: V8 compiles a long-running loop, and the many short loops after it use the compiled code.
  for (const i of [...own.keys()].sort((a, b) => size(own[b].shape) - size(own[a].shape))) {
    const { shape, dtype } = own[i]
    await executor.fill(placeOf(plan, own[i]), size(shape) * bytesOf(dtype), ({ buffer, byteOffset }) => {
      const y = new dtypes[dtype].array(buffer as ArrayBuffer, byteOffset, size(shape))
      writeConstant(values[i], other ? y.fill(0) : y, scratch)
    })
  }
}
