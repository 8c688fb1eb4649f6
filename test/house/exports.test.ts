/** What package.json says that there is: files that exist, and nothing that needs Node where a page looks. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuilt, inPackage } from '../support/built.ts'
import { root, textOf } from '../support/sources.ts'

beforeAll(ensureBuilt)

type Target = string | { readonly [condition: string]: Target }
const { exports } = JSON.parse(textOf('package.json')) as { exports: Record<string, Target> }
const filesOf = (target: Target): string[] =>
  typeof target === 'string' ? [target] : Object.values(target).flatMap(filesOf)
const modules = Object.keys(exports).filter((name) => !name.endsWith('.json'))

test.each(Object.entries(exports))('%s: its files exist', (_, target) => {
  expect(filesOf(target).filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test.each(modules)('%s: a page can import it', async (name) => {
  await inPackage(async (folder) => {
    const contents = `export * from '${join('kinglet', name)}'`
    const options = { bundle: true, write: false, format: 'esm', platform: 'browser', logLevel: 'silent' } as const
    const { outputFiles } = await build({ stdin: { contents, resolveDir: folder }, ...options })
    expect(outputFiles[0].contents.length).toBeGreaterThan(100)
  })
})
