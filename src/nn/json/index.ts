/** Makes a network from the graph in a model file. A separate entry: a page loads it only for such a file. */
import type { Tensor } from '../../core/index.ts'
import { constantPrefix, graphFromJson, opNamesOf } from '../../graph/json/index.ts'
import { opsNamed } from '../../ops/index.ts'
import { networkWith } from '../from-graph.ts'
import type { NetworkKit } from '../kit.ts'
import type { Network } from '../network.ts'

/**
 * Makes the network of the graph `json`. `tensors` are its weights and the constants that the JSON names. Loads the ops by
 * their names. `what` names the file in errors. Rejects with a `KingletError` for JSON that is not the graph of a
 * classifier, and for weights that are not exactly its parameters.
 */
export async function networkFromJson(
  kit: NetworkKit,
  json: unknown,
  tensors: ReadonlyMap<string, Tensor>,
  what: string,
): Promise<Network> {
  const ops = await opsNamed(opNamesOf(json, what))
  const graph = graphFromJson(json, { opNamed: (name) => ops.get(name), tensors, what })
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith(constantPrefix)))
  return networkWith(kit, graph, { weights, what })
}
