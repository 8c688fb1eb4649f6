/** `kinglet summary`: prints the paper's table with the cost of each row, or compares two networks. */
import type { Command } from 'commander'
import {
  type Costs,
  costsOf,
  labelOf,
  modelOf,
  networkArguments,
  pairsOf,
  type RowCost,
  showShape,
} from '../../door/index.ts'
import { type LayerCost, layerKinds } from '../../graph/index.ts'
import { blockOf, isModel, type Row, twin } from '../../models/index.ts'
import type { Network } from '../../nn/index.ts'
import { bytes, count, percent } from '../../report/index.ts'
import { addNetworkOptions, openNetwork } from '../inputs/networks.ts'
import { addJsonOption, type CommandDefinition } from '../terminal/options.ts'
import { type Column, type Io, paint, table } from '../terminal/terminal.ts'
import { formulaLines } from './comparison.ts'

const operatorOf = (row: Row): string =>
  'kernel' in blockOf(row).row ? `${row.operator} ${row.kernel}x${row.kernel}` : row.operator
const numberOr = (n: number): string | number => (n > 0 ? n : '')

const paperColumns: readonly Column<RowCost>[] = [
  { title: 'layer', cell: (r) => r.row.name },
  { title: 'input', cell: (r) => showShape(r.input) },
  { title: 'operator', cell: (r) => operatorOf(r.row) },
  { title: 'exp', align: 'right', cell: (r) => numberOr(r.row.exp) },
  { title: 'out', align: 'right', cell: (r) => numberOr(r.row.out) },
  { title: 'SE', align: 'right', cell: (r) => numberOr(r.row.squeeze) },
  { title: 'NL', cell: (r) => (r.row.act === 'none' ? '' : r.row.act) },
  { title: 's', align: 'right', cell: (r) => r.row.stride },
]
const isEmpty = (column: Column<RowCost>, rows: readonly RowCost[]) => rows.every((r) => column.cell(r) === '')

interface TotalRow {
  readonly name: string
  readonly value: string
}
const totalsOf = ({ analysis: { total } }: Costs): TotalRow[] => [
  {
    name: 'parameters',
    value: `${count(total.parameters)}  (${count(total.weights)} weights and biases, ${count(total.norm)} of batch norm)`,
  },
  { name: 'running statistics', value: count(total.state) },
  { name: 'multiply-adds', value: count(total.macs) },
  { name: 'activations', value: bytes(total.activationBytes) },
  { name: 'peak memory', value: `${bytes(total.peakBytes)} of activations at a time` },
]

const kindRows = ({ analysis }: Costs) =>
  layerKinds.map((kind) => ({ kind, ...analysis.kinds[kind] })).filter((k) => k.macs + k.weights > 0)

/** Columns for a network that no table describes. */
const layerColumns: readonly Column<LayerCost>[] = [
  { title: 'layer', cell: (l) => l.name || '(unnamed)' },
  { title: 'input', cell: (l) => showShape(l.inputShape.slice(1)) },
  { title: 'kind', cell: (l) => (l.kernel ? `${l.kind} ${l.kernel.join('x')}` : l.kind) },
  { title: 'output', cell: (l) => showShape(l.outputShape.slice(1)) },
  { title: 's', align: 'right', cell: (l) => l.stride ?? '' },
]

/** The paper's table with costs, or the layers of the graph if the network has no table. */
function costTable({ rows, analysis, network }: Costs): string[] {
  const share = (macs: number) => percent(macs / (analysis.total.macs || 1), 1)
  const counted = <R extends { readonly parameters: number; readonly macs: number }>(): Column<R>[] => [
    { title: 'parameters', cell: (r) => r.parameters },
    { title: 'MACs', cell: (r) => r.macs },
    { title: 'share', align: 'right', cell: (r) => share(r.macs) },
  ]
  if (!isModel(network)) return table([...layerColumns, ...counted<LayerCost>()], analysis.layers)
  return table([...paperColumns.filter((c) => !isEmpty(c, rows)), ...counted<RowCost>()], rows)
}

function printOne(io: Io, costs: Costs): void {
  const kinds: Column<ReturnType<typeof kindRows>[number]>[] = [
    { title: 'kind of layer', cell: (k) => k.kind },
    { title: 'MACs', cell: (k) => k.macs },
    { title: 'share', align: 'right', cell: (k) => percent(k.macShare) },
    { title: 'weights', cell: (k) => k.weights },
    { title: 'share', align: 'right', cell: (k) => percent(k.weightShare) },
  ]
  print(io, labelOf(costs.network), costTable(costs))
  print(io, undefined, table(kinds, kindRows(costs)))
  const totals = totalsOf(costs)
  const wide = Math.max(...totals.map((t) => t.name.length))
  io.stdout.write(`\n${totals.map((t) => `${t.name.padEnd(wide)}  ${t.value}\n`).join('')}`)
}

function print(io: Io, title: string | undefined, lines: readonly string[]): void {
  const [titles, ...rest] = lines
  if (title) io.stdout.write(`${paint(io, io.stdout, 'bold', title)}\n\n`)
  else io.stdout.write('\n')
  io.stdout.write([paint(io, io.stdout, 'dim', titles), ...rest, ''].join('\n'))
}

interface Beside {
  readonly name: string
  readonly a: number
  readonly b: number
}

const ratioOf = ({ a, b }: Beside): string => (a > 0 && b > 0 ? `${(b / a).toFixed(2)} x` : '')
const beside = (title: string): Column<Beside>[] => [
  { title, cell: (r) => r.name },
  { title: 'A', cell: (r) => r.a },
  { title: 'B', cell: (r) => r.b },
  { title: 'B / A', align: 'right', cell: ratioOf },
]

const compared = (a: Costs, b: Costs) =>
  (['parameters', 'weights', 'macs', 'activationBytes', 'peakBytes'] as const).map((name) => ({
    name,
    a: a.analysis.total[name],
    b: b.analysis.total[name],
  }))
const titles: Record<ReturnType<typeof compared>[number]['name'], string> = {
  parameters: 'parameters',
  weights: 'weights and biases',
  macs: 'multiply-adds',
  activationBytes: 'bytes of activations',
  peakBytes: 'peak bytes of activations',
}

const sameRows = (a: Costs, b: Costs) =>
  a.rows.length > 0 &&
  a.rows.length === b.rows.length &&
  a.rows.every(({ row }, i) => row.name === b.rows[i].row.name && row.operator === b.rows[i].row.operator)

function printTwo(io: Io, a: Costs, b: Costs): void {
  io.stdout.write(`A  ${labelOf(a.network)}\nB  ${labelOf(b.network)}\n`)
  if (sameRows(a, b))
    print(
      io,
      undefined,
      table(
        beside('MACs of layer'),
        a.rows.map(({ row, macs }, i) => ({ name: row.name, a: macs, b: b.rows[i].macs })),
      ),
    )
  const kinds = layerKinds
    .map((name) => ({ name, a: a.analysis.kinds[name].macs, b: b.analysis.kinds[name].macs }))
    .filter((k) => k.a + k.b > 0)
  print(io, undefined, table(beside('MACs of kind'), kinds))
  print(
    io,
    undefined,
    table(
      beside('in total'),
      compared(a, b).map((r) => ({ ...r, name: titles[r.name] })),
    ),
  )
  const pairs = pairsOf(a, b)
  if (pairs.length === 0) return
  print(io, undefined, formulaLines(pairs))
  io.stdout.write('\nN: channels out, K: side of the kernel (Howard et al. 2017, arXiv:1704.04861, section 3.1)\n')
}

/** The JSON form of the costs; counts are exact integers. */
const asJson = ({ network: { architecture, inputShape }, rows, analysis }: Costs) => ({
  ...architecture,
  inputShape,
  rows: rows.map(({ row, ...cost }) => ({ ...row, ...cost, macShare: cost.macs / (analysis.total.macs || 1) })),
  ...analysis,
})

const other = async (of: Network, name: string, text: string, given: ReturnType<typeof networkArguments>) => {
  if (text === 'twin') return twin(modelOf(of, name, '--compare twin'))
  return openNetwork(text, given)
}

interface SummaryOptions {
  readonly compare?: string
  readonly json?: boolean
}

export const summaryCommand: CommandDefinition = {
  name: 'summary',
  describe: (command: Command, io: Io) =>
    addJsonOption(addNetworkOptions(command))
      .description('Print the table of a network: shapes, parameters and multiply-adds of each layer.')
      .argument('<network>', 'a network of "kinglet models", or a model file')
      .option('--compare <network>', 'network to compare with; "twin": the same network with standard convolutions')
      .addHelpText(
        'after',
        `
One multiply-add counts as one MAC. Convolutions and matrix products count, including those of squeeze-and-excitation;
biases, batch norm, activations, pooling and additions do not. Options apply to both networks. Options for one network
follow its name: mobilenet_v2:width=0.75,size=192.

Examples:
  kinglet summary mobilenet_v3_large --width 0.75 --size 192
  kinglet summary mobilenet_v1 --compare twin
  kinglet summary mobilenet_v2 --compare mobilenet_v2:width=0.5 --json`,
      )
      .action(async (name: string, options: SummaryOptions) => {
        const given = networkArguments(options)
        const a = costsOf(await openNetwork(name, given))
        const b =
          options.compare === undefined ? undefined : costsOf(await other(a.network, name, options.compare, given))
        if (!options.json) return b ? printTwo(io, a, b) : printOne(io, a)
        const value = b
          ? {
              networks: [asJson(a), asJson(b)],
              ratio: Object.fromEntries(compared(a, b).map((r) => [r.name, r.b / r.a])),
              separable: pairsOf(a, b),
            }
          : asJson(a)
        io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
      }),
}
