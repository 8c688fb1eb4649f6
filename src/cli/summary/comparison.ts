/** Tables that compare a network with its twin of standard convolutions. */
import type { Pair } from '../../door/index.ts'
import { type CostColumn, count } from '../../report/index.ts'
import { type Column, table } from '../terminal/terminal.ts'

const pairColumns: readonly Column<Pair>[] = [
  { title: 'layer', cell: (p) => p.name },
  { title: 'N', cell: (p) => p.N },
  { title: 'K', cell: (p) => p.K },
  { title: 'depthwise + pointwise', cell: (p) => p.separable },
  { title: 'standard', cell: (p) => p.standard },
  { title: 'ratio', align: 'right', cell: (p) => p.ratio.toFixed(4) },
  { title: '1/N + 1/K^2', align: 'right', cell: (p) => p.formula.toFixed(4) },
]

/** The measured ratio and the formula for each pair of layers; empty if there are no pairs. */
export function formulaLines(pairs: readonly Pair[]): string[] {
  return pairs.length === 0 ? [] : table(pairColumns, pairs)
}

export const comparisonLines = (columns: readonly CostColumn[]): string[] => {
  const [own, other] = columns
  const row = (name: string, of: (c: CostColumn) => number, show: (n: number) => string) => ({
    name,
    own: show(of(own)),
    other: show(of(other)),
    ratio: `${(of(other) / of(own)).toFixed(2)} x`,
  })
  const rows = [
    row('parameters', (c) => c.parameters, count),
    row('multiply-adds', (c) => c.macs, count),
    row(
      'ms per image, one thread',
      (c) => c.latencyMs,
      (n) => n.toFixed(3),
    ),
  ]
  return table(
    [
      { title: '', cell: (r: (typeof rows)[number]) => r.name },
      { title: own.name, align: 'right', cell: (r) => r.own },
      { title: other.name, align: 'right', cell: (r) => r.other },
      { title: 'ratio', align: 'right', cell: (r) => r.ratio },
    ],
    rows,
  )
}
