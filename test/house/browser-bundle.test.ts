import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { root } from '../support/sources.ts'

/** Bundles an entry as a page's tools would. Rejects with a line for each import that a page does not have. */
const bundle = async (contents: string) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  })
  return outputFiles[0].contents
}

test('nothing that needs Node is reachable from what a page imports', async () => {
  const code = await bundle(`export * from './src/browser.ts'`)
  const kilobytes = (bytes: Uint8Array) => (bytes.length / 1024).toFixed(1)
  console.log(`browser bundle: ${kilobytes(code)} kB minified, ${kilobytes(gzipSync(code))} kB gzipped`)
  expect(code.length).toBeGreaterThan(10_000)
})

test('no `using` in it: what the compiler makes of that fails in browsers that lack Symbol.dispose', async () => {
  const code = await bundle(`export * from './src/browser.ts'`)
  expect(new TextDecoder().decode(code)).not.toMatch(/\busing [\w$]+=/)
})

test('the front door for Node is not reachable so: the bundle fails, and says why', async () => {
  await expect(bundle(`export * from './src/index.ts'`)).rejects.toThrow(/Could not resolve "node:/)
})
