/**
 * All operators of tables, each one record (`define.ts`). To add an operator, add its record to a file and to `list.ts`.
 */
import type { Builder } from '../../nn/index.ts'
import type { Value } from '../../ops/index.ts'
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
import { list } from './list.ts'

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

/** One layer or block of a network. The operator determines which columns have an effect. */
export type Row = RowOf<Listed> & {
  /** The input in the paper's table at 224 x 224 and width 1: `112x112x16`. Shape inference confirms it. */
  readonly input?: string
}

/** A {@link Row} without the values that follow from other options: plain data for model files. */
export type RowSpec = SpecOf<Listed>

/** The columns of all operators. */
export type AnyColumns = Columns & Partial<UnionOfColumns<Listed>>
type UnionOfColumns<B> = (B extends BlockDefinition<string, infer M> ? (of: Values<M>) => void : never) extends (
  of: infer All,
) => void
  ? All
  : never

/** An operator, whatever its columns. */
export type Block = BlockDefinition<Operator, Members>

const byName: ReadonlyMap<string, Block> = new Map(
  // `buildRow` passes each block only rows of its own operator.
  list.map((block) => [block.name, block as unknown as Block]),
)

export const operatorNames = list.map(({ name }) => name) as readonly Operator[]

/** Finds the operator of that name; undefined if there is none. */
export const findBlock = (name: unknown): Block | undefined => byName.get(name as string)

/** The block of a row's operator. */
export const blockOf = ({ operator }: { readonly operator: Operator }): Block => byName.get(operator)!

/** Casts a row to the row type of its own block. */
const own = (row: Row) => row as unknown as Parameters<Block['build']>[2]

/** The columns of a row that are numbers of channels, with their values, in the order of all columns. */
export function channelsIn(row: Row): [column: string, count: number][] {
  const { row: needed } = blockOf(row)
  const names = Object.keys({ ...columns, ...needed }).filter((name) => needed[name]?.isChannels)
  return names.map((name) => [name, (row as unknown as Readonly<Record<string, number>>)[name]])
}

/** The names of the earlier rows that a row takes as further inputs: its column `from`. */
export const namesFrom = (row: Row): readonly string[] =>
  blockOf(row).row.from ? (row as unknown as { readonly from: readonly string[] }).from : []

/** Adds a row's layers to `x`, and to `from`, the outputs of the rows of `namesFrom`. Returns the row's output. */
export const buildRow = (b: Builder, x: Value, row: Row, options: BlockOptions, from: readonly Value[]): Value =>
  b.layer(row.name, () => blockOf(row).build(b, x, own(row), options, from))

/** The number of channels that squeeze-and-excitation acts on in a row; undefined where the row cannot have it. */
export const gatedWidth = (row: Row): number | undefined => blockOf(row).gatedWidth?.(own(row))
