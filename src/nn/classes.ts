/** Changes the number of classes of any network. */
import { assert, KingletError, type Shape, UsageError } from '../core/index.ts'
import { type Graph, nameOf } from '../graph/index.ts'
import { isParameter, macsOf, makeValue, type Value } from '../ops/index.ts'
import { assertClassifier } from './classifier.ts'
import { withShapes } from './from-graph.ts'
import { type ClassifierNetwork, calledOf, type Network } from './network.ts'

const lastOf = (shape: Shape): number => shape[shape.length - 1]

/** Whether input `i` of `v` has one entry along `axis` for each entry of the last axis of `v`: both grow together. */
function makes(v: Value, i: number, axis: number): boolean {
  const w = v.inputs[i]
  const wider = { ...w, shape: w.shape.with(axis, w.shape[axis] + 1) }
  try {
    return lastOf(makeValue(v.op, v.inputs.with(i, wider), v.attrs).shape) === lastOf(v.shape) + 1
  } catch (error) {
    if (error instanceof KingletError) return false
    throw error
  }
}

/**
 * The parameters of the last layer, each with the axis along which it has one entry for each class: those of the product or
 * convolution that the logits come from, and those that are added to it or scale it.
 */
function lastLayer({ outputs: { logits } }: Graph): Map<Value, number> {
  const found = new Map<Value, number>()
  if (!logits) return found
  const classes = lastOf(logits.shape)
  const seen = new Set<Value>()
  const stack = [logits]
  for (let v = stack.pop(); v; v = stack.pop()) {
    if (seen.has(v)) continue
    seen.add(v)
    if (isParameter(v)) found.set(v, v.shape.length - 1)
    else if (macsOf(v) === 0) stack.push(...v.inputs.filter((x) => lastOf(x.shape) === classes).toReversed())
    else
      for (const [i, w] of v.inputs.entries()) {
        const axis = isParameter(w) ? w.shape.findLastIndex((_, axis) => makes(v, i, axis)) : -1
        if (axis >= 0) found.set(w, axis)
      }
  }
  return found
}

/** Names of the last layer's parameters, which belong to classes. They are drawn again when the classes change. */
export const classifierOf = ({ declared }: Network): string[] => [...lastLayer(declared).keys()].map(nameOf)

/**
 * Returns the network of the same graph for `classes` classes, with initial weights. `transfer` copies the weights of the
 * original that fit. Throws a `KingletError` for a network that does not classify, and for one whose logits do not come from
 * a layer with weights for each class.
 *
 * @example
 * ```ts
 * import { networkFrom, withClasses } from 'kinglet/graph'
 * import { flatten, input, linear, parameter } from 'kinglet/ops'
 *
 * const init = { kind: 'normal', std: 0.1 } as const
 * const w = parameter({ name: 'w', shape: [48, 10], role: 'weight', init })
 * const logits = linear(flatten(input('x', [1, 4, 4, 3])), w)
 * const net = withClasses(networkFrom({ outputs: { logits }, updates: [] }), 3)
 * net.weights.get('w')!.shape // => [48, 3]
 * ```
 */
export function withClasses(network: Network, classes: number, { seed = 0 } = {}): ClassifierNetwork {
  if (!Number.isInteger(classes) || classes < 1)
    throw new UsageError(`withClasses: classes is ${classes}: it must be a positive integer`)
  assertClassifier(network, 'withClasses')
  const { declared, meta } = network
  const shapes = new Map([...lastLayer(declared)].map(([w, axis]) => [nameOf(w), w.shape.with(axis, classes)]))
  const { classes: _, provenance: __, ...kept } = meta
  const changed = resized(network, shapes, seed, classes)
  // The images stay the same. The class names and the origin of the weights do not.
  changed.meta = kept
  return changed
}

function resized(network: Network, shapes: ReadonlyMap<string, Shape>, seed: number, classes: number) {
  const refusal = (why: string) =>
    `withClasses: ${calledOf(network)} cannot have ${classes} classes: ${why}: its logits must come from a ` +
    'layer with weights for each class'
  let changed: Network
  try {
    changed = withShapes(network, shapes, seed)
  } catch (error) {
    if (error instanceof KingletError) throw new KingletError(refusal(error.message), { cause: error })
    throw error
  }
  assertClassifier(changed, 'withClasses')
  assert(changed.classes === classes, refusal(`it would still have ${changed.classes}`))
  return changed
}
