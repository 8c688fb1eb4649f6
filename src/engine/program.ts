/** Checks that all engines share, with the same messages: the inputs of a run, and parameters from outside. */
import { dtypes, KingletError, oneOf, sameShape, size, type Tensor, type TypedArrayOf } from '../core/index.ts'
import { describe, type Graph, initialise, initialiseLater, parametersOf, type Weights } from '../graph/index.ts'
import type { Value } from '../ops/index.ts'
import type { CompileOptions } from './engine.ts'

/** Throws unless `given` holds exactly the graph's inputs, each of the right type and length. */
export function checkInputs(expected: ReadonlyMap<string, Value>, given: Readonly<Record<string, TypedArrayOf>>): void {
  for (const name of Object.keys(given))
    if (!expected.has(name))
      throw new KingletError(`run: no input ${name}: this program takes ${oneOf(expected.keys()) || 'none'}`)
  for (const [name, leaf] of expected) {
    const data = given[name]
    if (!data) throw new KingletError(`run: input ${name} is missing: it must be ${describe(leaf)}`)
    if (data.constructor !== dtypes[leaf.dtype].array)
      throw new KingletError(
        `run: input ${name} is a ${data.constructor.name}: ${describe(leaf)} needs a ${dtypes[leaf.dtype].array.name}`,
      )
    if (data.length !== size(leaf.shape))
      throw new KingletError(
        `run: input ${name} has ${data.length} values: ${describe(leaf)} holds ${size(leaf.shape)}`,
      )
  }
}

/** Throws unless every tensor of `weights` is a parameter of the graph with the same shape. */
export function checkWeights(parameters: ReadonlyMap<string, Value>, weights: Weights, what: string): void {
  for (const [name, t] of weights) {
    const leaf = parameters.get(name)
    if (!leaf) throw new KingletError(`${what}: the graph has no parameter ${name}`)
    if (!sameShape(leaf.shape, t.shape) || leaf.dtype !== t.dtype)
      throw new KingletError(`${what}: parameter ${name} is ${describe(leaf)}, the tensor given is ${describe(t)}`)
  }
}

/** The initial values of the parameters: the given ones, and the rest drawn by their `init`. Other names are ignored. */
export function startingWeights(graph: Graph, options: CompileOptions): Map<string, Tensor> {
  const start = givenWeights(graph, options)
  return joined(start, initialise(start.missing, options.seed ?? 0))
}

/** As `startingWeights`, but loads the code that draws weights only where some are missing: a model file has them all. */
export async function compiledWeights(graph: Graph, options: CompileOptions): Promise<Map<string, Tensor>> {
  const start = givenWeights(graph, options)
  return joined(start, start.missing.length ? await initialiseLater(start.missing, options.seed ?? 0) : new Map())
}

interface Start {
  readonly names: Iterable<string>
  readonly given: Weights
  readonly missing: readonly Value[]
}

function givenWeights(graph: Graph, { weights }: CompileOptions): Start {
  const parameters = parametersOf(graph)
  const given = new Map([...(weights ?? [])].filter(([name]) => parameters.has(name)))
  checkWeights(parameters, given, 'compile')
  const missing = [...parameters].filter(([name]) => !given.has(name)).map(([, leaf]) => leaf)
  return { names: parameters.keys(), given, missing }
}

/** Returns the values of all `parameters` from `given`. Throws for one that is missing or has another shape. */
export function completeWeights(parameters: ReadonlyMap<string, Value>, given: Weights): Map<string, Tensor> {
  const complete = new Map(
    [...parameters.keys()].map((name) => {
      const t = given.get(name)
      if (!t) throw new KingletError(`refill: parameter ${name} is missing: give all of them, or write some`)
      return [name, t] as const
    }),
  )
  checkWeights(parameters, complete, 'refill')
  return complete
}

const joined = ({ names, given }: Start, drawn: Weights): Map<string, Tensor> =>
  new Map([...names].map((name) => [name, given.get(name) ?? drawn.get(name)!]))
