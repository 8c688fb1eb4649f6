/**
 * An engine that runs each op's oracle in double precision, as the golden values were computed. It is for tests only: it
 * separates errors of the mathematics from those of rounding.
 */
import { KingletError, size, type Tensor } from '../../src/core/index.ts'
import { type Engine, startingWeights } from '../../src/engine/index.ts'
import { type Graph, nameOf, parametersOf, roots, topological } from '../../src/graph/index.ts'
import { contractOf, isConstant, isInput, isParameter, type Value } from '../../src/ops/index.ts'

/** The intended value of a constant: constants have few digits, which rounding to float32 changed. */
function meant(x: number): number {
  for (let digits = 1; digits < 17; digits++) {
    const candidate = Number(x.toPrecision(digits))
    if (Math.fround(candidate) === x) return candidate
  }
  return x
}

/** Oracles only index and assign, so an array of doubles works in place of one of floats. */
const double = ({ shape, dtype, data }: Tensor): Tensor => ({
  shape,
  dtype,
  data: new Float64Array(data) as unknown as Float32Array,
})

/** `replace` receives every result and returns it or a replacement. */
export const doubleEngine = (
  replace: (v: Value, inputs: readonly Tensor[], y: Tensor) => Tensor = (_v, _inputs, y) => y,
): Engine => ({
  name: 'double',
  async compile(graph: Graph, options = {}) {
    const order = topological(roots(graph))
    const weights = new Map([...startingWeights(graph, options)].map(([name, t]) => [name, double(t)]))
    for (const v of order)
      if (isParameter(v) && v.dtype !== 'f32') throw new KingletError(`${nameOf(v)}: floating point only`)
    const constants = new Map(
      order
        .filter(isConstant)
        .map((v) => [v, double({ ...v.attrs.tensor, data: Float64Array.from(v.attrs.tensor.data, meant) })]),
    )
    const names = [...parametersOf(graph).keys()]
    const dispose = () => weights.clear()
    return {
      memory: { parameters: 0, arena: 0 },
      async run(given) {
        const tensors = new Map<unknown, Tensor>()
        const last = new Map<unknown, number>()
        for (const [i, v] of order.entries()) for (const x of v.inputs) last.set(x, i)
        for (const v of roots(graph)) last.set(v, order.length)
        for (const [i, v] of order.entries()) {
          const { shape, dtype } = v
          if (isInput(v)) tensors.set(v, double({ shape, dtype, data: given[nameOf(v)] }))
          else if (isParameter(v)) tensors.set(v, weights.get(nameOf(v))!)
          else if (isConstant(v)) tensors.set(v, constants.get(v)!)
          else {
            const y = { shape, dtype, data: new Float64Array(size(shape)) as unknown as Float32Array }
            const inputs = v.inputs.map((x) => tensors.get(x)!)
            contractOf(v.op).reference(inputs, v.attrs, y)
            tensors.set(v, replace(v, inputs, y))
          }
          for (const x of v.inputs) if (last.get(x) === i) tensors.delete(x)
        }
        for (const { target, value } of graph.updates) weights.set(nameOf(target), tensors.get(value)!)
        return Object.fromEntries(Object.entries(graph.outputs).map(([name, v]) => [name, tensors.get(v)!]))
      },
      read: async (wanted = names) => new Map([...wanted].map((name) => [name, weights.get(name)!])),
      async write(values) {
        for (const [name, t] of values) weights.set(name, double(t))
      },
      async refill(values) {
        for (const name of names) weights.set(name, double(values.get(name)!))
      },
      dispose,
      [Symbol.dispose]: dispose,
    }
  },
})
