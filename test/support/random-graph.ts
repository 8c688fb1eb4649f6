/**
 * Random graphs for the fuzz test: chains and meshes of layers of odd sizes, with outputs and updates that share nodes
 * in every way that a graph allows. A graph is a function of its seed.
 *
 * Rounding must not change a branch: masks come from inputs, which are exact, and graphs with gradients have only smooth
 * ops (the gradient of ReLU jumps at 0).
 */
import {
  broadcastShapes,
  key,
  Rng,
  type Shape,
  sameShape,
  size,
  type Tensor,
  type TypedArrayOf,
  tensor,
} from '../../src/core/index.ts'
import { type Graph, gradients, inputsOf, type Update } from '../../src/graph/index.ts'
import {
  add,
  constant,
  input,
  mul,
  parameter,
  reduceMean,
  reshape,
  sigmoid,
  sliceFirst,
  type Value,
} from '../../src/ops/index.ts'
import { rules } from './random-layers.ts'

/** Upper bound of a value's size, since the oracles are slow. */
const mostElements = 5000

export interface RandomGraph {
  readonly graph: Graph
  readonly weights: ReadonlyMap<string, Tensor>
  /** Inputs for a run; each run has a different set. */
  readonly inputs: (run: number) => Record<string, TypedArrayOf>
}

/** What layers are built from: the values so far, and new leaves. */
export class Maker {
  readonly rng: Rng
  readonly smooth: boolean
  readonly values: Value[] = []
  readonly weights = new Map<string, Tensor>()
  readonly parameters: { readonly leaf: Value; readonly positive: boolean }[] = []
  readonly inputs: Value[] = []

  constructor(seed: number) {
    this.rng = new Rng(key(seed))
    this.smooth = this.chance(0.4)
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + this.rng.integer(high - low + 1)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.rng.integer(list.length)]
  }

  chance(probability: number): boolean {
    return this.rng.uniform() < probability
  }

  input(shape: Shape, dtype: 'f32' | 'i32' = 'f32'): Value {
    const leaf = input(`x${this.inputs.length}`, shape, dtype)
    this.inputs.push(leaf)
    return leaf
  }

  constant(shape: Shape): Value {
    return constant(tensor(shape, this.#drawn(shape, -1, 1)))
  }

  /** A parameter with values from `low` to `high`. One that starts positive stays positive. */
  parameter(shape: Shape, low: number, high: number): Value {
    const name = `p${this.parameters.length}`
    const leaf = parameter({ name, shape, role: 'weight', init: { kind: 'constant', value: 0 } })
    this.weights.set(name, tensor(shape, this.#drawn(shape, low, high)))
    this.parameters.push({ leaf, positive: low > 0 })
    return leaf
  }

  /** Weights of a sum of `terms` products, scaled so that the sum keeps its magnitude. */
  weight(shape: Shape, terms: number): Value {
    const bound = Math.sqrt(3 / terms)
    return this.parameter(shape, -bound, bound)
  }

  /** A value that broadcasts to the shape of `x`. */
  beside(x: Value): Value {
    const fits = this.values.filter((v) => fitsInto(v.shape, x.shape))
    const last = x.shape[x.shape.length - 1] ?? 1
    const ways = [
      () => this.pick(fits),
      () => this.pick(fits),
      () => constant(this.rng.between(-2, 2)),
      () => this.parameter(x.shape.length ? [last] : [], -1, 1),
      () => this.input(x.shape.map((d) => (this.chance(0.2) ? 1 : d))),
      () => this.constant(x.shape),
    ]
    return this.pick(ways)()
  }

  #drawn(shape: Shape, low: number, high: number): Float32Array {
    return Float32Array.from({ length: size(shape) }, () => this.rng.between(low, high))
  }
}

function fitsInto(from: Shape, to: Shape): boolean {
  try {
    return sameShape(broadcastShapes(from, to, ''), to)
  } catch {
    return false
  }
}

/** Adds a layer above one of the last values. */
function grow(g: Maker): void {
  const recent = g.chance(0.7) ? g.values.slice(-3) : g.values
  const x = g.pick(recent)
  const fitting = rules.filter((rule) => (rule.smooth || !g.smooth) && rule.fits(x))
  const y = g.pick(fitting).make(g, x)
  if (size(y.shape) <= mostElements) g.values.push(y)
}

const firstShapes: readonly ((g: Maker) => Shape)[] = [
  (g) => [g.integer(1, 3), g.integer(3, 9), g.integer(3, 9), g.integer(1, 9)],
  (g) => [1, g.integer(6, 12), g.integer(6, 12), g.pick([3, 4, 8, 16])],
  (g) => [g.integer(1, 5), g.integer(1, 40)],
]

/** `value` with the shape of `to`, if that is possible. */
function fitted(g: Maker, value: Value, to: Value): Value | undefined {
  if (sameShape(value.shape, to.shape)) return value
  if (size(value.shape) === size(to.shape)) return reshape({ x: value }, { shape: to.shape })
  const flat = reshape({ x: value }, { shape: [size(value.shape)] })
  const count = size(to.shape)
  if (count > size(value.shape)) return undefined
  const from = g.integer(0, size(value.shape) - count)
  return reshape({ x: sliceFirst({ x: flat }, { from, count }) }, { shape: to.shape })
}

function updatesOf(g: Maker): Update[] {
  const updates: Update[] = []
  for (const { leaf: target, positive } of g.parameters) {
    if (g.chance(0.5)) continue
    const value = fitted(g, g.pick(g.values), target)
    if (!value) continue
    const ways = [() => value, () => add(mul(target, 0.5), mul(value, 0.5)), () => mul(target, 0.75)]
    updates.push({ target, value: positive ? add(sigmoid(value), 0.5) : g.pick(ways)() })
  }
  return updates
}

/** Steps down the gradient of the square of a value. */
function trainingUpdates(g: Maker): { updates: Update[]; loss: Value } {
  const y = g.values[g.values.length - 1]
  const axes = y.shape.map((_, i) => i)
  const square = mul(y, y)
  const loss = axes.length ? reduceMean(square, axes) : square
  const trained = g.parameters.filter((p) => !p.positive).map((p) => p.leaf)
  const found = gradients(loss, trained)
  for (const dw of found.values()) if (g.chance(0.2)) g.values.push(dw)
  return { loss, updates: trained.map((p) => ({ target: p, value: add(p, mul(found.get(p)!, -0.05)) })) }
}

/** The graph of `seed`. */
export function randomGraph(seed: number): RandomGraph {
  const g = new Maker(seed)
  for (let i = g.integer(1, 2); i > 0; i--) g.values.push(g.input(g.pick(firstShapes)(g)))
  for (let i = g.integer(2, 18); i > 0; i--) grow(g)
  const outputs: Record<string, Value> = {}
  let updates: Update[]
  if (g.smooth && g.parameters.length) {
    const training = trainingUpdates(g)
    outputs.loss = training.loss
    updates = training.updates
  } else updates = updatesOf(g)

  const choices = [g.values, g.values, g.parameters.map((p) => p.leaf), updates.map((u) => u.value), g.inputs]
  for (let i = g.integer(1, 4); i > 0; i--) {
    const list = g.pick(choices)
    const v = g.pick(list.length ? list : g.values)
    const isCuttable = v.shape.length > 0 && v.dtype === 'f32' && g.chance(0.2)
    outputs[`y${i}`] = isCuttable ? sliceFirst({ x: v }, { from: g.integer(0, v.shape[0] - 1) }) : v
  }
  outputs.last = g.values[g.values.length - 1]
  const graph = { outputs, updates }
  return { graph, weights: g.weights, inputs: (run) => drawnInputs(graph, new Rng(key(seed, run + 1))) }
}

function drawnInputs(graph: Graph, rng: Rng): Record<string, TypedArrayOf> {
  return Object.fromEntries(
    [...inputsOf(graph).values()].map(({ attrs: { name, shape, dtype } }) => {
      const length = size(shape)
      const values =
        dtype === 'i32'
          ? Int32Array.from({ length }, () => rng.integer(2 ** 24))
          : Float32Array.from({ length }, () => rng.between(-1.5, 1.5))
      return [name, values]
    }),
  )
}
