/**
 * Defines an operator of a table as one record. `row` checks its rows, `build` builds them, and both give their types. The
 * channels that can be pruned and the layers that are timed follow from the graph that it builds.
 */
import { type Check, checks, named } from '../../core/index.ts'
import type { Builder } from '../../nn/index.ts'
import type { Value } from '../../ops/index.ts'
import { type Activation, activationNames } from './activation.ts'

/** The check of one column of a row. */
export interface Member<T> extends Check {
  readonly is: (value: unknown) => value is T
  /** Whether the column is a number of channels of the row's layers. */
  readonly isChannels?: boolean
}

export type Members = Readonly<Record<string, Member<unknown>>>

type Act = Activation | 'none'

const isNames = (list: unknown): list is readonly string[] =>
  Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === 'string')
const isCount = (n: unknown): n is number => checks.count.is(n)
const isWhole = (n: unknown): n is number => checks.whole.is(n)
const isFlag = (b: unknown): b is boolean => checks.flag.is(b)
const { is: isActivation, must: anActivation } = named(['none', ...activationNames])

/** Checks of columns, by kind. */
export const member = {
  /** Odd, since an even window has no middle: a shortcut around it would add maps of two sizes. */
  window: { is: (n): n is number => isCount(n) && n % 2 === 1, must: 'a positive odd integer' },
  channels: { is: isCount, must: checks.count.must, isChannels: true },
  count: { is: isCount, must: checks.count.must },
  whole: { is: isWhole, must: checks.whole.must },
  flag: { is: isFlag, must: checks.flag.must },
  /** For the column `from`: `build` gets the outputs of these rows. */
  rows: { is: isNames, must: 'a list of names of earlier rows' },
  activation: { is: (name): name is Act => isActivation(name), must: anActivation },
} as const satisfies Record<string, Member<unknown>>

/**
 * The columns that every row has, whatever its operator: those of the papers' tables, as in model files. A column that an
 * operator does not use has no effect.
 */
export const columns = {
  /** Height and width of the window of its largest convolution or pool. */
  kernel: member.whole,
  /** Channels inside the block (expansion of a bneck, width of a bottleneck). */
  exp: member.whole,
  /** Channels that leave the block. */
  out: member.whole,
  act: member.activation,
  /** Activation of the block's output: after the projection of a bneck. */
  outAct: member.activation,
  stride: member.count,
  /** Whether the block's input is added to its output, where stride and channels allow it. */
  shortcut: member.flag,
  /** Whether the block has squeeze-and-excitation. */
  se: member.flag,
  /** Whether a `linear` row has a bias. */
  bias: member.flag,
} as const

export type Values<M extends Members> = {
  readonly [K in keyof M]: M[K] extends Member<infer T> ? T : never
}
export type Columns = Values<typeof columns>

/** Default values of the columns. */
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

/** The values of a row that follow from options of `build`. */
export interface Derived {
  readonly dilation: number
  /** Channels between the two layers of squeeze-and-excitation; 0 where there is none. */
  readonly squeeze: number
  /** Whether the depthwise convolution and the pointwise one after it are one convolution over all channels. */
  readonly standard: boolean
}

export interface Named {
  /** The layer's name in the graph: `stem`, `blocks.0` and so on, `last`, `pool`, `head`, `classifier`. */
  readonly name: string
}

/** A row as a block's `build` receives it. */
export type RowOf<M extends Members> = Named & Omit<Columns, keyof M> & Values<M> & Derived

/** Options of `build` that a block needs besides its row. */
export interface BlockOptions {
  readonly seGate: 'sigmoid' | 'hard_sigmoid'
  readonly dropout: number
}

export interface BlockDefinition<Name extends string, M extends Members> {
  /** Its name in the `operator` column of rows. */
  readonly name: Name
  /** The columns that it needs, with their checks: columns of all tables, and its own. */
  readonly row: M
  /**
   * `layer`: a single layer. `block`: counted by the number in `blocks.3`. `residual`: a block whose input may be added to
   * its output, so that consecutive blocks have the same number of channels.
   */
  readonly kind: 'layer' | 'block' | 'residual'
  /** The number of channels that its squeeze-and-excitation acts on. A block without this member cannot have it. */
  gatedWidth?(row: RowOf<M>): number
  /** The layer's name in a table, by whether it comes before the blocks and whether it is the classifier. */
  readonly title?: (place: { readonly isBefore: boolean; readonly isClassifier: boolean }) => string
  /** Whether its result has no height and width, so that only such rows may follow. */
  readonly isVector?: boolean
  /** Whether it can be dilated. Default true. */
  readonly canDilate?: boolean
  /**
   * Adds the row's layers to `x` [N, H, W, C], the output of the row before, and returns the output. `from` has the outputs
   * of the rows that the column `from` names, for a block with that column. The caller has opened the layer that the row
   * names.
   */
  build(b: Builder, x: Value, row: RowOf<M>, options: BlockOptions, from: readonly Value[]): Value
}

/** Returns the definition unchanged; it infers the types. */
export const defineBlock = <const Name extends string, M extends Members>(
  definition: BlockDefinition<Name, M>,
): BlockDefinition<Name, M> => definition
