/**
 * What a network costs by the rows of its paper's table (a graph of its own has layers only), and how two networks compare. The formula: a depthwise
 * convolution of K x K and a pointwise one with N outputs cost 1/N + 1/K^2 of the standard convolution in their place
 * (Howard et al. 2017, arXiv:1704.04861, section 3.1).
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
  /** None where the network is a graph of its own. */
  readonly rows: readonly RowCost[]
  readonly analysis: Analysis
}

/** Height, width and channels, without the batch. */
export const showShape = (shape: Shape): string => shape.join('x')

/** Counts a network, for one image. */
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

/** A depthwise-separable convolution of one network beside the standard one that has its place in the other. */
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

/** The rows of two networks that differ in this one thing, in the table's order; none where there are none. */
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
