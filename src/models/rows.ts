/**
 * From a table to the rows of one network: width, then squeeze-and-excitation, activation, the twin of standard
 * convolutions, and strides. Each is a function from rows to rows.
 */
import { UsageError } from '../core/index.ts'
import { blank, blockOf, gatedWidth, type Row, type RowSpec } from './blocks/index.ts'
import type { Definition } from './family.ts'
import type { Options } from './options.ts'
import { blocksOf, type TableRow } from './table.ts'
import { makeDivisible } from './width.ts'

type Change = (rows: readonly Row[], options: Options, model: string) => readonly Row[]

const squeeze: Change = (rows, { se, seRatio, seDivisor }, model) => {
  const blocks = blocksOf(rows)
  if (typeof se !== 'string')
    for (const n of se)
      if (n >= blocks.length)
        throw new UsageError(`build ${model}: se names block ${n}: its blocks are 0 to ${blocks.length - 1}`)
  const has = (row: Row): boolean => {
    if (se === 'table') return row.se
    return se === 'all' || (se !== 'none' && se.includes(blocks.indexOf(row)))
  }
  return rows.map((row) => {
    const gated = gatedWidth(row)
    if (gated === undefined) return row
    return { ...row, se: has(row), squeeze: has(row) ? makeDivisible(gated / seRatio, seDivisor) : 0 }
  })
}

const activation: Change = (rows, options) => {
  const wanted = options.activation
  if (wanted === 'table') return rows
  const instead = (act: Row['act']) => (act === 'none' ? act : wanted)
  return rows.map((row) => ({ ...row, act: instead(row.act), outAct: instead(row.outAct) }))
}

const twin: Change = (rows, { convolution }) => rows.map((row) => ({ ...row, standard: convolution === 'standard' }))

const head: Change = (rows, options, model) => {
  if (options.head === 'table') return rows
  const out = options.head
  const hidden = rows.find((row) => row.name === 'head') ?? rows.find((row) => row.name === 'last')
  if (!hidden)
    throw new UsageError(`build ${model}: head is ${out}: it has no layer between its blocks and the classifier`)
  return rows.map((row) => (row === hidden ? { ...row, out } : row))
}

/**
 * So small a `reduction` that the last feature map keeps three pixels on its shorter side.
 *
 * @example
 * ```ts
 * import { reductionFor } from 'kinglet/models'
 * [224, 64, 28].map(reductionFor) // => [32, 16, 8]
 * ```
 */
export const reductionFor = (side: number): number => [32, 16, 8, 4, 2].find((factor) => side / factor >= 3) ?? 1

/** The first strides become 1 until the whole network reduces by `reduction`. */
const reduce: Change = (rows, { reduction }) => {
  let total = rows.reduce((product, row) => product * row.stride, 1)
  return rows.map((row) => {
    if (row.stride === 1 || total <= reduction) return row
    total /= row.stride
    return { ...row, stride: 1 }
  })
}

/**
 * Strides beyond `outputStride` become dilation of all that follows: the features are those of the original, and those
 * between them. A shortcut stays where the table has one, so the weights mean the same.
 */
const dilate: Change = (rows, { outputStride }, model) => {
  let [total, dilation] = [1, 1]
  return rows.map((row) => {
    if (dilation > 1 && blockOf(row).canDilate === false)
      throw new UsageError(
        `build ${model}: outputStride is ${outputStride}: its ${row.operator.replace('_', ' ')} cannot be dilated, use 2 or more`,
      )
    if (row.stride === 1) return { ...row, dilation }
    if (total * row.stride <= outputStride) {
      total *= row.stride
      return row
    }
    const here = { ...row, stride: 1, dilation, shortcut: false }
    dilation *= row.stride
    return here
  })
}

const changes: readonly Change[] = [head, squeeze, activation, twin, reduce, dilate]

/** The rows of the network that `options` ask for. */
export function rowsOf(model: string, { family, table }: Definition, options: Options): readonly Row[] {
  if (!family.separable && options.convolution === 'separable')
    throw new UsageError(`build ${model}: convolution is separable: it has standard convolutions only`)
  const rows =
    options.rows === 'table'
      ? sized(family.widths(table, options.width, options.widthRule), options)
      : own(model, options.rows, options)
  return changes.reduce((now, change) => change(now, options, model), rows)
}

const sized = (rows: readonly TableRow[], { classes }: Options): readonly Row[] =>
  rows.map(({ t: _t, out, ...row }) => rowOf({ ...row, out: out === 'k' ? classes : out }))

/** All columns, and what options are yet to say. Tables and rows that were given have what their operators need. */
const rowOf = (row: object): Row => ({ ...blank, ...row, dilation: 1, squeeze: 0, standard: false }) as Row

/** Rows that were given: neither `width` nor `outputStride` has a meaning for them, they say both themselves. */
function own(model: string, rows: readonly RowSpec[], { width, outputStride }: Options): readonly Row[] {
  if (width !== 1 || outputStride !== 32)
    throw new UsageError(
      `build ${model}: width is ${width}, outputStride ${outputStride}: with rows it must be 1 and 32`,
    )
  return rows.map(rowOf)
}
