/** Whether tensors are the parameters of a graph. */
import { assert, sameShape, showShape, type Tensor } from '../core/index.ts'
import { type Graph, parametersOf } from '../graph/index.ts'

/**
 * Throws unless `weights` are exactly the graph's parameters. In errors `what` names the file and `network` the network.
 * `as` says under which condition the network has those parameters.
 */
export function assertWeights(
  graph: Graph,
  weights: ReadonlyMap<string, Tensor>,
  what: string,
  network: string,
  as?: string,
): void {
  const parameters = parametersOf(graph)
  const whole = as ? `${network} ${as}` : network
  for (const [name, { shape }] of parameters) {
    const found = weights.get(name)
    assert(found, `${what}: tensor ${name} ${showShape(shape)} of ${network} is missing: the file is not whole`)
    assert(
      sameShape(found.shape, shape) && found.dtype === 'f32',
      `${what}: tensor ${name} is ${showShape(found.shape)} ${found.dtype}, ${whole} has ${showShape(shape)} f32: the two ` +
        'do not belong together',
    )
  }
  for (const name of weights.keys())
    assert(parameters.has(name), `${what}: tensor ${name} is not one of ${whole}: the two do not belong together`)
}
