/**
 * Initial values of parameters. They depend only on the seed and the parameter's name: adding a layer changes no other
 * layer's values, and every engine starts with the same bits.
 */
import { key, keyOf, Rng, size, type Tensor, tensor } from '../core/index.ts'
import type { Init, ParameterAttrs, Value } from '../ops/index.ts'

/** A truncated normal is redrawn beyond this many standard deviations, as in TensorFlow. */
const truncation = 2

const draw: { readonly [K in Init['kind']]: (init: Extract<Init, { kind: K }>, rng: Rng) => number } = {
  constant: ({ value }) => value,
  uniform: ({ bound }, rng) => rng.between(-bound, bound),
  normal: ({ std }, rng) => std * rng.normal(),
  truncated_normal: ({ std }, rng) => {
    let x = rng.normal()
    while (Math.abs(x) > truncation) x = rng.normal()
    return std * x
  },
}

/** Draws the initial values of `parameters`, by name. */
export function initialise(parameters: Iterable<Value>, seed: number): Map<string, Tensor> {
  return new Map(
    [...parameters].map((p) => {
      const { name, shape, init } = p.attrs as ParameterAttrs
      const rng = new Rng(key(seed, keyOf(name)))
      const rule = draw[init.kind] as (init: Init, rng: Rng) => number
      return [
        name,
        tensor(
          shape,
          Float32Array.from({ length: size(shape) }, () => rule(init, rng)),
        ),
      ]
    }),
  )
}
