/** A study's trials as a table for spreadsheets and data frames: CSV after RFC 4180, one row for each trial. */
import type { StoredTrial, Study } from './store.ts'

interface Column {
  readonly title: string
  cell(trial: StoredTrial): unknown
}

const time = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString())

function columnsOf({ objectives, budgets, space }: Study): Column[] {
  return [
    { title: 'number', cell: (t) => t.number },
    { title: 'state', cell: (t) => t.state },
    ...objectives.map(({ name }, i) => ({ title: name, cell: (t: StoredTrial) => t.values?.[i] })),
    ...Object.keys(budgets).map((name, i) => ({
      title: `violation.${name}`,
      cell: (t: StoredTrial) => t.violations?.[i],
    })),
    ...Object.keys(space.choices).map((name) => ({ title: `point.${name}`, cell: (t: StoredTrial) => t.point[name] })),
    { title: 'last_step', cell: (t) => t.reports.at(-1)?.step },
    { title: 'last_value', cell: (t) => t.reports.at(-1)?.value },
    { title: 'tries', cell: (t) => t.tries },
    { title: 'began', cell: (t) => time(t.began) },
    { title: 'ended', cell: (t) => time(t.ended) },
    { title: 'reason', cell: (t) => t.reason },
    { title: 'model', cell: (t) => t.files?.model },
  ]
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/**
 * Returns the trials as CSV. Columns: number, state, the objectives by name, `violation.<budget>`, `point.<choice>`,
 * last report, tries, times (ISO 8601), reason and model file. A cell is empty where the trial has no value.
 *
 * @example
 * ```ts
 * import { defineSpace, memoryStore, spaceData, studyCsv } from 'kinglet/search'
 *
 * const store = memoryStore({
 *   name: 'toy',
 *   space: spaceData(defineSpace('line', { x: { kind: 'real', low: 0, high: 1 } })),
 *   objectives: [{ name: 'loss', direction: 'minimize' }],
 *   seed: 0,
 *   algorithm: { name: 'random', options: {} },
 *   evaluator: { name: 'toy', options: {} },
 *   budgets: {},
 *   trials: 3,
 * })
 * await store.take('me', () => ({ do: 'begin', number: 0, point: { x: 0.5 } }))
 * const [titles, row] = studyCsv(await store.study(), await store.trials()).split('\r\n')
 * titles.slice(0, 25) // => 'number,state,loss,point.x'
 * row.slice(0, 14) // => '0,running,,0.5'
 * ```
 */
export function studyCsv(study: Study, trials: readonly StoredTrial[]): string {
  const columns = columnsOf(study)
  const rows = trials.map((trial) => columns.map((c) => String(c.cell(trial) ?? '')))
  return [columns.map((c) => c.title), ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('')
}
