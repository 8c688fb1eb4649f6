/**
 * Which random changes images undergo in training, as plain JSON. The order is fixed, and is the order of the members
 * below; each draws from a stream of its own, a function of (seed, epoch, index), so leaving one out does not change
 * the others. Label smoothing belongs to the loss, not here.
 */
import { assert, between, type Check, checks, integerBetween, KingletError, nearest, oneOf } from '../../core/index.ts'

type Range = readonly [low: number, high: number]

/** Random changes of training images. What is left out does not happen. */
export interface Augmentation {
  /**
   * Random resized crop ("Inception crop"; Szegedy et al. 2015, arXiv:1409.4842, section 6): a rectangle of `area`
   * times the image's area and aspect ratio `ratio` (width / height, drawn evenly on a logarithmic scale), resized to
   * the network's input. It takes the place of the preprocessing's resize and centre crop.
   */
  readonly crop?: { readonly area: Range; readonly ratio: Range }
  /**
   * Translation by whole pixels, up to this fraction of each side, black beyond the border: the "pad and crop" of
   * small images (Lee et al. 2015, arXiv:1409.5185).
   */
  readonly shift?: number
  /** Probability of a mirror image. */
  readonly flip?: number
  /** Rotation about the centre by up to this many degrees either way, black beyond the border. */
  readonly rotate?: number
  /**
   * RandAugment (Cubuk et al. 2020, arXiv:1909.13719): `ops` operations drawn from its fourteen, at `magnitude` 0 to
   * 30.
   */
  readonly randAugment?: { readonly ops: number; readonly magnitude: number }
  /**
   * Colour jitter (Krizhevsky et al. 2012, section 4.1 has the idea; the form is that of common libraries): factors
   * drawn from 1 - v to 1 + v for brightness, contrast and saturation, and a turn of the hue of up to `hue` (0 to 0.5
   * of the circle) either way, in random order.
   */
  readonly jitter?: {
    readonly brightness?: number
    readonly contrast?: number
    readonly saturation?: number
    readonly hue?: number
  }
  /**
   * Cutout (DeVries and Taylor 2017, arXiv:1708.04552): a square of this fraction of the shorter side, centred anywhere
   * in the image so that part of it may lie outside, becomes the mean colour.
   */
  readonly cutout?: number
  /**
   * Random erasing (Zhong et al. 2020, arXiv:1708.04896): with `probability`, a rectangle of `area` times the image's
   * area and aspect ratio `ratio`, all of it inside, becomes noise.
   */
  readonly erase?: { readonly probability: number; readonly area: Range; readonly ratio: Range }
  /**
   * mixup (Zhang et al. 2018, arXiv:1710.09412): the alpha of Beta(alpha, alpha), from which a batch draws its share.
   */
  readonly mixup?: number
  /**
   * CutMix (Yun et al. 2019, arXiv:1905.04899): the alpha of Beta(alpha, alpha). With mixup as well, a batch undergoes
   * one of the two, with equal probability.
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
 * least 35 % of the area (small networks underfit: MobileNet V1, section 3.2, limits the size of small crops), flip,
 * colours. `strong`: crops from 8 %, flip, RandAugment, random erasing, mixup and CutMix, for long runs of larger
 * networks.
 */
export type AugmentationName = keyof typeof presets

export const augmentationNames = Object.keys(presets) as readonly AugmentationName[]

/**
 * The augmentation of that name, or the one given, checked. Throws for an unknown name and for values out of range.
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

/** What a value must be instead; undefined for one that is right. */
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

/** Members that belong together; `optional` ones may be left out. */
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
