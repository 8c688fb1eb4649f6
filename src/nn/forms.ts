/**
 * The forms of a network, made from its declared one. In inference batch norm keeps its running statistics and dropout is
 * nothing; in training each op is what its contract says that it is then (`training` of `ops/define.ts`).
 */
import { assert, keyOf, sameShape, showShape, UsageError } from '../core/index.ts'
import { type Graph, inputsOf, mapValues, nameOf, roots, type Update } from '../graph/index.ts'
import { contractOf, isInput, isLeaf, isParameter, scope, type Training, type Value } from '../ops/index.ts'

export interface ForwardOptions {
  /** Batch norm uses the batch's statistics and updates the running ones; dropout drops. */
  readonly training: boolean
  /** An i32 scalar that changes every step; needed while training when the network has dropout. */
  readonly seed?: Value
  /**
   * Parameters that do not train: batch norm in these layers keeps its running statistics, also while training.
   * Called with the parameter's name.
   */
  readonly frozen?: (name: string) => boolean
}

/** A graph in one of its forms. */
export interface Form extends Graph {
  /** What a value of the declared graph has become. */
  at(declared: Value): Value
}

/** The form that `options` ask for, over `x` in the place of the graph's input. `and` are other values that must be in it. */
export type FormOf = (declared: Graph, x: Value, options: ForwardOptions, and?: readonly Value[]) => Form

/** The form for inference or for training. */
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

/** The form for inference alone: without the contracts of ops, of which training is made. */
export const inferenceFormOf: FormOf = (declared, x, { training }, and) => {
  if (training) throw new UsageError('forward: training: the kinglet/run of pages is built without it: use kinglet')
  return rewritten(declared, x, and, () => undefined)
}

/** The declared graph over `x`: nodes are what `trained` makes of them, or what they are in inference. */
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

/** What each node is given to be put into its training form. */
function trainingFor({ seed, frozen }: ForwardOptions): (v: Value) => Training {
  /** Nodes of each layer that have drawn a stream. */
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
    `forward: two layers update ${twice} while training: give each running statistics of its own`,
  )
}
