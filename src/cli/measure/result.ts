/** The output of `kinglet measure`, and the default file name of a table. */
import {
  type Agreement,
  agreementOf,
  type CheckedNetwork,
  describeTable,
  type LatencyTable,
  type MeasuredWith,
} from '../../latency/index.ts'
import { percent } from '../../report/index.ts'
import { type Column, type Io, table as lines, paint } from '../terminal/terminal.ts'

const slug = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase()

/** The default file name of a table, from the name of its device. */
export const fileOf = ({ device, threads }: MeasuredWith): string =>
  `latency-${slug(device.name).slice(0, 60) || 'device'}-${threads}t.json`

const ms = (n: number): string => n.toFixed(n < 10 ? 3 : 1)
const signed = (n: number): string => `${n < 0 ? '-' : '+'}${percent(Math.abs(n), 1)}`

export interface CheckRow extends CheckedNetwork {
  readonly name: string
}
const columns: readonly Column<CheckRow>[] = [
  { title: 'network', cell: (r) => r.name },
  { title: 'sum ms', align: 'right', cell: (r) => ms(r.sumMs) },
  { title: 'whole ms', align: 'right', cell: (r) => ms(r.wholeMs.median) },
  { title: 'quartiles', align: 'right', cell: (r) => `${ms(r.wholeMs.lower)} - ${ms(r.wholeMs.upper)}` },
  { title: 'error', align: 'right', cell: (r) => signed(r.error) },
]

const agreementLine = ({ medianError, worstError, rankCorrelation }: Agreement): string =>
  `error of the sum: ${percent(medianError, 1)} at the median, ${percent(worstError, 1)} at worst` +
  (rankCorrelation === undefined ? '' : `; Spearman's rank correlation ${rankCorrelation.toFixed(3)}`)

export function printTable(io: Io, out: string, table: LatencyTable, rows: readonly CheckRow[], json: boolean): void {
  const agreement = rows.length > 0 ? agreementOf(rows) : undefined
  if (json) {
    const networks = rows.map(({ model, ...row }) => ({ ...row, ...model.architecture }))
    const { entries, ...head } = table
    io.stdout.write(`${JSON.stringify({ out, ...head, layers: entries.length, networks, agreement }, undefined, 2)}\n`)
    return
  }
  io.stdout.write(`${out}: ${table.entries.length} layers; ${describeTable(table)}\n`)
  if (!agreement) return
  const [titles, ...rest] = lines(columns, rows)
  io.stdout.write(['', paint(io, io.stdout, 'dim', titles), ...rest, '', agreementLine(agreement), ''].join('\n'))
}
