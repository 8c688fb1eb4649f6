/** The exports of package.json: their files exist, and those for pages need nothing of Node. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuilt, inPackage } from '../support/built.ts'
import { filesOf as filesIn, root, textOf } from '../support/sources.ts'

beforeAll(ensureBuilt)

type Target = string | { readonly [condition: string]: Target }
const { exports, scripts } = JSON.parse(textOf('package.json')) as {
  exports: Record<string, Target>
  scripts: Record<string, string>
}
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

test('the npm command that a script names in its text calls it, so that each installs what is missing', () => {
  const said = filesIn('scripts', '.js').flatMap((path) =>
    [...textOf(path).matchAll(/^(?:\/\*\*| \*) `npm (?:run )?(\w+)`:/gm)].map(([, name]) => [name, `node ${path}`]),
  )
  expect(said.map(([name]) => name).sort()).toEqual(['bench', 'build', 'start', 'test'])
  for (const [name, command] of said) expect(scripts[name]).toBe(command)
})
