/**
 * A trial's files in the database. Each report of a trial copies the files of its folder from the worker's disk, so
 * that a worker on another machine resumes from them. The database holds them, rather than a folder shared by all
 * machines, which would be one more thing to set up, secure and lose. Therefore their size is limited.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { KingletError } from '../../../core/index.ts'
import type { Sql } from './node-connect.ts'

/**
 * Limit on the size of all files of a trial, in bytes. A checkpoint of the registry's largest network is a quarter of
 * it.
 */
export const mostBytes = 256 * 2 ** 20
/** Size of a part in bytes. The server and the driver hold a few parts at a time. */
const partBytes = 2 ** 22

/** A stamp of each stored file. Files are replaced and never modified, so the stamp tells whether a file is new. */
export type Kept = Map<string, string>

/** Files below a folder by name (`/` between folders), without temporary files (`.name.tmp`). */
function filesIn(folder: string): Map<string, { readonly stamp: string; readonly size: number }> {
  const files = new Map<string, { stamp: string; size: number }>()
  // A worker that gave its trial back has no folder any more, and may still report its result.
  if (!existsSync(folder)) return files
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue
    const path = join(entry.parentPath, entry.name)
    const { size, mtimeMs, ino } = statSync(path)
    files.set(relative(folder, path).split(sep).join('/'), { stamp: `${size} ${mtimeMs} ${ino}`, size })
  }
  return files
}

interface TrialKey {
  readonly study: number
  readonly number: number
}

/**
 * Makes the database equal to the folder, or to its files named in `only`. Returns the stored files. Rejects with a
 * `KingletError` when they are too large.
 */
export async function keepFiles(
  sql: Sql,
  { study, number }: TrialKey,
  folder: string,
  kept: Kept,
  only?: readonly string[],
): Promise<Kept> {
  const files = filesIn(folder)
  for (const name of files.keys()) if (only && !only.includes(name)) files.delete(name)
  const bytes = [...files.values()].reduce((sum, { size }) => sum + size, 0)
  if (bytes > mostBytes)
    throw new KingletError(
      `trial ${number}: its files are ${bytes} bytes, a study in PostgreSQL keeps at most ${mostBytes} of a trial: ` +
        'keep fewer, or smaller ones',
    )
  const now: Kept = new Map([...files].map(([name, { stamp }]) => [name, stamp]))
  await dropFiles(sql, { study, number }, [...now.keys()])
  for (const [name, stamp] of now) {
    if (kept.get(name) === stamp) continue
    await sql('delete from kinglet.file where study = $1 and number = $2 and name = $3', [study, number, name])
    const data = readFileSync(join(folder, name))
    for (let part = 0; part === 0 || part * partBytes < data.length; part++)
      await sql('insert into kinglet.file values ($1, $2, $3, $4, $5)', [
        ...[study, number, name, part],
        data.subarray(part * partBytes, (part + 1) * partBytes),
      ])
  }
  return now
}

/** Removes all files of a trial except these. */
export async function dropFiles(sql: Sql, { study, number }: TrialKey, but: readonly string[]): Promise<void> {
  await sql('delete from kinglet.file where study = $1 and number = $2 and not (name = any($3))', [study, number, but])
}

/** The bytes of a file. Undefined where the trial has no file of that name. */
export async function readKept(sql: Sql, { study, number }: TrialKey, name: string): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = []
  for (;;) {
    const [row] = await sql(
      'select bytes from kinglet.file where study = $1 and number = $2 and name = $3 and part = $4',
      [study, number, name, parts.length],
    )
    if (!row) return parts.length ? Buffer.concat(parts) : undefined
    parts.push(row.bytes as Uint8Array)
  }
}

/** Creates an empty folder, replacing what was there. */
export function emptyFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}

/** Makes the folder equal to the database. */
export async function fetchFiles(sql: Sql, key: TrialKey, folder: string): Promise<Kept> {
  emptyFolder(folder)
  const { study, number } = key
  const names = await sql('select distinct name from kinglet.file where study = $1 and number = $2', [study, number])
  for (const { name } of names as { name: string }[]) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, (await readKept(sql, key, name))!)
  }
  return new Map([...filesIn(folder)].map(([name, { stamp }]) => [name, stamp]))
}
