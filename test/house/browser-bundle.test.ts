/** What a page loads: its size, and that it needs nothing of Node. */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { buildPage, gzipped, mostBytes, pageModules, pageRun, pageRunPath } from '../support/page-run.ts'
import { root, textOf } from '../support/sources.ts'

/** Bundles an entry as a page's tools would. Rejects with a line for each import that a page does not have. */
const bundle = async (entry: string) => {
  const { outputFiles } = await build({
    stdin: { contents: `export * from './${entry}'`, resolveDir: root, loader: 'ts' },
    ...{ bundle: true, write: false, minify: true, format: 'esm', platform: 'browser', logLevel: 'silent' },
  })
  return { code: outputFiles[0].contents }
}

/** Upper bound of the gzipped bytes of the whole package for pages. */
const mostOfAll = 120_000

/** The files of the registry's tables. */
const tables = ['mobilenet-v1', 'mobilenet-v2', 'mobilenet-v3', 'resnet']

/** What a minified module imports, at once or later. */
const importsIn = (code: string): string[] =>
  [...code.matchAll(/(?:\bfrom|\bimport\(?)\s*[`'"]([^`'"]+)[`'"]/g)].map(([, to]) => to)

test('the modules that load and run a network of the registry are small, and import only each other', async () => {
  const { exports } = JSON.parse(textOf('package.json')) as { exports: { './run': { browser: { default: string } } } }
  expect(join(root, exports['./run'].browser.default)).toBe(pageRunPath)
  const modules = pageModules()
  const named = (name: string) => [...modules.keys()].filter((file) => file.startsWith(`${name}-`))
  for (const name of [...tables, 'max-pool', 'remote-executor', 'threaded-executor'])
    expect(named(name)).toHaveLength(1)
  // test/browser/page-run.test.ts counts what a page really fetches for each network.
  const bytes = (...names: string[]) => gzipped(['run.js', ...names.flatMap(named)].map((file) => modules.get(file)!))
  for (const table of tables)
    for (const executor of ['remote-executor', 'threaded-executor']) {
      const all = bytes(table, executor, ...(table === 'resnet' ? ['max-pool'] : []))
      console.log(`${table}, ${executor}: ${all} bytes gzipped`)
      expect(all).toBeLessThanOrEqual(mostBytes)
    }
  const own = [...modules.keys()].map((file) => `./${file}`)
  for (const [file, code] of modules) {
    const imports = importsIn(new TextDecoder().decode(code))
    expect(
      imports.filter((to) => !own.includes(to)),
      file,
    ).toEqual([])
  }
})

test('it exports the names of src/browser-run.ts, and others of at most three letters for its own modules', async () => {
  const names = Object.keys(await pageRun()).filter((name) => name.length > 3)
  expect(names.sort()).toEqual(Object.keys(await import('../../src/browser-run.ts')).sort())
})

test('nothing that needs Node is reachable from src/browser.ts, and it is small', async () => {
  const { code } = await bundle('src/browser.ts')
  const bytes = gzipSync(code).length
  console.log(`src/browser.ts: ${code.length} bytes minified, ${bytes} gzipped`)
  expect(code.length).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThanOrEqual(mostOfAll)
})

test('nothing of training, counting, saving or testing is in it: only the kernels that a graph may ask for', async () => {
  const chunks = await buildPage()
  expect(chunks[0].fileName).toBe('run.js')
  const [now, later] = [chunks.slice(0, 1), chunks].map((list) => list.flatMap(({ modules }) => Object.keys(modules)))
  expect(now).toContain('/door/classifier.js')
  const never =
    /^\/(train|prune|search|latency|report)\/|door\/(training|save)|graph\/(autodiff|evaluate|plan\/analysis)|data\/(augment|loader)|ops\/(all|contract|elementwise-contract)|engine\/reference/
  expect(later.filter((path) => never.test(path))).toEqual([])
  expect(now.filter((path) => /gradients|ops\/softmax|kernels\/training|graph\/init\.|rng/.test(path))).toEqual([])
  // Contracts are values by these names, which only the first step of the build has.
  const code = chunks.flatMap(({ modules }) => Object.values(modules).map((module) => module.code ?? ''))
  expect(code.filter((text) => /\w+Contract\b/.test(text))).toEqual([])
})

test('the bundle has no `using`: its compiled form fails in browsers that lack Symbol.dispose', async () => {
  const { code } = await bundle('src/browser.ts')
  expect(new TextDecoder().decode(code)).not.toMatch(/\busing [\w$]+=/)
})

test('bundling the front door for Node fails, and the error says why', async () => {
  await expect(bundle('src/index.ts')).rejects.toThrow(/Could not resolve "node:/)
})
