/** The exports of package.json: their files exist, their names are known, and those for pages need nothing of Node. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuilt, inPackage } from '../support/built.ts'
import { namesOf } from '../support/names.ts'
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

/** The entries of an export, as files of src. `pages` is what pages get instead of `node`. */
function entriesOf(target: Target): { node: string; pages: string | undefined } {
  const { types, browser } = target as { types: string; browser?: { types: string } }
  const source = (path: string) => path.replace('./dist/', 'src/').replace('.d.ts', '.ts')
  return { node: source(types), pages: browser && source(browser.types) }
}
const named = ({ values, types }: ReturnType<typeof namesOf>) => [...values, ...types.map((name) => `type ${name}`)]

test('the package exports the names of test/fixtures/exports.json: `npx vitest run test/house/exports -u` writes it', async () => {
  const names = modules.flatMap((module): [string, string[]][] => {
    const { node, pages } = entriesOf(exports[module])
    const name = join('kinglet', module)
    const everywhere = named(namesOf(pages ?? node))
    const all = named(namesOf(node))
    expect(
      everywhere.filter((x) => !all.includes(x)),
      `${name}: names that only pages have`,
    ).toEqual([])
    const further = all.filter((x) => !everywhere.includes(x))
    return [[name, everywhere], ...(further.length > 0 ? [[`${name} in Node`, further] as [string, string[]]] : [])]
  })
  const text = `${JSON.stringify(Object.fromEntries(names), null, 2)}\n`
  await expect(text).toMatchFileSnapshot(join(root, 'test/fixtures/exports.json'))
})

test.each(modules)('%s: the built module has the values that its entry lists', async (module) => {
  const { node, pages } = entriesOf(exports[module])
  const entry = (path: string) =>
    import(/* @vite-ignore */ join(root, path.replace('src/', 'dist/').replace('.ts', '.js')))
  for (const path of [node, ...(pages ? [pages] : [])])
    expect(Object.keys(await entry(path)).sort()).toEqual(namesOf(path).values)
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
