/**
 * Turns a table into the rows of one network: width, head, squeeze-and-excitation, activation, the twin of standard
 * convolutions, and strides, in this order. Each is a function from rows to rows.
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
 * Returns the largest `reduction` with which the last feature map keeps three pixels on its shorter side.
 *
 * @example
 * ```ts
 * import { reductionFor } from 'kinglet/models'
 * [224, 64, 28].map(reductionFor) // => [32, 16, 8]
 * ```
 */
export const reductionFor = (side: number): number => [32, 16, 8, 4, 2].find((factor) => side / factor >= 3) ?? 1

/** Sets the first strides to 1 until the whole network reduces by `reduction`. */
const reduce: Change = (rows, { reduction }) => {
  let total = rows.reduce((product, row) => product * row.stride, 1)
  return rows.map((row) => {
    if (row.stride === 1 || total <= reduction) return row
    total /= row.stride
    return { ...row, stride: 1 }
  })
}

/**
 * Turns strides beyond `outputStride` into dilation of all later rows. The features are those of the original, and those
 * between them. Shortcuts are only where the table has them, so the weights keep their meaning.
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

/** Returns the rows of the network that `options` describe. */
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

/** A row with all columns, and defaults for those that options set. The given row has what its operator needs. */
const rowOf = (row: object): Row => ({ ...blank, ...row, dilation: 1, squeeze: 0, standard: false }) as Row

/** Given rows. `width` and `outputStride` do not apply: the rows determine both themselves. */
function own(model: string, rows: readonly RowSpec[], { width, outputStride }: Options): readonly Row[] {
  if (width !== 1 || outputStride !== 32)
    throw new UsageError(
      `build ${model}: width is ${width}, outputStride ${outputStride}: with rows it must be 1 and 32`,
    )
  return rows.map(rowOf)
}
