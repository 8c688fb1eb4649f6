/**
 * The meanings of an architecture space's choice names: which part of the base network each one changes, the valid
 * values, and the base network's own value.
 */
import type { Check } from '../../core/index.ts'
import { build, type Row } from '../../models/index.ts'
import type { Scalar } from './space.ts'
import { type Aspect, aspects, type NetworkTable, type WholeAspect, wholeAspects } from './table.ts'
import { type NetworkSpaceName, tables } from './tables.ts'

type BaseBlock = Row & {
  /** Expanded channels as a multiple of the block's input; 0 where the block does not expand. */
  readonly ratio: number
}

/** The base network of a table, cut into stages. */
export interface Base {
  readonly table: NetworkTable
  readonly before: readonly Row[]
  readonly stages: readonly (readonly BaseBlock[])[]
  readonly after: readonly Row[]
  readonly dropout: number
}

const isBlock = (row: Row): boolean => row.name.startsWith('blocks.')

function cut(table: NetworkTable): Base {
  const { rows, architecture } = build(table.base)
  const first = rows.findIndex(isBlock)
  const blocks = rows.filter(isBlock).map((row, i) => ({ ...row, ratio: row.exp / rows[first + i - 1].out }))
  const stages = table.stages.map((stage, i) => {
    const from = table.stages.slice(0, i).reduce((sum, s) => sum + s.blocks, 0)
    return blocks.slice(from, from + stage.blocks)
  })
  const { dropout } = architecture.options
  return { table, before: rows.slice(0, first), stages, after: rows.slice(first + blocks.length), dropout }
}

const known = new Map<NetworkSpaceName, Base>()

/** The base of a space. Cached, since every point of a space starts from it. */
export function baseOf(name: NetworkSpaceName): Base {
  const base = known.get(name) ?? cut(tables[name])
  known.set(name, base)
  return base
}

/** The block that a choice belongs to. */
export interface Block {
  /** The block's number in its stage, from 1. */
  readonly number: number
  /** Name of the choice of the stage's depth. */
  readonly depth: string
  /** Number of blocks where the depth is not a choice. */
  readonly blocks: number
}

/** The valid values of a choice, and its value in the base network. */
export interface Meaning {
  readonly check: Check
  readonly own: Scalar
  /** Present where the choice belongs to a single block. */
  readonly block?: Block
}

const ownOf: Readonly<Record<Aspect, (blocks: readonly BaseBlock[], at: number) => Scalar>> = {
  depth: (blocks) => blocks.length,
  kernel: (blocks, at) => blocks[at].kernel,
  width: (blocks, at) => blocks[at].out,
  expansion: () => 1,
  ratio: (blocks, at) => blocks[at].ratio,
  se: (blocks, at) => blocks[at].se,
  act: (blocks, at) => blocks[at].act,
}
const ownOfWhole: Readonly<Record<WholeAspect | 'resolution', (base: Base) => Scalar | undefined>> = {
  resolution: () => 224,
  width: () => 1,
  'stem.width': ({ before }) => before.find((row) => row.name === 'stem')?.out,
  'head.width': ({ after }) => after.find((row) => row.name === 'head')?.out,
  dropout: ({ dropout }) => dropout,
}
const isWhole = (name: string): name is keyof typeof wholeAspects => Object.hasOwn(wholeAspects, name)
const isAspect = (name: string): name is Aspect => Object.hasOwn(aspects, name)

/** The meaning of a choice's name, or undefined where the network has no such part. */
export function meaningOf(base: Base, name: string): Meaning | undefined {
  if (isWhole(name)) {
    const own = ownOfWhole[name](base)
    return own === undefined ? undefined : { check: wholeAspects[name], own }
  }
  const { called } = base.table
  const [, stage, block, aspect] =
    new RegExp(`^${called}([1-9]\\d*)(?:\\.block([1-9]\\d*))?\\.(\\w+)$`).exec(name) ?? []
  const blocks = base.stages[Number(stage) - 1]
  if (!blocks || !isAspect(aspect) || (block && aspect === 'depth')) return undefined
  const at = Math.min(Number(block ?? 1), blocks.length) - 1
  if ((aspect === 'ratio' || aspect === 'expansion') && blocks[at].exp === 0) return undefined
  const depth = `${called}${stage}.depth`
  return {
    check: aspects[aspect],
    own: ownOf[aspect](blocks, at),
    ...(block && { block: { number: Number(block), depth, blocks: blocks.length } }),
  }
}
