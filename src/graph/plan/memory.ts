/**
 * Estimates a run's memory without an engine. Each convolution or matrix product is one step, which applies the batch
 * norm, activation and addition after it before it stores. Sandler et al. 2018 (arXiv:1801.04381, section 5.1) count in
 * the same way: the peak is the largest sum, over steps, of what a step reads and writes and what is alive beside it.
 */
import { bytesOf, size, zeros } from '../../core/index.ts'
import {
  add,
  constant,
  isConstant,
  isInput,
  isParameter,
  mul,
  native,
  type Op,
  scope,
  takesEpilogue,
  type Value,
} from '../../ops/index.ts'
import { type Graph, inputsOf, mapGraph, roots, topological } from '../graph.ts'
import { fuse } from '../passes/fuse.ts'
import { bodyOf, fusedOp } from '../passes/fused.ts'
import { baseOf } from '../passes/inline.ts'
import { lower, mergeEqual } from '../passes/simplify.ts'
import { planMemory } from './updates.ts'

export interface Memory {
  /** Bytes of the planned arena: inputs, results and outputs. */
  readonly peakBytes: number
  /** Bytes alive at each layer's peak, by scope. */
  readonly liveBytes: ReadonlyMap<string, number>
}

const isStep = (op: Op): boolean => op.lower === native || op.linearIn !== undefined

/** Scale and shift that depend only on parameters are constants once weights are known. Here only their shape matters. */
const foldAffine = (graph: Graph): Graph =>
  mapGraph(graph, (v) => {
    if (!v.op.affine || !v.inputs.slice(1).every((x) => isParameter(x) || isConstant(x))) return v
    const { scale, shift } = v.op.affine(v.inputs, v.attrs)
    const known = (x: Value) => constant(zeros(x.shape))
    return scope(v.scope, () => add(mul(v.inputs[0], known(scale)), known(shift)))
  })

/** Plans the memory of `graph`. */
export function memoryOf(graph: Graph): Memory {
  const fused = fuse(mergeEqual(lower(foldAffine(graph), isStep)), takesEpilogue)
  const { steps, arenaBytes } = planMemory(fused)
  const at = new Map(steps.map((v, i) => [v, i]))
  const until = new Map<Value, number>()
  for (const [i, step] of steps.entries()) for (const x of step.inputs) until.set(baseOf(x), i)
  for (const v of roots(fused)) until.set(baseOf(v), steps.length)

  // Bytes that become alive (+) and are freed (-) at each step, summed along the schedule.
  const change = new Array<number>(steps.length + 2).fill(0)
  for (const v of [...inputsOf(fused).values(), ...steps]) {
    const bytes = size(v.shape) * bytesOf(v.dtype)
    const from = at.get(v) ?? 0
    change[from] += bytes
    change[(until.get(v) ?? from) + 1] -= bytes
  }
  const liveBytes = new Map<string, number>()
  let alive = 0
  for (const [i, step] of steps.entries()) {
    alive += change[i]
    for (const layer of scopesOf(step)) liveBytes.set(layer, Math.max(liveBytes.get(layer) ?? 0, alive))
  }
  return { peakBytes: arenaBytes, liveBytes }
}

/** The layers whose work a step does. */
const scopesOf = (step: Value): Set<string> =>
  step.op === fusedOp
    ? new Set(topological(bodyOf(step).roots).flatMap((v) => (isInput(v) || isConstant(v) ? [] : [v.scope])))
    : new Set([step.scope])
