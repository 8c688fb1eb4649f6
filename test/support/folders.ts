/** Temporary folders of a test file. `setup.ts` removes them after each file, since modules stay loaded for the next. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders: string[] = []

/** Makes a folder whose name begins with `kinglet-` and `name`. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `kinglet-${name}-`))
  folders.push(folder)
  return folder
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}
