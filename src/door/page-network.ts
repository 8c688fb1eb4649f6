/**
 * Networks as a page is told of them that measures how long they take: by name, or as a graph. Their weights stay where
 * they are: what a network takes does not depend on them.
 */
import { type Tensor, zeros } from '../core/index.ts'
import { type GraphJson, graphFromJson, graphToJson, type JsonConstant, type JsonNode } from '../graph/json/index.ts'
import { type BuildOptions, build } from '../models/index.ts'
import { type Architecture, type Network, networkFrom } from '../nn/index.ts'
import { opNamed } from '../ops/index.ts'

export type PageNetwork = Architecture | GraphJson

export const toPage = ({ architecture, declared }: Network): PageNetwork => architecture ?? graphToJson(declared).json

/** The network again, with first weights, and zeros for constants that are not in the JSON. */
export function fromPage(told: PageNetwork): Network {
  if (!('kinglet_graph' in told)) return build(told.name, told.options as BuildOptions)
  const tensors = new Map(told.nodes.flatMap(besides))
  return networkFrom(graphFromJson(told, { opNamed, tensors }))
}

function besides(node: JsonNode): (readonly [string, Tensor])[] {
  if (node.op !== 'constant') return []
  const { tensor, shape, dtype } = node.attrs as JsonConstant['attrs']
  return tensor === undefined ? [] : [[tensor, zeros(shape, dtype)]]
}
