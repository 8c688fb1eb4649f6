/** Reads and writes the parameters of a program that trains. A program that only runs does not load this file. */
import type { Tensor, TypedArrayOf } from '../core/index.ts'
import { checkWeights, pick } from '../engine/index.ts'
import type { Weights } from '../graph/index.ts'
import type { Value } from '../ops/index.ts'

type Parameters = ReadonlyMap<string, Value>

export async function readAll(
  parameters: Parameters,
  names: Iterable<string> | undefined,
  read: (v: Value) => Promise<Tensor>,
): Promise<Map<string, Tensor>> {
  const found = new Map<string, Tensor>()
  for (const [name, leaf] of pick(parameters, names)) found.set(name, await read(leaf))
  return found
}

/** Throws before it writes anything if a name is not a parameter, or a shape differs. */
export async function writeAll(
  parameters: Parameters,
  values: Weights,
  write: (v: Value, data: TypedArrayOf) => Promise<void> | void,
): Promise<void> {
  checkWeights(parameters, values, 'write')
  for (const [name, t] of values) await write(parameters.get(name)!, t.data)
}
