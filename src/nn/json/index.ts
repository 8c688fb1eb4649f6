/** A network from the graph that a model file carries. A door of its own: a page loads it only for such a file. */
import type { Tensor } from '../../core/index.ts'
import { constantPrefix, graphFromJson } from '../../graph/json/index.ts'
import { opNamed } from '../../ops/index.ts'
import { type Network, networkFrom } from '../network.ts'

/**
 * The network of `json`, with `tensors`: its weights, and the constants that the JSON names. `what` names the file in
 * errors. Throws a `KingletError` for JSON that is no classifier's graph, and for tensors that are not exactly its own.
 */
export function networkFromJson(json: unknown, tensors: ReadonlyMap<string, Tensor>, what: string): Network {
  const graph = graphFromJson(json, { opNamed, tensors, what })
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith(constantPrefix)))
  return networkFrom(graph, { weights, what })
}
