/**
 * Options of `build`, with their defaults and checks. They apply to every network of the registry. A wrong name does not
 * compile; names and values from outside are checked here.
 */
import { assertOptions, type Check, type Checks, checks, named } from '../core/index.ts'
import { type Initializer, initializerNames, type Padding, paddingNames } from '../nn/index.ts'
import { type Activation, activationNames, type RowSpec } from './blocks/index.ts'
import { type WidthRule, widthRuleNames } from './width.ts'

/** Options of `build`. All are optional. */
export interface BuildOptions {
  /** Height and width of an image in pixels (one number: square). Any size. Default 224. */
  readonly size?: number | readonly [height: number, width: number]
  /** Default 1000. */
  readonly classes?: number
  /** Channels of an image. Default 3. */
  readonly channels?: number
  /** Multiplier of all channels (alpha). Default 1. */
  readonly width?: number
  /** The implementation whose reading of `width` is used: {@link WidthRule}. Default `paper`. */
  readonly widthRule?: WidthRule
  /**
   * The image's size divided by the last feature map's: 32, 16, 8, 4, 2 or 1. The first strides become 1 until the
   * reduction is reached, which suits small images (28 to 64 pixels). Default 32, as in the tables.
   */
  readonly reduction?: number
  /**
   * Upper bound of the image's size divided by a feature map's, for dense prediction. Later strides become dilation, with
   * the same weights. Default 32: no dilation.
   */
  readonly outputStride?: number
  /** Zero padding: `torch` (symmetric) or `same` (TensorFlow's, asymmetric). Default `torch`. */
  readonly padding?: Padding
  /** Replaces every activation of the table, except gates of squeeze-and-excitation. Default `table`. */
  readonly activation?: Activation | 'table'
  /**
   * `standard`: the twin in which each depthwise convolution and the pointwise one after it are one convolution over all
   * channels. Default `separable`; ResNet's is `standard`.
   */
  readonly convolution?: 'separable' | 'standard'
  /** Which blocks have squeeze-and-excitation: the table's, none, all, or a list of blocks (0 is the first). */
  readonly se?: 'table' | 'none' | 'all' | readonly number[]
  /** The block's channels divided by its squeezed channels. Default 4 (V2, V3) or 16 (V1, ResNet). */
  readonly seRatio?: number
  /** Squeezed channels are rounded to a multiple of this. Default 8 (V2, V3) or 1 (V1, ResNet). */
  readonly seDivisor?: number
  /** Default `hard_sigmoid` (V2, V3) or `sigmoid` (V1, ResNet). */
  readonly seGate?: 'sigmoid' | 'hard_sigmoid'
  /** Channels of the last layer before the classifier (V3: after the pool; V2: before). Default `table`. */
  readonly head?: number | 'table'
  /**
   * Rows in place of the table's: {@link RowSpec}. Their channels are not scaled (`width` must be 1, `outputStride` 32). The
   * classifier has `classes` channels. All other options apply as to the table. Default `table`.
   */
  readonly rows?: 'table' | readonly RowSpec[]
  /** Probability of dropping a value before the classifier while training. Default 0.2; V1 0.001, ResNet 0. */
  readonly dropout?: number
  /** Default 1e-3 (TensorFlow's models, torchvision's V3); ResNet 1e-5. */
  readonly batchNormEps?: number
  /** Share of the batch in the running statistics: new = old (1 - m) + batch m. Default 0.1, which suits short runs. */
  readonly batchNormMomentum?: number
  /** How initial weights are drawn: {@link Initializer}. Default `he`. */
  readonly initializer?: Initializer
  /** Seed of the initial weights. Default 0. */
  readonly seed?: number
}

/** Every option with its value: plain data for model files. */
export type Options = { readonly [K in keyof BuildOptions]-?: Exclude<BuildOptions[K], undefined> } & {
  readonly size: readonly [height: number, width: number]
}

export const commonOptions: Options = {
  size: [224, 224],
  classes: 1000,
  channels: 3,
  width: 1,
  widthRule: 'paper',
  reduction: 32,
  outputStride: 32,
  padding: 'torch',
  activation: 'table',
  convolution: 'separable',
  se: 'table',
  seRatio: 4,
  seDivisor: 8,
  seGate: 'hard_sigmoid',
  head: 'table',
  rows: 'table',
  dropout: 0.2,
  batchNormEps: 1e-3,
  batchNormMomentum: 0.1,
  initializer: 'he',
  seed: 0,
}

const factors: Check = { is: (n) => [1, 2, 4, 8, 16, 32].includes(n as number), must: '32, 16, 8, 4, 2 or 1' }

const members: Checks<BuildOptions> = {
  size: {
    is: (value) =>
      checks.count.is(value) || (Array.isArray(value) && value.length === 2 && value.every(checks.count.is)),
    must: 'a positive integer, or [height, width]',
  },
  classes: checks.count,
  channels: checks.count,
  width: checks.positive,
  widthRule: named(widthRuleNames),
  reduction: factors,
  outputStride: factors,
  padding: named(paddingNames),
  activation: named(['table', ...activationNames]),
  convolution: named(['separable', 'standard']),
  se: {
    is: (value) =>
      ['table', 'none', 'all'].includes(value as string) ||
      (Array.isArray(value) && value.every((n) => Number.isInteger(n) && n >= 0)),
    must: 'table, none, all or a list of block numbers',
  },
  seRatio: checks.positive,
  seDivisor: checks.count,
  seGate: named(['sigmoid', 'hard_sigmoid']),
  head: { is: (value) => value === 'table' || checks.count.is(value), must: 'a positive integer or table' },
  rows: {
    is: (value) => value === 'table' || (Array.isArray(value) && value.length > 0),
    must: 'table or rows',
  },
  dropout: checks.share,
  batchNormEps: checks.positive,
  batchNormMomentum: checks.fraction,
  initializer: named(initializerNames),
  seed: checks.integer,
}
export const optionNames = Object.keys(members) as readonly (keyof Options)[]

/** Fills in the defaults of missing and undefined options. Throws for an unknown name or an invalid value. Keeps rows. */
export function resolveOptions(model: string, ...given: readonly BuildOptions[]): Options {
  const found: Record<string, unknown> = { ...commonOptions }
  for (const options of given) {
    assertOptions(`build ${model}`, options, members)
    for (const [name, value] of Object.entries(options)) if (value !== undefined) found[name] = value
  }
  const options = found as unknown as Omit<Options, 'size'> & { size: number | readonly [number, number] }
  const { size } = options
  return { ...options, size: typeof size === 'number' ? [size, size] : size }
}
