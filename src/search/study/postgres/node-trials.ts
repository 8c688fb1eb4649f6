/** Converts rows of the tables of `node-schema.ts` to trials. */
import type { Point } from '../../space/space.ts'
import type { StepReport, TrialState } from '../../trial.ts'
import type { Lease, StoredTrial } from '../store.ts'
import type { Row, Sql } from './node-connect.ts'

/** A trial, and what only the store knows of it. */
export interface TrialRow {
  readonly trial: StoredTrial
  readonly turn: number
  readonly job: string
  /** The trial has no holder: it was given back, or its holder took another one. */
  readonly free: boolean
}

/** The members that have a value. */
const given = (row: Row, ...names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => row[name] !== null).map((name) => [name, row[name]]))

/**
 * Reads the trials of a study in order, or one of them, which may be locked until the transaction ends. `isHeld` tells
 * whether a live worker has a running trial.
 */
export async function readTrials(
  sql: Sql,
  study: number,
  isHeld: (job: string, worker: string) => boolean,
  one?: { readonly number: number; readonly lock: boolean },
): Promise<TrialRow[]> {
  const [only, values] = one ? [' and number = $2', [study, one.number]] : ['', [study]]
  const rows = await sql(
    `select * from kinglet.trial where study = $1${only} order by number${one?.lock ? ' for update' : ''}`,
    values,
  )
  const reports = new Map<number, StepReport[]>(rows.map((row) => [row.number as number, []]))
  const told = await sql(`select * from kinglet.report where study = $1${only} order by number, step`, values)
  for (const row of told)
    reports.get(row.number as number)?.push({ step: row.step as number, value: row.value as number })
  return rows.map((row) => {
    const [job, worker] = [row.job as string, row.worker as string]
    const trial: StoredTrial = {
      number: row.number as number,
      point: row.point as Point,
      state: row.state as TrialState,
      reports: reports.get(row.number as number)!,
      tries: row.tries as number,
      worker,
      held: row.state === 'running' && !row.free && isHeld(job, worker),
      ...given(row, 'values', 'violations', 'reason', 'files', 'began', 'ended'),
    }
    return { trial, turn: row.turn as number, job, free: row.free as boolean }
  })
}

/** Whether the worker with this lease still has the trial. */
export const isHolder = (row: TrialRow | undefined, lease: Lease): boolean =>
  row?.trial.state === 'running' && !row.free && row.turn === lease.turn && row.trial.worker === lease.worker
