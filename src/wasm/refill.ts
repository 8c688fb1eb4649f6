/** Replaces the parameter values of a program. A program that only runs a model file does not load this file. */
import type { TypedArrayOf } from '../core/index.ts'
import { completeWeights } from '../engine/index.ts'
import type { Weights } from '../graph/index.ts'
import type { Value } from '../ops/index.ts'
import { codeKey } from './code-key.ts'
import { type Frozen, type Loaded, writeConstants } from './loaded.ts'

interface Parts {
  readonly parameters: ReadonlyMap<string, Value>
  readonly frozen: Frozen | undefined
  readonly write: (v: Value, data: TypedArrayOf) => Promise<void> | void
}

/**
 * Returns the program with these values: `loaded` itself if its code stays the same, otherwise a new one that replaces it.
 * Throws, and changes nothing, if a parameter is missing or has another shape.
 */
export async function refilled(loaded: Loaded, values: Weights, { parameters, frozen, write }: Parts): Promise<Loaded> {
  const weights = completeWeights(parameters, values)
  if (!frozen) {
    for (const [name, t] of weights) await write(parameters.get(name)!, t.data)
    return loaded
  }
  const prepared = frozen.prepare(weights)
  if (codeKey(prepared) === codeKey(loaded.prepared)) {
    await writeConstants(loaded, prepared)
    return loaded
  }
  // Few values can change the code: constants of one element are immediates, and small equal constants are merged.
  const next = await frozen.load(prepared)
  loaded.executor.dispose()
  return next
}
