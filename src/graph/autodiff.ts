/**
 * Reverse-mode differentiation as a graph transformation: the gradient of a scalar is built from the gradient rules of
 * the ops. The result is an ordinary graph, so passes, memory plan and engines treat a training step like a forward pass.
 */
import { KingletError, showShape, size, tensor } from '../core/index.ts'
import { addAll, constant, contractOf, isRefusal, type Value } from '../ops/index.ts'
import { topological } from './graph.ts'

/**
 * Returns the gradient of `loss` (one element) with respect to each value of `wrt`. The gradient is zero for a value that
 * `loss` does not depend on. Throws when a path from `loss` to a value of `wrt` contains an op that has no gradient.
 *
 * @example
 * ```ts
 * import { gradients, referenceEngine } from 'kinglet/graph'
 * import { input, mul, reduceSum } from 'kinglet/ops'
 * const x = input('x', [3])
 * const dx = gradients(reduceSum({ x: mul(x, x) }, { axes: [0] }), [x]).get(x)!
 * const program = await referenceEngine().compile({ outputs: { dx }, updates: [] })
 * const { dx: d } = await program.run({ x: Float32Array.of(1, 2, 3) })
 * d.data.join() // => '2,4,6'
 * ```
 */
export function gradients(loss: Value, wrt: readonly Value[]): Map<Value, Value> {
  if (size(loss.shape) !== 1)
    throw new KingletError(
      `gradients: the loss has shape ${showShape(loss.shape)}: it must have one element, sum or average it first`,
    )
  const order = topological([loss])
  const needed = new Set<Value>(wrt)
  for (const v of order) if (v.inputs.some((x) => needed.has(x))) needed.add(v)

  const arriving = new Map<Value, Value[]>([[loss, [ones(loss)]]])
  const done = new Map<Value, Value>()
  for (const v of order.reverse()) {
    const parts = arriving.get(v)
    if (!parts || !needed.has(v)) continue
    const dv = addAll(parts)
    done.set(v, dv)
    if (!v.inputs.some((x) => needed.has(x))) continue
    const { grad } = contractOf(v.op)
    if (isRefusal(grad)) throw new KingletError(`${v.op.name}: has no gradient: ${grad.refused}`)
    for (const [i, dx] of grad(v.inputs, v.attrs, dv, v).entries()) {
      const x = v.inputs[i]
      if (dx && needed.has(x)) arriving.set(x, [...(arriving.get(x) ?? []), dx])
    }
  }
  return new Map(wrt.map((x) => [x, done.get(x) ?? zerosLike(x)]))
}

const filled = (v: Value, value: number): Value =>
  constant(tensor(v.shape, new Float32Array(size(v.shape)).fill(value)))
const ones = (v: Value): Value => filled(v, 1)
const zerosLike = (v: Value): Value => filled(v, 0)
