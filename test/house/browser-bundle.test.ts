/** What a page loads: its size, and that it needs nothing of Node. */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { ensureBuilt } from '../support/built.ts'
import { buildPage, pageRun, pageRunPath } from '../support/page-run.ts'
import { importsOf, root, textOf } from '../support/sources.ts'

/** Bundles an entry as a page's tools would. Rejects with a line for each import that a page does not have. */
const bundle = async (entry: string) => {
  const { outputFiles } = await build({
    stdin: { contents: `export * from './${entry}'`, resolveDir: root, loader: 'ts' },
    ...{ bundle: true, write: false, minify: true, format: 'esm', platform: 'browser', logLevel: 'silent' },
  })
  return { code: outputFiles[0].contents }
}

/** Upper bounds of the gzipped bytes that a page loads: for running model files (built already) and for the whole package. */
const most = { run: 40_000, whole: 120_000 }

function expectAtMost(what: string, code: string | Uint8Array, bytes: number): void {
  const gzipped = gzipSync(code).length
  console.log(`${what}: ${code.length} bytes minified, ${gzipped} gzipped`)
  expect(code.length).toBeGreaterThan(10_000)
  expect(gzipped).toBeLessThanOrEqual(bytes)
}

test('the module that runs model files is small, and needs no other module', async () => {
  ensureBuilt()
  const { exports } = JSON.parse(textOf('package.json')) as { exports: { './run': { browser: { default: string } } } }
  const file = join(root, exports['./run'].browser.default)
  expect(file).toBe(pageRunPath)
  const code = readFileSync(file, 'utf8')
  expectAtMost(relative(root, file), code, most.run)
  expect(importsOf(file, code)).toEqual([])
  expect(Object.keys(await pageRun()).sort()).toEqual(Object.keys(await import('../../src/browser-run.ts')).sort())
})

test('nothing that needs Node is reachable from src/browser.ts, and it is small', async () => {
  expectAtMost('src/browser.ts', (await bundle('src/browser.ts')).code, most.whole)
})

test('the module that runs model files has no code of training, augmentation, saving, or counting', async () => {
  const { modules } = await buildPage()
  const files = Object.keys(modules).filter((path) => modules[path].renderedLength > 0)
  const left = files.map((path) => relative(join(root, 'dist'), path))
  expect(left).toContain('door/classifier.js')
  const others =
    /^(train\/|door\/(training|save)|graph\/(autodiff|plan\/analysis)|data\/(augment|loader)|ops\/(all|.*gradients|softmax))/
  expect(left.filter((path) => others.test(path))).toEqual([])
})

test('the bundle has no `using`: its compiled form fails in browsers that lack Symbol.dispose', async () => {
  const { code } = await bundle('src/browser.ts')
  expect(new TextDecoder().decode(code)).not.toMatch(/\busing [\w$]+=/)
})

test('bundling the front door for Node fails, and the error says why', async () => {
  await expect(bundle('src/index.ts')).rejects.toThrow(/Could not resolve "node:/)
})
