/**
 * Optimisers as expressions. A rule gives the next value of a parameter and of its state in ops; the training step
 * turns them into updates. Numbers that depend on the step (Adam's correction) are inputs, so one program serves a
 * whole run.
 */
import { checks } from '../core/index.ts'
import { add, div, mul, type Operand, sqrt, sub, type Value } from '../ops/index.ts'
import { type Kind, resolveKind } from './check.ts'

/** An optimiser with its options; plain JSON. */
export type Optimizer =
  | {
      /** As in PyTorch: v = momentum v + g; w -= lr v, or with `nesterov` w -= lr (g + momentum v). */
      readonly name: 'sgd'
      readonly momentum?: number
      readonly nesterov?: boolean
    }
  | {
      /**
       * As in TensorFlow, which the MobileNet papers used: s = decay s + (1 - decay) g^2, starting at 1;
       * m = momentum m + lr g / sqrt(s + epsilon); w -= m. Epsilon is inside the root, the learning rate inside the
       * momentum.
       */
      readonly name: 'rmsprop'
      readonly decay?: number
      readonly momentum?: number
      readonly epsilon?: number
    }
  | {
      /** Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101). */
      readonly name: 'adamw'
      readonly beta1?: number
      readonly beta2?: number
      readonly epsilon?: number
    }

export type OptimizerName = Optimizer['name']

type Full<T> = T extends unknown ? { readonly [K in keyof T]-?: T[K] } : never
/** An optimiser with all options. */
export type FullOptimizer = Full<Optimizer>
type Options<N extends OptimizerName> = Omit<Extract<FullOptimizer, { name: N }>, 'name'>

/** What a rule may use to update one parameter. */
export interface Slot {
  readonly w: Value
  readonly g: Value
  readonly learningRate: Value
  /** Weight decay; 0 for parameters that do not decay. */
  readonly decay: number
  /** Returns a state tensor of this parameter, which persists between steps. All its elements start as `first`. */
  state(name: string, first: number): Value
  /** Returns a number that depends on the step, from {@link Rule.scalars}. */
  scalar(name: string): Value
}

/** The next values of the parameter and of its state tensors. */
export interface Next {
  readonly w: Value
  readonly state: readonly (readonly [old: Value, next: Value])[]
}

interface Rule<O> extends Kind<O> {
  /** Defaults of learning rate and weight decay. */
  readonly learningRate: number
  readonly weightDecay: number
  next(options: O, slot: Slot): Next
  /** Returns the numbers that depend on the step (from 1). */
  scalars(options: O, step: number): Readonly<Record<string, number>>
}

const decayed = ({ w, g, decay }: Slot): Value => (decay ? add(g, mul(w, decay)) : g)
const towards = (old: Value, now: Operand, share: number): Value => add(mul(old, share), mul(now, 1 - share))
const none = () => ({})

const rules: { readonly [N in OptimizerName]: Rule<Options<N>> } = {
  sgd: {
    defaults: { momentum: 0.9, nesterov: true },
    checks: { momentum: checks.share, nesterov: checks.flag },
    learningRate: 0.05,
    weightDecay: 4e-5,
    scalars: none,
    next({ momentum, nesterov }, slot) {
      const { w, learningRate } = slot
      const g = decayed(slot)
      if (!momentum) return { w: sub(w, mul(g, learningRate)), state: [] }
      const old = slot.state('momentum', 0)
      const v = add(mul(old, momentum), g)
      const direction = nesterov ? add(g, mul(v, momentum)) : v
      return { w: sub(w, mul(direction, learningRate)), state: [[old, v]] }
    },
  },
  rmsprop: {
    defaults: { decay: 0.9, momentum: 0.9, epsilon: 1e-3 },
    checks: { decay: checks.share, momentum: checks.share, epsilon: checks.positive },
    learningRate: 0.005,
    weightDecay: 4e-5,
    scalars: none,
    next({ decay, momentum, epsilon }, slot) {
      const { w, learningRate } = slot
      const g = decayed(slot)
      const square = slot.state('square', 1)
      const s = towards(square, mul(g, g), decay)
      const step = mul(div(g, sqrt(add(s, epsilon))), learningRate)
      if (!momentum) return { w: sub(w, step), state: [[square, s]] }
      const old = slot.state('momentum', 0)
      const m = add(mul(old, momentum), step)
      return {
        w: sub(w, m),
        state: [
          [square, s],
          [old, m],
        ],
      }
    },
  },
  adamw: {
    defaults: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    checks: { beta1: checks.share, beta2: checks.share, epsilon: checks.positive },
    learningRate: 0.003,
    weightDecay: 0.02,
    scalars: ({ beta1, beta2 }, step) => ({
      mean_scale: 1 / (1 - beta1 ** step),
      square_scale: 1 / (1 - beta2 ** step),
    }),
    next({ beta1, beta2, epsilon }, slot) {
      const { w, g, learningRate, decay } = slot
      const mean = slot.state('mean', 0)
      const square = slot.state('square', 0)
      const m = towards(mean, g, beta1)
      const s = towards(square, mul(g, g), beta2)
      const root = sqrt(mul(s, slot.scalar('square_scale')))
      const direction = div(mul(m, slot.scalar('mean_scale')), add(root, epsilon))
      const all = decay ? add(direction, mul(w, decay)) : direction
      return {
        w: sub(w, mul(all, learningRate)),
        state: [
          [mean, m],
          [square, s],
        ],
      }
    },
  },
}

export const optimizerNames = Object.keys(rules) as readonly OptimizerName[]

/**
 * Returns an optimiser, given by name or as an object, with all its options. Throws a `UsageError` for an unknown name
 * or an invalid value.
 *
 * @example
 * ```ts
 * import { optimizerOf } from 'kinglet/train'
 *
 * optimizerOf('sgd') // => { name: 'sgd', momentum: 0.9, nesterov: true }
 * optimizerOf({ name: 'rmsprop', epsilon: 1 }) // => { name: 'rmsprop', decay: 0.9, momentum: 0.9, epsilon: 1 }
 * ```
 */
export const optimizerOf = (given: OptimizerName | Optimizer): FullOptimizer => resolveKind('optimizer', given, rules)

/** Returns the rule of an optimiser; call `rule.next(optimizer, slot)`. */
export const ruleOf = (optimizer: FullOptimizer): Rule<object> => rules[optimizer.name] as Rule<object>
