/**
 * Makes the inference and training forms of a network from its declared form. In the inference form batch norm uses its
 * running statistics and dropout is removed. In the training form each op is what the `training` rule of its contract says
 * (`ops/define.ts`).
 */
import { assert, keyOf, sameShape, showShape, UsageError } from '../core/index.ts'
import { type Graph, inputsOf, mapValues, nameOf, roots, type Update } from '../graph/index.ts'
import { contractOf, isInput, isLeaf, isParameter, scope, type Training, type Value } from '../ops/index.ts'

export interface ForwardOptions {
  /** If true, batch norm uses the batch's statistics and updates the running ones, and dropout drops values. */
  readonly training: boolean
  /** An i32 scalar that changes every step. Required for training a network with dropout. */
  readonly seed?: Value
  /**
   * Whether the parameter with this name does not train. Batch norm over frozen parameters keeps its running statistics,
   * also while training.
   */
  readonly frozen?: (name: string) => boolean
}

/** A graph in one of its forms. */
export interface Form extends Graph {
  /** The value of this form that a value of the declared graph became. */
  at(declared: Value): Value
}

/** Makes the form that `options` ask for, over `x` in place of the graph's input. `and` are further values to include. */
export type FormOf = (declared: Graph, x: Value, options: ForwardOptions, and?: readonly Value[]) => Form

/** Makes the form for inference or for training. */
export const formOf: FormOf = (declared, x, options, and) => {
  const updates: Update[] = []
  const training = options.training ? trainingFor(options) : undefined
  const trained = (v: Value): Value | undefined => {
    const rule = training && contractOf(v.op).training
    const found = rule && scope(v.scope, () => rule(v.inputs, v.attrs, training(v)))
    updates.push(...(found?.updates ?? []))
    return found?.y
  }
  const form = rewritten(declared, x, and, trained)
  assertApart(updates)
  return { ...form, updates }
}

/** Makes the form for inference only: it does not import the ops' contracts, which training needs. */
export const inferenceFormOf: FormOf = (declared, x, { training }, and) => {
  if (training) throw new UsageError('forward: training: the kinglet/run of pages is built without it: use kinglet')
  return rewritten(declared, x, and, () => undefined)
}

/** Rewrites the declared graph over `x`. Each node becomes the result of `trained`, or else its inference form. */
function rewritten(
  declared: Graph,
  x: Value,
  and: readonly Value[] = [],
  trained: (v: Value) => Value | undefined,
): Form {
  const [given] = inputsOf(declared).values()
  const wanted = [x.shape[0], ...given.shape.slice(1)]
  assert(
    sameShape(x.shape, wanted) && x.dtype === given.dtype,
    () =>
      `forward: x is ${showShape(x.shape)} ${x.dtype}: it must be [N, ${given.shape.slice(1).join(', ')}] ${given.dtype}`,
  )
  const values = mapValues([...roots(declared), ...and], (v) => {
    if (isInput(v)) return x
    return isLeaf(v) ? v : (trained(v) ?? (v.op.isIdentity ? v.inputs[0] : v))
  })
  const at = (v: Value): Value => values.get(v)!
  const outputs = Object.fromEntries(Object.entries(declared.outputs).map(([name, v]) => [name, at(v)]))
  return { outputs, updates: [], at }
}

/** The context that an op's `training` rule receives for a node. */
function trainingFor({ seed, frozen }: ForwardOptions): (v: Value) => Training {
  /** For each layer, the number of nodes that have taken a stream. */
  const drawn = new Map<string, number>()
  return ({ op, scope: layer }) => ({
    layer,
    isFrozen: (parameter) => isParameter(parameter) && frozen?.(nameOf(parameter)) === true,
    random() {
      if (!seed) throw new UsageError(`${op.name} ${layer}: no seed: give forward an i32 scalar that changes each step`)
      const before = drawn.get(layer) ?? 0
      drawn.set(layer, before + 1)
      return { seed, stream: keyOf(before === 0 ? layer : `${layer}#${before}`) }
    },
  })
}

function assertApart(updates: readonly Update[]): void {
  const names = updates.map(({ target }) => nameOf(target))
  const twice = names.find((name, i) => names.indexOf(name) < i)
  assert(
    twice === undefined,
    `forward: two layers update ${twice} while training: give each its own running statistics`,
  )
}
