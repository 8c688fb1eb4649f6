/**
 * What an engine is to its callers: it compiles a graph into a program, and a program runs. `train`, `quant` and
 * `search` are handed one; the WebAssembly engine and the plain reference are two of them.
 */
import type { Tensor, TypedArrayOf } from '../core/index.ts'
import type { Graph, Weights } from '../graph/index.ts'

export interface CompileOptions {
  /** First values of the parameters. Those left out begin as their `init` says, drawn with `seed`. */
  readonly weights?: Weights
  readonly seed?: number
  /**
   * The parameters will not change: they are folded into the program (batch norm into convolutions, constants
   * computed once) and can no longer be written or read one by one, only replaced together (`refill`). For inference.
   */
  readonly freeze?: boolean
}

/**
 * A compiled graph and the values of its parameters. Calls may overlap: they are served one at a time, in the order in
 * which they were made, so arrays that are handed over must stay as they are until the call settles. Calls that wait
 * when the program is disposed of reject.
 */
export interface Program {
  /**
   * Runs once. `inputs` holds a typed array for each input of the graph, by name and in full (a wrong name, length or
   * type throws before anything runs). Resolves to the graph's outputs, in arrays that belong to the caller.
   */
  run(inputs: Readonly<Record<string, TypedArrayOf>>): Promise<Record<string, Tensor>>
  /** Copies of parameters as they are now: of all, or of those named. */
  read(names?: Iterable<string>): Promise<Map<string, Tensor>>
  /** Replaces parameters. A name that the graph does not have, or another shape, throws. */
  write(weights: Weights): Promise<void>
  /**
   * Replaces all parameters, those that `freeze` folded into the program too. It then gives the bits of a program compiled
   * with these weights, and takes less time than compiling does. A parameter that is missing throws; other names are
   * ignored.
   */
  refill(weights: Weights): Promise<void>
  /** Bytes that the program holds while it lives: parameters, and the arena of everything else at its peak. */
  readonly memory: { readonly parameters: number; readonly arena: number }
  /** Ends threads and frees memory. Idempotent. */
  dispose(): void
  [Symbol.dispose](): void
}

/** What compiles graphs: `engineOf`, `wasmEngine` and `referenceEngine` make one. */
export interface Engine {
  readonly name: string
  /** Where its results are the same bits, if it can say; a run is gone on with by an engine that says the same. */
  readonly deterministic?: string
  compile(graph: Graph, options?: CompileOptions): Promise<Program>
}
