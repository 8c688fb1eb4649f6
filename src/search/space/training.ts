/** Choices of training: a table of names, and the options of `fit` that they set. */
import { type Check, checks, named } from '../../core/index.ts'
import { type Augmentation, augmentationNames, augmentationOf } from '../../data/index.ts'
import { optimizerNames, type TrainOptions } from '../../train/index.ts'
import type { Meaning } from './base.ts'
import type { Choice, Point, Scalar } from './space.ts'

const meanings: Readonly<Record<string, { readonly check: Check; readonly own: Scalar }>> = {
  epochs: { check: checks.count, own: 20 },
  optimizer: { check: named(optimizerNames), own: 'adamw' },
  learningRate: { check: checks.positive, own: 0.003 },
  weightDecay: { check: checks.nonNegative, own: 0.02 },
  decayDepthwise: { check: checks.flag, own: false },
  labelSmoothing: { check: checks.share, own: 0.1 },
  clipNorm: { check: checks.nonNegative, own: 0 },
  ema: { check: checks.share, own: 0 },
  batch: { check: checks.count, own: 32 },
  augmentation: { check: named(augmentationNames), own: 'none' },
  'augmentation.strength': { check: checks.positive, own: 1 },
}

/** The meaning of a choice's name, or undefined where training has no such option. */
export const trainingMeaningOf = (name: string): Meaning | undefined =>
  Object.hasOwn(meanings, name) ? meanings[name] : undefined

const real = (low: number, high: number): Choice => ({ kind: 'real', low, high })
const ratio = (low: number, high: number): Choice => ({ kind: 'real', low, high, log: true })

/** Ranges around `fit`'s defaults for `adamw`. */
export const trainingChoices: Readonly<Record<string, Choice>> = {
  learningRate: ratio(0.0003, 0.03),
  weightDecay: ratio(0.001, 0.2),
  labelSmoothing: real(0, 0.2),
  augmentation: { kind: 'categorical', values: augmentationNames, ordered: true },
  'augmentation.strength': { ...ratio(0.25, 2), when: { augmentation: augmentationNames.filter((n) => n !== 'none') } },
}

const upTo = (most: number, value: number): number => Math.min(most, value)
type Range = readonly [low: number, high: number]
const wider = ([low, high]: Range, s: number): Range => [low ** s, high ** s]
/** Keeps the lower bound at a twentieth of the image or more. */
const largeEnough = ([low, high]: Range): Range => [Math.max(0.05, low), high]

/** Makes each augmentation `s` times as strong. The probability of mirror images stays. */
const stronger: {
  readonly [K in keyof Augmentation]-?: (value: NonNullable<Augmentation[K]>, s: number) => Augmentation[K]
} = {
  crop: ({ area, ratio }, s) => ({ area: largeEnough(wider(area, s)), ratio: wider(ratio, s) }),
  shift: (share, s) => upTo(1, share * s),
  flip: (probability) => probability,
  rotate: (degrees, s) => upTo(180, degrees * s),
  randAugment: ({ ops, magnitude }, s) => ({ ops, magnitude: upTo(30, magnitude * s) }),
  jitter: (jitter, s) =>
    Object.fromEntries(Object.entries(jitter).map(([of, by]) => [of, upTo(of === 'hue' ? 0.5 : 1, by * s)])),
  cutout: (share, s) => upTo(1, share * s),
  erase: (erase, s) => ({ ...erase, probability: upTo(1, erase.probability * s) }),
  mixup: (alpha, s) => alpha * s,
  cutmix: (alpha, s) => alpha * s,
}

function strengthened(augmentation: Augmentation, strength: number): Augmentation {
  const change = stronger as Readonly<Record<string, (value: unknown, s: number) => unknown>>
  return Object.fromEntries(Object.entries(augmentation).map(([name, value]) => [name, change[name](value, strength)]))
}

/**
 * The options of `fit` that a point sets. Other choices are ignored: they belong to the network.
 * `augmentation.strength` multiplies the strength of the named augmentation (`standard` when there is no name).
 *
 * @example
 * ```ts
 * import { trainingOf } from 'kinglet/search'
 *
 * const point = { 'stage1.kernel': 5, learningRate: 0.01, augmentation: 'light', 'augmentation.strength': 0.5 }
 * trainingOf(point) // => { learningRate: 0.01, augmentation: { shift: 0.04, flip: 0.5 } }
 * ```
 */
export function trainingOf(point: Point): Partial<TrainOptions> {
  const { augmentation, 'augmentation.strength': strength, ...others } = point
  const options = Object.entries(others).filter(([name]) => trainingMeaningOf(name))
  if (augmentation === undefined && strength === undefined) return Object.fromEntries(options)
  const whole = augmentationOf((augmentation ?? 'standard') as Parameters<typeof augmentationOf>[0])
  return { ...Object.fromEntries(options), augmentation: strengthened(whole, (strength ?? 1) as number) }
}
