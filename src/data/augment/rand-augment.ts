/**
 * RandAugment (Cubuk et al. 2020, arXiv:1909.13719): a few operations drawn uniformly from fourteen, all at one
 * magnitude. The meaning of magnitudes 0 to 30 is that of the authors' earlier AutoAugment (arXiv:1805.09501).
 */
import type { Rng } from '../../core/index.ts'
import type { RgbImage } from '../images/image.ts'
import { autoContrast, brightness, contrast, equalize, posterize, saturation, sharpness, solarize } from './colour.ts'
import { rotation, shearX, shearY, transform, translation } from './geometry.ts'

/** An operation at strength `m`, 0 to 1. `sign` is 1 or -1; operations without a direction ignore it. */
type Operation = (image: RgbImage, m: number, sign: number) => RgbImage

export const randAugmentOperations = {
  identity: (image) => image,
  autoContrast: (image) => autoContrast(image),
  equalize: (image) => equalize(image),
  rotate: (image, m, sign) => transform(image, rotation(30 * m * sign)),
  solarize: (image, m) => solarize(image, 256 - 256 * m),
  posterize: (image, m) => posterize(image, 8 - Math.round(4 * m)),
  saturation: (image, m, sign) => saturation(image, 1 + 0.9 * m * sign),
  contrast: (image, m, sign) => contrast(image, 1 + 0.9 * m * sign),
  brightness: (image, m, sign) => brightness(image, 1 + 0.9 * m * sign),
  sharpness: (image, m, sign) => sharpness(image, 1 + 0.9 * m * sign),
  shearX: (image, m, sign) => transform(image, shearX(0.3 * m * sign)),
  shearY: (image, m, sign) => transform(image, shearY(0.3 * m * sign)),
  translateX: (image, m, sign) => transform(image, translation(0.45 * m * sign * image.width, 0)),
  translateY: (image, m, sign) => transform(image, translation(0, 0.45 * m * sign * image.height)),
} as const satisfies Record<string, Operation>

const operations: readonly Operation[] = Object.values(randAugmentOperations)

/** Applies `ops` random operations in turn; an operation may occur twice. */
export function randAugment(
  image: RgbImage,
  { ops, magnitude }: { readonly ops: number; readonly magnitude: number },
  rng: Rng,
): RgbImage {
  for (let i = 0; i < ops; i++) {
    const operation = operations[rng.integer(operations.length)]
    const sign = rng.uniform() < 0.5 ? -1 : 1
    image = operation(image, magnitude / 30, sign)
  }
  return image
}
