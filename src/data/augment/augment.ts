/** Applies the part of an {@link Augmentation} that changes single images. */
import { key, Rng } from '../../core/index.ts'
import type { RgbImage } from '../images/image.ts'
import { resizeAndCrop } from '../images/preprocess.ts'
import type { Preprocessing } from '../images/preprocessing.ts'
import type { Augmentation } from './augmentation.ts'
import { brightness, contrast, hue, saturation } from './colour.ts'
import { cutout, erase } from './erase.ts'
import { cropResize, flip, randomBox, rotation, shift, transform } from './geometry.ts'
import { randAugment } from './rand-augment.ts'

/**
 * Number of each decision's stream of random numbers. These numbers must not change, because results depend on them. A
 * new stream takes the next number.
 */
export const streams = {
  shuffle: 1,
  split: 2,
  crop: 3,
  shift: 4,
  flip: 5,
  rotate: 6,
  randAugment: 7,
  jitter: 8,
  cutout: 9,
  erase: 10,
  mix: 11,
} as const

/** Random numbers of one decision about one image (or batch) in one epoch. */
export const rngOf = (stream: keyof typeof streams, seed: number, epoch: number, index: number): Rng =>
  new Rng(key(streams[stream], seed, epoch, index))

type Step<V> = (image: RgbImage, value: V, rng: Rng, preprocessing: Preprocessing) => RgbImage
type PerImage = Required<Omit<Augmentation, 'crop' | 'mixup' | 'cutmix'>>

/** The changes, in the order in which they are applied. */
const steps: { readonly [K in keyof PerImage]: Step<PerImage[K]> } = {
  shift(image, most, rng) {
    const draw = (side: number) => {
      const pixels = Math.round(most * side)
      return rng.integer(2 * pixels + 1) - pixels
    }
    return shift(image, draw(image.width), draw(image.height))
  },
  flip: (image, probability, rng) => (rng.uniform() < probability ? flip(image) : image),
  rotate: (image, degrees, rng) => transform(image, rotation(rng.between(-degrees, degrees))),
  randAugment: (image, options, rng) => randAugment(image, options, rng),
  jitter: (image, options, rng) => jitter(image, options, rng),
  cutout: (image, side, rng, { mean }) =>
    cutout(
      image,
      side,
      mean.map((m) => Math.round(255 * m)),
      rng,
    ),
  erase: (image, { probability, ...options }, rng) =>
    rng.uniform() < probability ? erase(image, options, rng) : image,
}

function jitter(image: RgbImage, options: NonNullable<Augmentation['jitter']>, rng: Rng): RgbImage {
  const factor = (by = 0) => rng.between(1 - by, 1 + by)
  const changes = [
    { by: options.brightness, apply: brightness, value: factor(options.brightness) },
    { by: options.contrast, apply: contrast, value: factor(options.contrast) },
    { by: options.saturation, apply: saturation, value: factor(options.saturation) },
    { by: options.hue, apply: hue, value: factor(options.hue) - 1 },
  ]
  for (const i of rng.permutation(changes.length)) {
    const { by, apply, value } = changes[i]
    if (by) image = apply(image, value)
  }
  return image
}

/**
 * Makes one training image: crops and resizes it to the network's input, then changes it, as (seed, epoch, index)
 * determine. With an empty `augmentation`, the image is exactly what `predict` uses.
 */
export function augment(
  image: RgbImage,
  preprocessing: Preprocessing,
  augmentation: Augmentation,
  [seed, epoch, index]: readonly [seed: number, epoch: number, index: number],
): RgbImage {
  const { crop } = augmentation
  let patch = crop
    ? cropResize(image, randomBox(image, crop, rngOf('crop', seed, epoch, index)), preprocessing)
    : resizeAndCrop(image, preprocessing)
  const apply = <K extends keyof PerImage>(name: K, value: PerImage[K] | undefined) => {
    const step: Step<PerImage[K]> = steps[name]
    if (value !== undefined) patch = step(patch, value, rngOf(name, seed, epoch, index), preprocessing)
  }
  for (const name of Object.keys(steps) as (keyof PerImage)[]) apply(name, augmentation[name])
  return patch
}

/**
 * The number of pixels that both sides of a decoded image must keep, so that no crop has to be enlarged because the
 * decoder shrank the image. Undefined when the image must be decoded exactly.
 */
export function pixelsNeeded({ size, crop }: Preprocessing, augmentation: Augmentation): number | undefined {
  if (Object.keys(augmentation).length === 0) return undefined
  const { area, ratio } = augmentation.crop ?? { area: [crop ** 2], ratio: [1, 1] }
  // In a square image, the smallest box has this fraction of the side. In other images its shorter side is longer.
  const smallest = Math.sqrt(area[0] * Math.min(ratio[0], 1 / ratio[1], 1))
  return Math.ceil(Math.max(...size) / smallest)
}
