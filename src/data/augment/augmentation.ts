/**
 * The random changes of images in training, as plain JSON. They are applied in the order of the members below. Each
 * draws from a separate stream, a function of (seed, epoch, index), so leaving one out does not change the others.
 * Label smoothing is part of the loss.
 */
import { assert, between, type Check, checks, integerBetween, KingletError, nearest, oneOf } from '../../core/index.ts'

type Range = readonly [low: number, high: number]

/** Random changes of training images. A change that is left out is not applied. */
export interface Augmentation {
  /**
   * Random resized crop ("Inception crop"; Szegedy et al. 2015, arXiv:1409.4842, section 6): a rectangle of `area`
   * times the image's area and aspect ratio `ratio` (width / height, uniform on a logarithmic scale), resized to the
   * network's input. It replaces the resize and centre crop of the preprocessing.
   */
  readonly crop?: { readonly area: Range; readonly ratio: Range }
  /**
   * Translation by whole pixels, up to this fraction of each side, with black beyond the border: "pad and crop" for
   * small images (Lee et al. 2015, arXiv:1409.5185).
   */
  readonly shift?: number
  /** Probability of a horizontal flip. */
  readonly flip?: number
  /** Rotation about the centre by up to this many degrees in either direction, with black beyond the border. */
  readonly rotate?: number
  /**
   * RandAugment (Cubuk et al. 2020, arXiv:1909.13719): `ops` operations drawn from fourteen, at `magnitude` 0 to 30.
   */
  readonly randAugment?: { readonly ops: number; readonly magnitude: number }
  /**
   * Colour jitter (the idea is from Krizhevsky et al. 2012, section 4.1; the form is that of common libraries). Factors
   * for brightness, contrast and saturation are drawn from 1 - v to 1 + v. The hue turns by up to `hue` (0 to 0.5 of
   * the circle) in either direction. The four are applied in random order.
   */
  readonly jitter?: {
    readonly brightness?: number
    readonly contrast?: number
    readonly saturation?: number
    readonly hue?: number
  }
  /**
   * Cutout (DeVries and Taylor 2017, arXiv:1708.04552): a square of this fraction of the shorter side becomes the mean
   * colour. Its centre is anywhere in the image, so part of it may lie outside.
   */
  readonly cutout?: number
  /**
   * Random erasing (Zhong et al. 2020, arXiv:1708.04896): with `probability`, a rectangle inside the image, of `area`
   * times the image's area and aspect ratio `ratio`, becomes noise.
   */
  readonly erase?: { readonly probability: number; readonly area: Range; readonly ratio: Range }
  /**
   * mixup (Zhang et al. 2018, arXiv:1710.09412): alpha of Beta(alpha, alpha), from which the share of a batch is drawn.
   */
  readonly mixup?: number
  /**
   * CutMix (Yun et al. 2019, arXiv:1905.04899): alpha of Beta(alpha, alpha). If mixup is given too, each batch gets one
   * of the two, with equal probability.
   */
  readonly cutmix?: number
}

const presets = {
  none: {},
  light: { shift: 0.08, flip: 0.5 },
  standard: {
    crop: { area: [0.35, 1], ratio: [3 / 4, 4 / 3] },
    flip: 0.5,
    jitter: { brightness: 0.2, contrast: 0.2, saturation: 0.2 },
  },
  strong: {
    crop: { area: [0.08, 1], ratio: [3 / 4, 4 / 3] },
    flip: 0.5,
    randAugment: { ops: 2, magnitude: 9 },
    erase: { probability: 0.25, area: [0.02, 1 / 3], ratio: [0.3, 1 / 0.3] },
    mixup: 0.2,
    cutmix: 1,
  },
} as const satisfies Record<string, Augmentation>

/**
 * `none`. `light`: shift and flip, for small images such as Fashion-MNIST's. `standard`: random resized crops of at
 * least 35 % of the area, flip, colour jitter. (Small networks underfit: MobileNet V1, section 3.2, limits the size of
 * small crops.) `strong`: crops from 8 %, flip, RandAugment, random erasing, mixup and CutMix, for long runs of larger
 * networks.
 */
export type AugmentationName = keyof typeof presets

export const augmentationNames = Object.keys(presets) as readonly AugmentationName[]

/**
 * Returns the augmentation with the given name, or checks and returns the one given. Throws for an unknown name and for
 * values out of range.
 *
 * @example
 * ```ts
 * import { augmentationOf } from 'kinglet/data'
 *
 * augmentationOf({ flip: 0.5, rotate: 10 }) // => { flip: 0.5, rotate: 10 }
 * augmentationOf('light') // => { shift: 0.08, flip: 0.5 }
 * ```
 */
export function augmentationOf(given: AugmentationName | Augmentation): Augmentation {
  const augmentation = typeof given === 'string' ? presets[given] : given
  if (!augmentation) throw new KingletError(`there is no augmentation ${given}: use ${oneOf(augmentationNames)}`)
  assertAugmentation(augmentation)
  return augmentation
}

/** Returns what a value must be, or undefined when it is valid. */
type Problem = (value: unknown) => string | undefined

const single =
  ({ is, must }: Check): Problem =>
  (value) =>
    is(value) ? undefined : must
const range = (high: number, must: string): Problem =>
  single({ is: (v) => Array.isArray(v) && v.length === 2 && v[0] > 0 && v[0] <= v[1] && v[1] <= high, must })
const fraction = single(checks.fraction)
const area = range(1, '[low, high] with 0 < low <= high <= 1')
const ratio = range(Number.MAX_VALUE, '[low, high] with 0 < low <= high')

/** A check of an object with these members; `optional` members may be left out. */
const record =
  (members: Readonly<Record<string, Problem>>, optional = false): Problem =>
  (value) => {
    if (typeof value !== 'object' || value === null) return `an object with ${oneOf(Object.keys(members))}`
    for (const name of Object.keys(value)) {
      const meant = nearest(name, Object.keys(members))
      if (!(name in members)) return `without ${name}${meant ? ` (did you mean ${meant}?)` : ''}`
    }
    for (const [name, problem] of Object.entries(members)) {
      const member = (value as Record<string, unknown>)[name]
      if (member === undefined && optional) continue
      const must = problem(member)
      if (must) return `with ${name} ${must}`
    }
    return undefined
  }

const members: { readonly [K in keyof Augmentation]-?: Problem } = {
  crop: record({ area, ratio }),
  shift: fraction,
  flip: fraction,
  rotate: single(between(0, 180, 'degrees from 0 to 180')),
  randAugment: record({
    ops: single(integerBetween(0, 14, 'a whole number from 0 to 14')),
    magnitude: single(between(0, 30)),
  }),
  jitter: record(
    { brightness: fraction, contrast: fraction, saturation: fraction, hue: single(between(0, 0.5)) },
    true,
  ),
  cutout: fraction,
  erase: record({ probability: fraction, area, ratio }),
  mixup: single(checks.positive),
  cutmix: single(checks.positive),
}

/** Throws unless `value` is an {@link Augmentation}: `augmentation: shift is 2: it must be a number from 0 to 1`. */
function assertAugmentation(value: Augmentation): void {
  for (const [name, given] of Object.entries(value)) {
    const check = (members as Readonly<Record<string, Problem | undefined>>)[name]
    const meant = nearest(name, Object.keys(members))
    const unknown = () =>
      `augmentation: there is no ${name}${meant ? `, did you mean ${meant}?` : `: use ${oneOf(Object.keys(members))}`}`
    assert(check, unknown)
    const must = check(given)
    assert(!must, () => `augmentation: ${name} is ${JSON.stringify(given)}: it must be ${must}`)
  }
}
