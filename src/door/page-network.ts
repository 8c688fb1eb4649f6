/**
 * Networks in the form that a measuring page receives: an architecture, or a graph. Weights are not sent because the
 * time of a network does not depend on them.
 */
import { type Tensor, zeros } from '../core/index.ts'
import { type GraphJson, graphFromJson, graphToJson, type JsonConstant, type JsonNode } from '../graph/json/index.ts'
import { type BuildOptions, build } from '../models/index.ts'
import { type Architecture, type Network, networkFrom } from '../nn/index.ts'
import { opNamed } from '../ops/index.ts'

export type PageNetwork = Architecture | GraphJson

export const toPage = ({ architecture, declared }: Network): PageNetwork => architecture ?? graphToJson(declared).json

/** Makes the network with initial weights, and with zeros for constants that are not in the JSON. */
export function fromPage(given: PageNetwork): Network {
  if (!('kinglet_graph' in given)) return build(given.name, given.options as BuildOptions)
  const tensors = new Map(given.nodes.flatMap(besides))
  return networkFrom(graphFromJson(given, { opNamed, tensors }))
}

function besides(node: JsonNode): (readonly [string, Tensor])[] {
  if (node.op !== 'constant') return []
  const { tensor, shape, dtype } = node.attrs as JsonConstant['attrs']
  return tensor === undefined ? [] : [[tensor, zeros(shape, dtype)]]
}
