/** The built `kinglet/run` for pages, and the script that builds it. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt } from './built.ts'
import { root } from './sources.ts'

export type PageRun = typeof import('../../src/browser-run.ts')

export const pageRunPath = join(root, 'dist/page/run.js')

/** Node runs it too, on one thread, since Node lacks the workers of pages. */
export async function pageRun(): Promise<PageRun> {
  ensureBuilt()
  return import(pathToFileURL(pageRunPath).href)
}

interface Chunk {
  readonly code: string
  /** What the bundle keeps of each module, by path. */
  readonly modules: Readonly<Record<string, { readonly renderedLength: number }>>
}

// Imported by variables, since the type check does not cover plain JavaScript.
const script = (name: string) => import(pathToFileURL(join(root, 'scripts', name)).href)

/** Builds a module of dist in the same way; without a path, the page's `kinglet/run` itself. */
export const buildPage = async (input?: string): Promise<Chunk> => (await script('page-build.js')).buildPage(input)

export interface Cuts {
  readonly slots: Readonly<Record<string, readonly string[]>>
  readonly exported: Readonly<Record<string, Readonly<Record<string, string>>>>
  cutModule(path: string, code: string, where: { absentFrom: string; used?: ReadonlySet<string> }): string
}
export const cuts = (): Promise<Cuts> => script('page-cuts.js')
