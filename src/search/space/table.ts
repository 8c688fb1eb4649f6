/**
 * The form of an architecture space: a network of the registry, its blocks cut into stages, and the choices of each
 * stage. What is not a choice stays as in the network's own table, so a point lists differences only, and a space may
 * leave choices out. MnasNet's spaces (Tan et al. 2019, arXiv:1807.11626, section 4.1) have this form.
 */
import { type Check, checks, multipleOf, named } from '../../core/index.ts'
import { activationNames, type ModelName } from '../../models/index.ts'
import type { Rule } from './rules.ts'
import type { Choice, Scalar } from './space.ts'

/**
 * - `depth`: number of blocks in the stage.
 * - `kernel`: side of their windows.
 * - `width`: their output channels.
 * - `expansion`: expanded channels, as a multiple of the network's own rule.
 * - `ratio`: expanded channels, as a multiple of the block's input.
 * - `se`: squeeze-and-excitation.
 * - `act`: activation.
 */
export type Aspect = 'depth' | 'kernel' | 'width' | 'expansion' | 'ratio' | 'se' | 'act'
type Choices<K extends string> = { readonly [N in K]?: Choice }

export interface Stage {
  /** Number of the network's blocks that form the stage. */
  readonly blocks: number
  /** Choices that all its blocks share: `stage2.kernel`. */
  readonly all: Choices<Aspect>
  /** Choices of each single block, active where the stage is deep enough: `stage2.block3.kernel`. */
  readonly each?: Choices<Exclude<Aspect, 'depth'>>
}

/** Choices of a whole network. `width` multiplies all channels; `dropout` comes before the classifier. */
export type WholeAspect = 'width' | 'stem.width' | 'head.width' | 'dropout'

export interface NetworkTable {
  readonly title: string
  readonly source: string
  readonly base: ModelName
  /** The name of a stage, before its number. */
  readonly called: 'stage' | 'layer'
  /** The choice of the image side, up to `size`. */
  resolution(size: number): Choice
  readonly whole: Choices<WholeAspect>
  readonly stages: readonly Stage[]
  readonly rules: readonly Rule[]
}

const channels = multipleOf(8)

/** The valid values of each aspect, whatever a space file declares. */
export const aspects: Readonly<Record<Aspect, Check>> = {
  depth: checks.count,
  kernel: checks.odd,
  width: channels,
  expansion: checks.positive,
  ratio: checks.positive,
  se: checks.flag,
  act: named(activationNames),
}
export const wholeAspects: Readonly<Record<WholeAspect | 'resolution', Check>> = {
  resolution: checks.count,
  width: checks.positive,
  'stem.width': channels,
  'head.width': channels,
  dropout: checks.share,
}

/** One of a few ordered values. */
export const ordered = (...values: readonly Scalar[]): Choice => ({ kind: 'categorical', values, ordered: true })
export const either = (...values: readonly Scalar[]): Choice => ({ kind: 'categorical', values })
export const steps = (low: number, high: number, step: number): Choice => ({ kind: 'integer', low, high, step })
