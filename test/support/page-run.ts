/** The page's `kinglet/run` as it is built, and the script that builds it. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt } from './built.ts'
import { root } from './sources.ts'

export type PageRun = typeof import('../../src/browser-run.ts')

export const pageRunPath = join(root, 'dist/page/run.js')

/** Node runs it too, on one thread: workers of pages are not here. */
export async function pageRun(): Promise<PageRun> {
  ensureBuilt()
  return import(pathToFileURL(pageRunPath).href)
}

interface Chunk {
  readonly code: string
  /** What is left of each module, by path. */
  readonly modules: Readonly<Record<string, { readonly renderedLength: number }>>
}

// By variables: plain JavaScript, which the type check leaves out.
const script = (name: string) => import(pathToFileURL(join(root, 'scripts', name)).href)

/** Builds a module of dist as the page's is built; without a path that one itself. */
export const buildPage = async (input?: string): Promise<Chunk> => (await script('page-build.js')).buildPage(input)

export interface Cuts {
  readonly slots: Readonly<Record<string, readonly string[]>>
  readonly exported: Readonly<Record<string, Readonly<Record<string, string>>>>
  cutModule(path: string, code: string, where: { absentFrom: string; used?: ReadonlySet<string> }): string
}
export const cuts = (): Promise<Cuts> => script('page-cuts.js')
