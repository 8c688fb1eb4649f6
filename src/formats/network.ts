/** The description of a network in files: its architecture, or its graph if no table has it. */

import type { Weights } from '../graph/index.ts'
import { graphToJson } from '../graph/json/index.ts'
import type { Architecture, Network } from '../nn/index.ts'
import { checksumOf, crc32 } from './crc32.ts'
import type { ModelFile } from './model-file.ts'

/** The part of a model file that describes the network. `weights` may differ from the network's current weights. */
export function contentsOf(
  { architecture, declared, weights: own }: Network,
  weights: Weights = own,
): Pick<ModelFile, 'architecture' | 'graph' | 'weights'> {
  if (architecture) return { architecture, weights: new Map(weights) }
  const { json, tensors } = graphToJson(declared, 'model')
  return { graph: json, weights: new Map([...weights, ...tensors]) }
}

/**
 * The identity of a network in the files of a run, so that a run does not resume with another network: the
 * architecture, or the name `graph` and a fingerprint of the graph.
 */
export function identityOf({ architecture, declared }: Network): Architecture {
  if (architecture) return architecture
  const { json, tensors } = graphToJson(declared)
  const sum = crc32(new TextEncoder().encode(JSON.stringify(json)))
    .toString(16)
    .padStart(8, '0')
  return { name: 'graph', options: { graph: tensors.size > 0 ? `${sum} ${checksumOf(tensors)}` : sum } }
}
