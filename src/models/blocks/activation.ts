/** Activations by the names that tables and options use: those of `ops`. */
import { activations, type Value } from '../../ops/index.ts'

export type Activation = keyof typeof activations
export const activationNames = Object.keys(activations) as readonly Activation[]

/** The activation of that name; `none` leaves x as it is. */
export const activate = (x: Value, name: Activation | 'none'): Value => (name === 'none' ? x : activations[name](x))
