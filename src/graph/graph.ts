/**
 * A graph: the named outputs of a run, and the parameters that the run updates. It holds only these values. All other
 * nodes are reached from them, so a node that no output or update needs is not part of the graph.
 */
import { KingletError, type Shape, type Tensor } from '../core/index.ts'
import { isInput, isParameter, type Value, withInputs } from '../ops/index.ts'

export interface Update {
  /** The parameter to update. */
  readonly target: Value
  /** Its value after the run. All updates and outputs read the values that parameters had before the run. */
  readonly value: Value
}

export interface Graph {
  readonly outputs: Readonly<Record<string, Value>>
  readonly updates: readonly Update[]
}

/** Values of parameters by name. */
export type Weights = ReadonlyMap<string, Tensor>

export const nameOf = (leaf: Value): string => leaf.attrs.name as string

/** The values that a run must compute: outputs, then new values of parameters. */
export const roots = (graph: Graph): Value[] => [...Object.values(graph.outputs), ...graph.updates.map((u) => u.value)]

/** All values that `from` depends on, each after its inputs. */
export function topological(from: readonly Value[]): Value[] {
  const seen = new Set<Value>()
  const order: Value[] = []
  const stack: Value[] = []
  /** For each value on the stack, the index of its next input. */
  const places: number[] = []
  const open = (v: Value): void => {
    if (seen.has(v)) return
    seen.add(v)
    stack.push(v)
    places.push(0)
  }
  for (const root of from) {
    open(root)
    while (stack.length) {
      const { inputs } = stack[stack.length - 1]
      const place = places[places.length - 1]++
      if (place < inputs.length) open(inputs[place])
      else {
        order.push(stack.pop()!)
        places.pop()
      }
    }
  }
  return order
}

const leaves = (graph: Graph, is: (v: Value) => boolean, what: string): Map<string, Value> => {
  const found = new Map<string, Value>()
  for (const v of topological([...roots(graph), ...graph.updates.map((u) => u.target)])) {
    if (!is(v)) continue
    const other = found.get(nameOf(v))
    if (other && other !== v) throw new KingletError(`graph: two ${what}s are named ${nameOf(v)}: names must be unique`)
    found.set(nameOf(v), v)
  }
  return found
}

/** The graph's inputs by name. */
export const inputsOf = (graph: Graph): Map<string, Value> => leaves(graph, isInput, 'input')

/** The graph's parameters by name, in order of creation. */
export const parametersOf = (graph: Graph): Map<string, Value> =>
  new Map([...leaves(graph, isParameter, 'parameter')].sort((a, b) => a[1].id - b[1].id))

/**
 * Rewrites every value that `from` depends on, and maps each old value to its new one. `rewrite` gets the value over its
 * rewritten inputs, and the old value. New values are created in the order in which the old ones were.
 */
export function mapValues(from: readonly Value[], rewrite: (v: Value, was: Value) => Value): Map<Value, Value> {
  const done = new Map<Value, Value>()
  for (const v of topological(from).sort((a, b) => a.id - b.id)) {
    const inputs = v.inputs.map((x) => done.get(x)!)
    done.set(v, rewrite(withInputs(v, inputs), v))
  }
  return done
}

/** Rebuilds a graph: `rewrite` gets each node over its rewritten inputs, and returns the node or its replacement. */
export function mapGraph(graph: Graph, rewrite: (v: Value) => Value): Graph {
  const done = mapValues(roots(graph), rewrite)
  const at = (v: Value) => done.get(v)!
  return {
    outputs: Object.fromEntries(Object.entries(graph.outputs).map(([name, v]) => [name, at(v)])),
    updates: graph.updates.map(({ target, value }) => ({ target, value: at(value) })),
  }
}

/** How many readers each value has: nodes of the graph, and one for each output and update. */
export function readersOf(graph: Graph): Map<Value, number> {
  const readers = new Map<Value, number>()
  const count = (v: Value) => readers.set(v, (readers.get(v) ?? 0) + 1)
  for (const v of topological(roots(graph))) v.inputs.forEach(count)
  roots(graph).forEach(count)
  return readers
}

/** `[shape] dtype`, for errors about inputs. */
export const describe = (leaf: { shape: Shape; dtype: string }): string => `[${leaf.shape.join(', ')}] ${leaf.dtype}`
