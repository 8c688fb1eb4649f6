/**
 * The interface of an engine: an engine compiles a graph into a program, and the program runs. Callers pass an engine to
 * `train`, `quant` and `search`. The WebAssembly engine and the reference engine implement it.
 */
import type { Tensor, TypedArrayOf } from '../core/index.ts'
import type { Graph, Weights } from '../graph/index.ts'

export interface CompileOptions {
  /** Initial values of the parameters. Missing ones are drawn by their `init` with `seed`. */
  readonly weights?: Weights
  readonly seed?: number
  /**
   * For inference: fold the parameters into the program (batch norm into convolutions, constants computed once). They can
   * then not be written or read one by one, only replaced together (`refill`).
   */
  readonly freeze?: boolean
}

/**
 * A compiled graph and the values of its parameters. Calls may overlap: they run one at a time, in the order in which they
 * were made. The caller must not change arrays that it passes until the call settles. Waiting calls reject when the
 * program is disposed of.
 */
export interface Program {
  /**
   * Runs once. `inputs` holds a typed array for each input of the graph, by name. A missing or unknown name and a wrong
   * length or type reject before anything runs. Resolves to the graph's outputs, in arrays that belong to the caller.
   */
  run(inputs: Readonly<Record<string, TypedArrayOf>>): Promise<Record<string, Tensor>>
  /** Returns copies of the current parameters: of all, or of those named. */
  read(names?: Iterable<string>): Promise<Map<string, Tensor>>
  /** Replaces parameters. Rejects for a name that the graph does not have and for another shape. */
  write(weights: Weights): Promise<void>
  /**
   * Replaces all parameters, including those that `freeze` folded into the program. The program's results are then
   * bit-identical to those of a program compiled with these weights. It is faster than compiling. Rejects for a missing
   * parameter; other names are ignored.
   */
  refill(weights: Weights): Promise<void>
  /** Bytes that the program holds until it is disposed of: parameters, and the arena for everything else. */
  readonly memory: { readonly parameters: number; readonly arena: number }
  /** Ends threads and frees memory. Idempotent. */
  dispose(): void
  [Symbol.dispose](): void
}

/** Compiles graphs. `engineOf`, `wasmEngine` and `referenceEngine` return one. */
export interface Engine {
  readonly name: string
  /** Where its results are bit-identical, if the engine states it. A run resumes only on an engine with the same value. */
  readonly deterministic?: string
  compile(graph: Graph, options?: CompileOptions): Promise<Program>
}
