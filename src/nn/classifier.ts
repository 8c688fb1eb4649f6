/** Refuses networks that do not classify, for functions that need class scores. */
import { KingletError, showShape } from '../core/index.ts'
import { type ClassifierNetwork, calledOf, type Network } from './network.ts'

/** Throws a `KingletError` that names the outputs unless the network classifies. `what` names the caller or a file. */
export function assertClassifier(network: Network, what: string): asserts network is ClassifierNetwork {
  const { classes, declared } = network
  if (classes !== undefined) return
  const outputs = Object.entries(declared.outputs).map(([name, v]) => `${name} ${showShape(v.shape)} ${v.dtype}`)
  throw new KingletError(
    `${what}: ${calledOf(network)} does not classify: its outputs are ${outputs.join(', ')}: it must have the output ` +
      'logits [1, classes] f32; an engine runs any network: compile its graph()',
  )
}
