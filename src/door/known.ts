/**
 * What is known of a network beside its weights: the classes it was trained on (or loaded with) and the preprocessing.
 * `load` and `train` note it, so that `save` and `evaluate` need not be told again; what they are told comes first.
 */
import { type Preprocessing, preprocessingPreset } from '../data/index.ts'
import type { Provenance } from '../formats/index.ts'
import type { Network } from '../nn/index.ts'

export interface Known {
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  readonly provenance: Omit<Provenance, 'kinglet' | 'created'>
}

const known = new WeakMap<Network, Known>()

export const remember = (net: Network, what: Known): void => void known.set(net, what)
export const remembered = (net: Network): Partial<Known> => known.get(net) ?? {}

/**
 * Up to this many pixels on its shorter side an image is about as small as its file: no border is cut off, and `kinglet
 * train` changes it less.
 */
export const smallImage = 64

/** The preprocessing of a network that has none yet. */
export function preprocessingFor({ inputShape: [height, width] }: Network): Preprocessing {
  const preset = Math.min(height, width) <= smallImage ? 'whole' : 'imagenet'
  return preprocessingPreset(preset, [height, width])
}
