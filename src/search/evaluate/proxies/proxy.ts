/** Shared parts of zero-cost proxies: a network without dropout, and the gradients of its weights. */
import { size, type TypedArrayOf } from '../../../core/index.ts'
import type { Engine } from '../../../engine/index.ts'
import { type Graph, gradients, mapGraph, nameOf, topological } from '../../../graph/index.ts'
import { assertClassifier, type Network } from '../../../nn/index.ts'
import { crossEntropy, dropout, input, isParameter, type ParameterAttrs, type Value } from '../../../ops/index.ts'
import type { LabelledBatch } from '../network.ts'

/** The input of a proxy. */
export interface ProxyInput {
  readonly net: Network
  readonly engine: Engine
  /** Batches of equal size. */
  readonly batches: readonly LabelledBatch[]
}

export interface ZeroCostProxy {
  /** The description, in one line. */
  readonly says: string
  /** Number of batches of images that it uses. */
  readonly batches: number
  /** Higher is better. Rejects with a `KingletError` where the network has no score. */
  score(given: ProxyInput): Promise<number>
}

/** The graph without its dropout. */
export const withoutDropout = (graph: Graph): Graph => mapGraph(graph, (v) => (v.op === dropout.op ? v.inputs[0] : v))

/** Logits [N, classes] as in training, with each batch's own statistics, but without dropout. */
export function trainingLogits(net: Network, batch: number): Value {
  assertClassifier(net, 'proxy')
  const x = input('x', [batch, ...net.inputShape])
  const { logits } = net.forward(x, { training: true, seed: input('seed', [], 'i32') })
  return withoutDropout({ outputs: { logits }, updates: [] }).outputs.logits
}

export const batchSize = (net: Network, { x }: LabelledBatch): number => x.length / size(net.inputShape)

const attrsOf = (v: Value): ParameterAttrs => v.attrs as ParameterAttrs

/** The weights of convolutions and linear layers that `value` depends on, without biases and batch norm. */
export const weightsIn = (value: Value): Value[] =>
  topological([value]).filter((v) => isParameter(v) && ['weight', 'depthwise'].includes(attrsOf(v).role))

/** Gradients of the cross-entropy for each batch, by the name of the weight. */
export async function weightGradients({
  net,
  engine,
  batches,
}: ProxyInput): Promise<ReadonlyMap<string, TypedArrayOf>[]> {
  const logits = trainingLogits(net, batchSize(net, batches[0]))
  const loss = crossEntropy(logits, input('targets', logits.shape))
  const weights = weightsIn(loss)
  const found = gradients(loss, weights)
  const outputs = Object.fromEntries(weights.map((w) => [nameOf(w), found.get(w)!]))
  const program = await engine.compile({ outputs, updates: [] }, { weights: net.weights })
  try {
    const results: Map<string, TypedArrayOf>[] = []
    for (const { x, targets } of batches) {
      const tensors = await program.run({ x, targets })
      results.push(new Map(Object.entries(tensors).map(([name, { data }]) => [name, data])))
    }
    return results
  } finally {
    program.dispose()
  }
}
