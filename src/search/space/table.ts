/**
 * How an architecture space is written down: a network of the registry, its blocks cut into stages, and what may vary in
 * each stage. What is not chosen is as the network's own table has it, so a point names differences only, and leaving
 * choices out of a space is no error. MnasNet's spaces (Tan et al. 2019, arXiv:1807.11626, section 4.1) have this form.
 */
import { type Check, checks, multipleOf, named } from '../../core/index.ts'
import { activationNames, type ModelName } from '../../models/index.ts'
import type { Rule } from './rules.ts'
import type { Choice, Scalar } from './space.ts'

/**
 * `depth`: blocks of the stage. `kernel`: side of their windows. `width`: channels they put out. `expansion`: channels
 * inside, as a multiple of what the network's own rule gives. `ratio`: channels inside, as a multiple of the block's
 * input. `se`: squeeze-and-excitation. `act`: activation.
 */
export type Aspect = 'depth' | 'kernel' | 'width' | 'expansion' | 'ratio' | 'se' | 'act'
type Choices<K extends string> = { readonly [N in K]?: Choice }

export interface Stage {
  /** How many blocks of the network it stands for. */
  readonly blocks: number
  /** What all its blocks have in common: `stage2.kernel`. */
  readonly all: Choices<Aspect>
  /** What each block has for itself, where the stage is as deep: `stage2.block3.kernel`. */
  readonly each?: Choices<Exclude<Aspect, 'depth'>>
}

/** Choices of a whole network. `width`: multiplier of all channels; `dropout`: before the classifier. */
export type WholeAspect = 'width' | 'stem.width' | 'head.width' | 'dropout'

export interface NetworkTable {
  readonly title: string
  readonly source: string
  readonly base: ModelName
  /** What its stages are called, before their number from 1. */
  readonly called: 'stage' | 'layer'
  /** Sides of images, up to `size`. */
  resolution(size: number): Choice
  readonly whole: Choices<WholeAspect>
  readonly stages: readonly Stage[]
  readonly rules: readonly Rule[]
}

const channels = multipleOf(8)

/** What a value must be, whatever a space file says that the choice is. */
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

/** One of a few that are in order. */
export const ordered = (...values: readonly Scalar[]): Choice => ({ kind: 'categorical', values, ordered: true })
export const either = (...values: readonly Scalar[]): Choice => ({ kind: 'categorical', values })
export const steps = (low: number, high: number, step: number): Choice => ({ kind: 'integer', low, high, step })
