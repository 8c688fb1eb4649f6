/** Default preprocessing of a network. */
import { type Preprocessing, preprocessingPreset } from '../data/index.ts'
import type { Network } from '../nn/index.ts'

/**
 * Inputs up to this shorter side, in pixels, count as small: no border is cropped, and `kinglet train` augments less.
 */
export const smallImage = 64

/** Returns the default preprocessing of a network without one. */
export function preprocessingFor({ inputShape: [height, width] }: Network): Preprocessing {
  const preset = Math.min(height, width) <= smallImage ? 'whole' : 'imagenet'
  return preprocessingPreset(preset, [height, width])
}
