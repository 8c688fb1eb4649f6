/**
 * The preprocessing of images for a network: a plain JSON value that is part of the model and its file. Sources of the
 * presets: the metadata of torchvision's weights, and TF-Slim's `inception_preprocessing`.
 */
import { assert, checks, KingletError, oneOf } from '../../core/index.ts'

/** Converts RGB bytes of any size to the network's input: resize, centre crop, then `(byte / 255 - mean) / std`. */
export interface Preprocessing {
  /** Height and width of the network's input, in pixels. */
  readonly size: readonly [height: number, width: number]
  /**
   * `crop` keeps the aspect ratio: it resizes the image until it just covers `size / crop`, then cuts out the centre
   * (256 to 224 is 0.875). `stretch` cuts out the central part `crop` of both sides, and resizes that to `size`.
   */
  readonly fit: 'crop' | 'stretch'
  /** Fraction of each side that the network sees, above 0 and at most 1. */
  readonly crop: number
  /** Filter of the resize. It widens when an image gets smaller, so that every pixel contributes. */
  readonly filter: 'bilinear' | 'bicubic'
  /** Mean of red, green and blue, on the scale 0 to 1. */
  readonly mean: readonly [number, number, number]
  /** Divisor of red, green and blue after the mean is subtracted, on the scale 0 to 1. */
  readonly std: readonly [number, number, number]
}

const presets = {
  imagenet: { fit: 'crop', crop: 0.875, filter: 'bilinear', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  inception: { fit: 'crop', crop: 0.875, filter: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  whole: { fit: 'crop', crop: 1, filter: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
} as const satisfies Record<string, Omit<Preprocessing, 'size'>>

/**
 * `imagenet`: torchvision and most of timm. `inception`: -1 to 1, TensorFlow and Keras. `whole`: -1 to 1 without a
 * crop, for images that are already about as small as the network's input.
 */
export type PreprocessingName = keyof typeof presets

export const preprocessingNames = Object.keys(presets) as readonly PreprocessingName[]

/**
 * Returns a named preprocessing for an input of `size` pixels; one number means a square. Throws for an unknown name.
 *
 * @example
 * ```ts
 * import { preprocessingPreset } from 'kinglet/data'
 *
 * preprocessingPreset('imagenet', 224).mean // => [0.485, 0.456, 0.406]
 * ```
 */
export function preprocessingPreset(
  name: PreprocessingName,
  size: number | readonly [height: number, width: number],
): Preprocessing {
  const preset = presets[name]
  if (!preset) throw new KingletError(`there is no preprocessing ${name}: use ${oneOf(preprocessingNames)}`)
  const made = { size: typeof size === 'number' ? ([size, size] as const) : size, ...preset }
  assertPreprocessing(made, 'preprocessing')
  return made
}

/** Throws unless `value`, for example from a file, is a {@link Preprocessing}. `what` names the file or argument. */
export function assertPreprocessing(value: unknown, what: string): asserts value is Preprocessing {
  const p = (value ?? {}) as Partial<Record<keyof Preprocessing, unknown>>
  const list = (x: unknown, length: number, ok: (n: number) => boolean) =>
    Array.isArray(x) && x.length === length && x.every((n) => checks.number.is(n) && ok(n as number))
  const show = (x: unknown) => JSON.stringify(x) ?? 'missing'
  const fail = (key: keyof Preprocessing, must: string) => `${what}: ${key} is ${show(p[key])}: it must be ${must}`
  assert(list(p.size, 2, checks.count.is), () => fail('size', '[height, width] in whole pixels above 0'))
  assert(p.fit === 'crop' || p.fit === 'stretch', () => fail('fit', '"crop" or "stretch"'))
  assert(typeof p.crop === 'number' && p.crop > 0 && p.crop <= 1, () => fail('crop', 'above 0 and at most 1'))
  assert(p.filter === 'bilinear' || p.filter === 'bicubic', () => fail('filter', '"bilinear" or "bicubic"'))
  assert(
    list(p.mean, 3, () => true),
    () => fail('mean', 'three numbers'),
  )
  assert(
    list(p.std, 3, (n) => n > 0),
    () => fail('std', 'three numbers above 0'),
  )
}
