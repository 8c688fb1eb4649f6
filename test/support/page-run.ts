/** The built `kinglet/run` for pages, and the script that builds it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { ensureBuilt } from './built.ts'
import { root } from './sources.ts'

export type PageRun = typeof import('../../src/browser-run.ts')

const folder = join(root, 'dist/page')
export const pageRunPath = join(folder, 'run.js')

/** Node runs it too, on one thread, since Node lacks the workers of pages. */
export async function pageRun(): Promise<PageRun> {
  ensureBuilt()
  return import(pathToFileURL(pageRunPath).href)
}

/** All modules of the build by their file names. */
export function pageModules(): Map<string, Uint8Array> {
  ensureBuilt()
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
}

/** Gzipped bytes of modules of the build. */
export const gzipped = (modules: Iterable<Uint8Array>): number =>
  [...modules].reduce((sum, code) => sum + gzipSync(code).length, 0)

/** Upper bound of the gzipped bytes that a page fetches to load and run a network of the registry. */
export const mostBytes = 40_000

interface Chunk {
  readonly fileName: string
  readonly code: string
  /** What the bundle keeps of each module, by path. */
  readonly modules: Readonly<Record<string, { readonly code: string | null }>>
}

/** Builds dist/browser-run.js as for pages. The script is imported by a variable: the type check does not cover it. */
export async function buildPage(): Promise<readonly Chunk[]> {
  const script = pathToFileURL(join(root, 'scripts/page-build.js')).href
  return (await import(script)).buildPage()
}
