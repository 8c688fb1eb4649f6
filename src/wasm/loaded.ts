/** A prepared graph in the memory of an executor, and its constants. */
import { bytesOf, dtypes, size } from '../core/index.ts'
import { type Graph, roots, topological, type Weights } from '../graph/index.ts'
import { Scratch, writeConstant } from '../graph/passes/index.ts'
import type { Plan } from '../graph/plan/index.ts'
import { isConstant, type Value } from '../ops/index.ts'
import { placeOf } from './emit/emit.ts'
import type { Executor } from './runtime/executor.ts'

/** A prepared graph whose plan and values are in the memory of an executor. */
export interface Loaded {
  readonly executor: Executor
  readonly prepared: Graph
  readonly plan: Plan
}

/** How a program whose parameters are constants is prepared with other values, and loaded when its code differs. */
export interface Frozen {
  prepare(weights: Weights): Graph
  load(prepared: Graph): Promise<Loaded>
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
