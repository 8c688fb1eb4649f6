/**
 * The training step as one graph: forward pass, loss, gradients, optimiser and average of the weights. Updates give new
 * values to parameters and running statistics. The logits are an output, so that the accuracy of a step needs no other
 * pass. Numbers that change from step to step (learning rate, random seed, Adam's corrections) are inputs.
 */
import { KingletError, key, keyOf, size, type TypedArrayOf } from '../core/index.ts'
import { type Graph, gradients, inputsOf, nameOf, topological, type Update } from '../graph/index.ts'
import { assertClassifier, type Network } from '../nn/index.ts'
import {
  add,
  crossEntropy,
  div,
  input,
  isParameter,
  maximum,
  mul,
  type ParameterAttrs,
  parameter,
  reduceSum,
  reshape,
  sqrt,
  sub,
  type Value,
} from '../ops/index.ts'
import { type FullOptimizer, ruleOf } from './optimizer.ts'

export interface StepOptions {
  readonly batch: number
  readonly optimizer: FullOptimizer
  readonly weightDecay: number
  /** Whether depthwise filters decay too. */
  readonly decayDepthwise: boolean
  readonly labelSmoothing: number
  /** Upper bound of the norm of all gradients; 0: no clipping. */
  readonly clipNorm: number
  /** Decay of the average of the weights; 0: no average. */
  readonly ema: number
  /** Names of parameters that do not train. */
  readonly frozen: ReadonlySet<string>
}

/** Names of the step's tensors beside the network's parameters: `ema/stem.conv.w`, `momentum/stem.conv.w`. */
export const emaOf = (name: string): string => `ema/${name}`
const stateOf = (state: string, name: string): string => `${state}/${name}`

export interface Step {
  /** Has the inputs `x`, `targets` and the numbers of the step, and the outputs `loss` and `logits`. */
  readonly graph: Graph
  /** Names of the network's parameters that have an average. */
  readonly averaged: readonly string[]
  /** Returns the inputs of step `step` (from 1) other than `x` and `targets`. */
  numbers(step: number, learningRate: number, seed: number): Record<string, TypedArrayOf>
}

/** Builds the step. Throws a `KingletError` if all layers are frozen, or if the network does not classify. */
export function trainingStep(net: Network, options: StepOptions): Step {
  assertClassifier(net, 'train')
  const { batch, optimizer, frozen } = options
  const rule = ruleOf(optimizer)
  const scalars = new Map<string, Value>()
  const scalar = (name: string): Value => {
    const known = scalars.get(name) ?? input(name, [])
    scalars.set(name, known)
    return known
  }
  const x = input('x', [batch, ...net.inputShape])
  const targets = input('targets', [batch, net.classes])
  const { logits, updates: statistics } = net.forward(x, {
    training: true,
    seed: input('seed', [], 'i32'),
    frozen: (name) => frozen.has(name),
  })
  const loss = crossEntropy(logits, targets, { smoothing: options.labelSmoothing })

  const trained = topological([loss])
    .filter((v) => isParameter(v) && attrsOf(v).role !== 'state' && !frozen.has(nameOf(v)))
    .sort((a, b) => a.id - b.id)
  if (!trained.length) throw new KingletError('train: all layers are frozen: leave one out of freeze')
  const gradientOf = clipped(gradients(loss, trained), options.clipNorm)

  const updates: Update[] = [...statistics]
  const stateUpdates: Update[] = []
  for (const w of trained) {
    const { name, shape, role } = attrsOf(w)
    const decays = role === 'weight' || (role === 'depthwise' && options.decayDepthwise)
    const next = rule.next(optimizer, {
      w,
      g: gradientOf(w),
      learningRate: scalar('learning_rate'),
      decay: decays ? options.weightDecay : 0,
      scalar,
      state: (state, value) =>
        parameter({ name: stateOf(state, name), shape, role: 'state', init: { kind: 'constant', value } }),
    })
    updates.push({ target: w, value: next.w })
    for (const [target, value] of next.state) stateUpdates.push({ target, value })
  }
  const averages = options.ema ? updates.map((u) => averaged(u, scalar('ema_rate'))) : []
  const graph: Graph = { outputs: { loss, logits }, updates: [...updates, ...stateUpdates, ...averages] }
  const inputs = inputsOf(graph)
  return {
    graph,
    averaged: options.ema ? updates.map((u) => nameOf(u.target)) : [],
    numbers(step, learningRate, seed) {
      const all: Record<string, number> = {
        ...rule.scalars(optimizer, step),
        learning_rate: learningRate,
        ema_rate: 1 - emaDecay(options.ema, step),
      }
      const given = Object.entries(all).filter(([name]) => inputs.has(name))
      return {
        ...Object.fromEntries(given.map(([name, value]) => [name, Float32Array.of(value)])),
        ...(inputs.has('seed') && { seed: Int32Array.of(key(keyOf('dropout'), seed, step) | 0) }),
      }
    },
  }
}

const attrsOf = (v: Value): ParameterAttrs => v.attrs as ParameterAttrs

/**
 * At first less than `decay`, as with TensorFlow's `num_updates`, so that the average soon forgets the first weights.
 */
const emaDecay = (decay: number, step: number): number => Math.min(decay, (1 + step) / (10 + step))

const averaged = ({ target, value }: Update, rate: Value): Update => {
  const { name, shape } = attrsOf(target)
  // The caller that compiles the graph replaces this constant with the parameter's first value.
  const old = parameter({ name: emaOf(name), shape, role: 'state', init: { kind: 'constant', value: 0 } })
  return { target: old, value: add(old, mul(sub(value, old), rate)) }
}

/** All gradients, scaled down together when their norm is above `norm` (Pascanu et al. 2013, arXiv:1211.5063). */
function clipped(found: ReadonlyMap<Value, Value>, norm: number): (w: Value) => Value {
  if (!norm) return (w) => found.get(w)!
  const squares = [...found.values()].map((g) => {
    const flat = reshape({ x: g }, { shape: [size(g.shape)] })
    return reshape({ x: reduceSum({ x: mul(flat, flat) }, { axes: [0] }) }, { shape: [] })
  })
  const scale = div(norm, maximum(sqrt(squares.reduce((a, b) => add(a, b))), norm))
  return (w) => mul(found.get(w)!, scale)
}
