/** Activations by the names that tables and options use; the names are those of `ops`. */
import { activations, type Value } from '../../ops/index.ts'

export type Activation = keyof typeof activations
export const activationNames = Object.keys(activations) as readonly Activation[]

/** Applies the activation of that name; `none` returns x. */
export const activate = (x: Value, name: Activation | 'none'): Value => (name === 'none' ? x : activations[name](x))
