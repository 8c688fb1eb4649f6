/** What files say of a network: the architecture that builds it, or its graph where no table has it. */

import type { Weights } from '../graph/index.ts'
import { graphToJson } from '../graph/json/index.ts'
import type { Architecture, Network } from '../nn/index.ts'
import { checksumOf, crc32 } from './crc32.ts'
import type { ModelFile } from './model-file.ts'

/** The part of a model file that is the network; `weights` may be others than it has now. */
export function contentsOf(
  { architecture, declared, weights: own }: Network,
  weights: Weights = own,
): Pick<ModelFile, 'architecture' | 'graph' | 'weights'> {
  if (architecture) return { architecture, weights: new Map(weights) }
  const { json, tensors } = graphToJson(declared, 'model')
  return { graph: json, weights: new Map([...weights, ...tensors]) }
}

/**
 * What a run's file says of its network, so that no other is continued in its place: the architecture, or the name
 * `graph` and a fingerprint of the graph.
 */
export function identityOf({ architecture, declared }: Network): Architecture {
  if (architecture) return architecture
  const { json, tensors } = graphToJson(declared)
  const sum = crc32(new TextEncoder().encode(JSON.stringify(json)))
    .toString(16)
    .padStart(8, '0')
  return { name: 'graph', options: { graph: tensors.size > 0 ? `${sum} ${checksumOf(tensors)}` : sum } }
}
