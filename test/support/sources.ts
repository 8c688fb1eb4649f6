/** The source files as text, for tests that read them. Paths are relative to the repository. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Files under `folder` whose names end in `ending`, such as `src/core/shape.ts`. */
export const filesOf = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .sort()

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

export interface Import {
  readonly from: string
  /** A path for a file of the repository, a name for a package. */
  readonly to: string
  /** Whether the compiler erases it. */
  readonly typeOnly: boolean
}

const statement = /^\s*(?:import|export)\s+(type\s)?(?:([^'"]*?)\sfrom\s+)?['"]([^'"]+)['"]/gm
const call = /\bimport\(\s*['"]([^'"]+)['"]\s*\)|new URL\(\s*['"](\.[^'"]+\.[jt]s)['"]\s*,\s*import\.meta\.url/g
const onlyTypes = (clause: string | undefined) =>
  /^\{.*\}$/s.test(clause ?? '') &&
  clause!
    .slice(1, -1)
    .split(',')
    .every((name) => !name.trim() || /^\s*type\s/.test(name))

/** What a source text imports, statically and dynamically. */
export function importsOf(path: string, text: string): Import[] {
  const resolve = (to: string) => (to.startsWith('.') ? normalize(join(dirname(path), to)) : to)
  // Examples in docstrings import as users do; their imports are not this file's.
  text = text.replace(/^\s*\/?\*.*$/gm, '')
  const found: Import[] = []
  for (const [, type, clause, to] of text.matchAll(statement))
    found.push({ from: path, to: resolve(to), typeOnly: type !== undefined || onlyTypes(clause?.trim()) })
  for (const [, to, url] of text.matchAll(call)) found.push({ from: path, to: resolve(to ?? url), typeOnly: false })
  return found
}
