/**
 * All operators of tables, each one record in a file of its own (`define.ts`). A block more is its file, and its place in
 * the list here.
 */
import type { Builder } from '../../nn/index.ts'
import type { Value } from '../../ops/index.ts'
import { bneck } from './bneck.ts'
import {
  type BlockDefinition,
  type BlockOptions,
  type Columns,
  columns,
  type Derived,
  type Members,
  type Named,
  type Values,
} from './define.ts'
import { conv, linear, maxPool, pool } from './layers.ts'
import { basic, bottleneck } from './resnet.ts'
import { separable } from './separable.ts'

const list = [conv, separable, bneck, basic, bottleneck, maxPool, pool, linear] as const

export { type Activation, activate, activationNames } from './activation.ts'
export { type BlockDefinition, type BlockOptions, blank, type Columns, columns, type Members } from './define.ts'

type Listed = (typeof list)[number]

/**
 * `conv`: convolution, batch norm, activation. `separable`: depthwise and pointwise (V1). `bneck`: expand, depthwise,
 * project (V2, V3). `basic`, `bottleneck`: ResNet's blocks. `max_pool`: 3x3. `pool`: global average. `linear`: fully
 * connected, after the pool.
 */
export type Operator = Listed['name']

type Of<Name, M extends Members> = Named & { readonly operator: Name } & Values<M>
type RowOf<B> = B extends BlockDefinition<infer Name, infer M> ? Of<Name, M> & Omit<Columns, keyof M> & Derived : never
type SpecOf<B> = B extends BlockDefinition<infer Name, infer M> ? Of<Name, M> & Partial<Omit<Columns, keyof M>> : never

/** One layer or block of a network: its operator says which columns mean something. */
export type Row = RowOf<Listed> & {
  /** `112x112x16`: what the paper says goes in, at 224 x 224 and width 1. Shape inference confirms it. */
  readonly input?: string
}

/** A {@link Row} without what follows from the other options. Plain data that goes into model files. */
export type RowSpec = SpecOf<Listed>

/** Columns of all operators. */
export type AnyColumns = Columns & Partial<UnionOfColumns<Listed>>
type UnionOfColumns<B> = (B extends BlockDefinition<string, infer M> ? (of: Values<M>) => void : never) extends (
  of: infer All,
) => void
  ? All
  : never

/** An operator, whatever its columns. */
export type Block = BlockDefinition<Operator, Members>

const byName: ReadonlyMap<string, Block> = new Map(
  // Each builds from rows of its own operator: `buildRow` gives it no others.
  list.map((block) => [block.name, block as unknown as Block]),
)

export const operatorNames = list.map(({ name }) => name) as readonly Operator[]

/** The operator of that name; undefined where there is none. */
export const findBlock = (name: unknown): Block | undefined => byName.get(name as string)

/** The block that a row is of. */
export const blockOf = ({ operator }: { readonly operator: Operator }): Block => byName.get(operator)!

/** A row is of its own block's kind. */
const own = (row: Row) => row as unknown as Parameters<Block['build']>[2]

/** The columns of a row that are numbers of channels, with what they say; in the order of all columns. */
export function channelsIn(row: Row): [column: string, count: number][] {
  const { row: needed } = blockOf(row)
  const names = Object.keys({ ...columns, ...needed }).filter((name) => needed[name]?.isChannels)
  return names.map((name) => [name, (row as unknown as Readonly<Record<string, number>>)[name]])
}

/** `x` in, the row's output out. */
export const buildRow = (b: Builder, x: Value, row: Row, options: BlockOptions): Value =>
  b.layer(row.name, () => blockOf(row).build(b, x, own(row), options))

/** On how many channels squeeze-and-excitation acts in a row; undefined where it has no place. */
export const gatedWidth = (row: Row): number | undefined => blockOf(row).gatedWidth?.(own(row))
