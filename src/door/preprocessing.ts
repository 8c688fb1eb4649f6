/** What is done to an image before a network that nobody has said it of. */
import { type Preprocessing, preprocessingPreset } from '../data/index.ts'
import type { Network } from '../nn/index.ts'

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
