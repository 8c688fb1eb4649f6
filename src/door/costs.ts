/**
 * The cost of a network by the rows of its paper's table, and the comparison of two networks. A network without a table
 * has layers only. Formula: a depthwise convolution of K x K and a pointwise one with N outputs cost 1/N + 1/K^2 of the
 * standard convolution that they replace (Howard et al. 2017, arXiv:1704.04861, section 3.1).
 */
import type { Shape } from '../core/index.ts'
import { type Analysis, analyse } from '../graph/index.ts'
import { isModel, type Model, type Row } from '../models/index.ts'
import type { Network } from '../nn/index.ts'
import { input } from '../ops/index.ts'

export interface RowCost {
  readonly row: Row
  readonly input: Shape
  readonly output: Shape
  readonly parameters: number
  readonly macs: number
}

export interface Costs {
  readonly network: Network
  /** Empty for a network without a table. */
  readonly rows: readonly RowCost[]
  readonly analysis: Analysis
}

/** Formats height, width and channels (without the batch): `112x112x16`. */
export const showShape = (shape: Shape): string => shape.join('x')

/** Counts the cost of a network for one image. */
export function costsOf(network: Network): Costs {
  const analysis = analyse(network.graph())
  return { network, rows: isModel(network) ? rowsOf(network, analysis) : [], analysis }
}

function rowsOf(model: Model, analysis: Analysis): RowCost[] {
  const { features } = model.forward(input('x', [1, ...model.inputShape]), { training: false })
  let before: Shape = model.inputShape
  return model.rows.map((row) => {
    const output = features.get(row.name)!.shape.slice(1)
    const own = analysis.layers.filter(({ name }) => name === row.name || name.startsWith(`${row.name}.`))
    const sum = (key: 'parameters' | 'macs') => own.reduce((n, layer) => n + layer[key], 0)
    const cost = { row, input: before, output, parameters: sum('parameters'), macs: sum('macs') }
    before = output
    return cost
  })
}

/** A depthwise-separable convolution of one network, and the standard convolution in its place in the other. */
export interface Pair {
  readonly name: string
  /** Outputs of the pointwise convolution. */
  readonly N: number
  readonly K: number
  /** Multiply-adds of the depthwise and the pointwise convolution together. */
  readonly separable: number
  readonly standard: number
  readonly ratio: number
  /** 1/N + 1/K^2 */
  readonly formula: number
}

/** Returns the pairs of rows that differ only in this kind of convolution, in the order of the table. */
export function pairsOf(a: Costs, b: Costs): Pair[] {
  const macsOf = ({ analysis }: Costs, row: Row, layers: readonly string[]) =>
    analysis.layers
      .filter((l) => layers.some((name) => l.name === `${row.name}.${name}`))
      .reduce((n, l) => n + l.macs, 0)
  return a.rows.flatMap(({ row }, i): Pair[] => {
    const other = b.rows[i]?.row
    const isPair =
      (row.operator === 'separable' || row.operator === 'bneck') &&
      other?.operator === row.operator &&
      other.standard !== row.standard &&
      other.kernel === row.kernel &&
      other.out === row.out
    if (!isPair) return []
    const [thin, thick] = row.standard ? [b, a] : [a, b]
    const separable = macsOf(thin, row, ['depthwise', 'pointwise', 'project'])
    const standard = macsOf(thick, row, ['conv'])
    const { out: N, kernel: K } = row
    return [{ name: row.name, N, K, separable, standard, ratio: separable / standard, formula: 1 / N + 1 / K ** 2 }]
  })
}
