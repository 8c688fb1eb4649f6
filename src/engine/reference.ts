/**
 * The reference engine runs a graph node by node with each op's plain-loop oracle. It is slow and simple. It implements the
 * same interface as any engine: `--engine reference` runs everything on it, and tests compare the fast engine with it.
 */
import { bytesOf, KingletError, size, type Tensor } from '../core/index.ts'
import { evaluate, type Graph, inputsOf, nameOf, parametersOf, roots, topological } from '../graph/index.ts'
import { isInput, type Value } from '../ops/index.ts'
import type { Engine, Program } from './engine.ts'
import { pick } from './pick.ts'
import { checkInputs, checkWeights, completeWeights, startingWeights } from './program.ts'

/** Returns the engine of the oracles. Results are rounded to float32 after every op. */
export const referenceEngine = (): Engine => ({
  name: 'reference',
  async compile(graph: Graph, options = {}): Promise<Program> {
    const inputs = inputsOf(graph)
    const parameters = parametersOf(graph)
    const weights = new Map(
      [...startingWeights(graph, options)].map(([name, t]) => [name, { ...t, data: t.data.slice() } as Tensor]),
    )
    const bytes = (values: Iterable<Value>) => [...values].reduce((n, v) => n + size(v.shape) * bytesOf(v.dtype), 0)
    const names = Object.keys(graph.outputs)
    let disposed = false
    const alive = () => {
      if (disposed) throw new KingletError('program: it was disposed of: compile the graph again')
    }
    const dispose = () => {
      disposed = true
      weights.clear()
    }
    return {
      memory: { parameters: bytes(parameters.values()), arena: bytes(topological(roots(graph))) },
      async run(given) {
        alive()
        checkInputs(inputs, given)
        const leaf = (v: Value): Tensor =>
          isInput(v) ? { shape: v.shape, dtype: v.dtype, data: given[nameOf(v)] } : weights.get(nameOf(v))!
        const results = evaluate(roots(graph), leaf)
        for (const [i, { target }] of graph.updates.entries())
          weights.set(nameOf(target), { ...results[names.length + i], data: results[names.length + i].data.slice() })
        return Object.fromEntries(names.map((name, i) => [name, { ...results[i], data: results[i].data.slice() }]))
      },
      async read(wanted) {
        alive()
        return new Map([...pick(weights, wanted)].map(([name, t]) => [name, { ...t, data: t.data.slice() } as Tensor]))
      },
      async write(values) {
        alive()
        checkWeights(parameters, values, 'write')
        for (const [name, t] of values) weights.set(name, { ...t, data: t.data.slice() } as Tensor)
      },
      async refill(values) {
        alive()
        for (const [name, t] of completeWeights(parameters, values))
          weights.set(name, { ...t, data: t.data.slice() } as Tensor)
      },
      dispose,
      [Symbol.dispose]: dispose,
    }
  },
})
