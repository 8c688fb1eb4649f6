/**
 * What commands print to and with: streams that tests can replace, colours that stay away where nobody sees them, and
 * tables.
 */
import { count } from '../../report/index.ts'

/** As much of a Node stream as is written to. */
export interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** The surroundings of a command. Tests hand in their own. */
export interface Io {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  /** Calls `listener` at the first Ctrl-C instead of ending; the second one ends. Returns the way to stop listening. */
  onInterrupt(listener: () => void): () => void
}

export const processIo = (): Io => ({
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onInterrupt(listener) {
    // `once`: with no listener left, the system's own way of ending is back, and it works in the middle of a step.
    process.once('SIGINT', listener)
    return () => process.off('SIGINT', listener)
  },
})

const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** Colours `text` when `sink` is a terminal and https://no-color.org is not asked for. */
export const paint = (io: Io, sink: Sink, style: keyof typeof styles, text: string): string =>
  sink.isTTY && !io.env.NO_COLOR && io.env.TERM !== 'dumb' ? `\x1b[${styles[style]}m${text}\x1b[0m` : text

/** A line on stderr for what is not as it should be, and does not stop the work. */
export const warn = (io: Io, text: string): unknown =>
  io.stderr.write(`${paint(io, io.stderr, 'yellow', 'warning:')} ${text}\n`)

export interface Column<Row> {
  readonly title: string
  readonly align?: 'left' | 'right'
  cell(row: Row): string | number
}

/** Rows under their titles, in columns as wide as their contents. Numbers stand at the right, with commas. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], total?: Row): string[] {
  const cells = (row: Row) =>
    columns.map((c) => {
      const cell = c.cell(row)
      return typeof cell === 'number' ? count(cell) : cell
    })
  const body = rows.map(cells)
  const foot = total === undefined ? [] : [cells(total)]
  const all = [columns.map((c) => c.title), ...body, ...foot]
  const widths = columns.map((_, i) => Math.max(...all.map((row) => row[i].length)))
  const isRight = columns.map((c) => (c.align ? c.align === 'right' : rows.some((r) => typeof c.cell(r) === 'number')))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (isRight[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  const rule = widths.map((w) => '-'.repeat(w)).join('  ')
  const [titles, ...lines] = all.map(line)
  if (total !== undefined) lines.splice(lines.length - 1, 0, rule)
  return [titles, rule, ...lines]
}
