/** Activations by the names that tables and options use. */
import { hardSigmoid, hardSwish, relu, relu6, sigmoid, swish, tanh, type Value } from '../ops/index.ts'

const functions = { relu, relu6, hard_swish: hardSwish, swish, sigmoid, hard_sigmoid: hardSigmoid, tanh } as const

export type Activation = keyof typeof functions
export const activationNames = Object.keys(functions) as readonly Activation[]

/** The activation of that name; `none` leaves x as it is. */
export const activate = (x: Value, name: Activation | 'none'): Value => (name === 'none' ? x : functions[name](x))
