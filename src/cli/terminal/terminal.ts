/** Output of commands: streams that tests can replace, colours for terminals only, and tables. */
import { count } from '../../report/index.ts'

/** The part of a Node stream that commands use. */
export interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** The environment of a command. Tests pass their own. */
export interface Io {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  /** The first Ctrl-C calls `listener`; the second one ends the process. Returns a function that stops listening. */
  onInterrupt(listener: () => void): () => void
}

export const processIo = (): Io => ({
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onInterrupt(listener) {
    // `once`: without a listener the default action of the signal applies again. It also ends a step that blocks.
    process.once('SIGINT', listener)
    return () => process.off('SIGINT', listener)
  },
})

const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** Colours `text` if `sink` is a terminal and NO_COLOR (https://no-color.org) is not set. */
export const paint = (io: Io, sink: Sink, style: keyof typeof styles, text: string): string =>
  sink.isTTY && !io.env.NO_COLOR && io.env.TERM !== 'dumb' ? `\x1b[${styles[style]}m${text}\x1b[0m` : text

/** Prints a warning to stderr. */
export const warn = (io: Io, text: string): unknown =>
  io.stderr.write(`${paint(io, io.stderr, 'yellow', 'warning:')} ${text}\n`)

export interface Column<Row> {
  readonly title: string
  readonly align?: 'left' | 'right'
  cell(row: Row): string | number
}

/** Formats rows below their titles. Columns are as wide as their contents; numbers are right-aligned, with commas. */
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
