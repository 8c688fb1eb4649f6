/**
 * What an operator of a table is: one record. Its rows are checked by `row`, built by `build`, and typed by both; the
 * channels that can be pruned and the layers that are timed follow from the graph that it builds.
 */
import { type Check, checks, named } from '../../core/index.ts'
import type { Builder } from '../../nn/index.ts'
import type { Value } from '../../ops/index.ts'
import { type Activation, activationNames } from './activation.ts'

/** What a column of a row must hold. */
export interface Member<T> extends Check {
  readonly is: (value: unknown) => value is T
  /** It is a number of channels of the layers that the row builds. */
  readonly isChannels?: boolean
}

export type Members = Readonly<Record<string, Member<unknown>>>

type Act = Activation | 'none'

const isCount = (n: unknown): n is number => checks.count.is(n)
const isWhole = (n: unknown): n is number => checks.whole.is(n)
const isFlag = (b: unknown): b is boolean => checks.flag.is(b)
const { is: isActivation, must: anActivation } = named(['none', ...activationNames])

/** Columns by what they hold. */
export const member = {
  /** An even window has no middle: a shortcut around it would join maps of two sizes. */
  window: { is: (n): n is number => isCount(n) && n % 2 === 1, must: 'a positive odd integer' },
  channels: { is: isCount, must: checks.count.must, isChannels: true },
  count: { is: isCount, must: checks.count.must },
  whole: { is: isWhole, must: checks.whole.must },
  flag: { is: isFlag, must: checks.flag.must },
  activation: { is: (name): name is Act => isActivation(name), must: anActivation },
} as const satisfies Record<string, Member<unknown>>

/**
 * Columns that every row has, whatever its operator: those of the papers' tables, as files have them. Where an operator
 * does not use one, it means nothing.
 */
export const columns = {
  /** Height and width of the window of its largest convolution or pool. */
  kernel: member.whole,
  /** Channels inside the block (expansion of a bneck, width of a bottleneck). */
  exp: member.whole,
  /** Channels that leave the block. */
  out: member.whole,
  act: member.activation,
  /** Activation of what leaves the block: after the projection of a bneck. */
  outAct: member.activation,
  stride: member.count,
  /** The block's input is added to its output, where stride and channels allow it. */
  shortcut: member.flag,
  /** The block has squeeze-and-excitation. */
  se: member.flag,
  /** Of a `linear` row. */
  bias: member.flag,
} as const

export type Values<M extends Members> = {
  readonly [K in keyof M]: M[K] extends Member<infer T> ? T : never
}
export type Columns = Values<typeof columns>

/** What columns hold where nothing is said. */
export const blank: Columns = {
  kernel: 0,
  exp: 0,
  out: 0,
  act: 'none',
  outAct: 'none',
  stride: 1,
  shortcut: true,
  se: false,
  bias: true,
}

/** What follows for a row from options of `build`. */
export interface Derived {
  readonly dilation: number
  /** Channels between the two layers of squeeze-and-excitation; 0 where there is none. */
  readonly squeeze: number
  /** The depthwise convolution and the pointwise one after it are one convolution over all channels. */
  readonly standard: boolean
}

export interface Named {
  /** `stem`, `blocks.0` and on, `last`, `pool`, `head`, `classifier`: the layer's name in the graph. */
  readonly name: string
}

/** A row as `build` is given it. */
export type RowOf<M extends Members> = Named & Omit<Columns, keyof M> & Values<M> & Derived

/** Options of `build` that a block needs besides its row. */
export interface BlockOptions {
  readonly seGate: 'sigmoid' | 'hard_sigmoid'
  readonly dropout: number
}

export interface BlockDefinition<Name extends string, M extends Members> {
  /** What rows call it: their `operator`. */
  readonly name: Name
  /** The columns that it needs, and what they must hold: those of all tables, and its own. */
  readonly row: M
  /**
   * `layer`: a layer by itself. `block`: `blocks.3` counts it. `residual`: a block whose input may be added to its output,
   * so that blocks in a row have one number of channels.
   */
  readonly kind: 'layer' | 'block' | 'residual'
  /** On how many channels its squeeze-and-excitation acts; a block without this member cannot have it. */
  gatedWidth?(row: RowOf<M>): number
  /** What a table calls a layer, by whether it stands before the blocks and whether it gives the classes. */
  readonly title?: (place: { readonly isBefore: boolean; readonly isClassifier: boolean }) => string
  /** Its result has no height and width: only such rows may follow. */
  readonly isVector?: boolean
  /** It cannot be dilated; default true. */
  readonly canDilate?: boolean
  /** `x` [N, H, W, C] in, the row's output out; all within the layer that the row names. */
  build(b: Builder, x: Value, row: RowOf<M>, options: BlockOptions): Value
}

/** Turns a definition into a block: it only gives types. */
export const defineBlock = <const Name extends string, M extends Members>(
  definition: BlockDefinition<Name, M>,
): BlockDefinition<Name, M> => definition
