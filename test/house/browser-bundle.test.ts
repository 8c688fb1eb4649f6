import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { root } from '../support/sources.ts'

/** Bundles an entry as a page's tools would. Rejects with a line for each import that a page does not have. */
const bundle = async (entry: string) => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export * from './${entry}'`, resolveDir: root, loader: 'ts' },
    ...{ bundle: true, write: false, minify: true, metafile: true },
    ...{ format: 'esm', platform: 'browser', logLevel: 'silent' },
  })
  const [{ inputs }] = Object.values(metafile.outputs)
  const files = Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0)
  return { code: outputFiles[0].contents, files }
}

/**
 * Bytes that a page loads at most, gzipped. The goal for running a model file is 40,000: the contracts of the ops, which
 * stand whole in one file each, bring their gradients, oracles and samples, and the engine all of its kernels.
 */
const most = { 'src/browser-run.ts': 56_000, 'src/browser.ts': 120_000 }

test.each(Object.entries(most))(
  'nothing that needs Node is reachable from %s, and it is small',
  async (entry, bytes) => {
    const { code } = await bundle(entry)
    const gzipped = gzipSync(code).length
    console.log(`${entry}: ${code.length} bytes minified, ${gzipped} gzipped`)
    expect(code.length).toBeGreaterThan(10_000)
    expect(gzipped).toBeLessThanOrEqual(bytes)
  },
)

test('what runs model files brings nothing of training, augmentation, or saving', async () => {
  const { files } = await bundle('src/browser-run.ts')
  expect(files).toContain('src/classifier.ts')
  expect(
    files.filter((path) => /^src\/(train\/|training|save|graph\/autodiff|data\/(aug|loader|mix))/.test(path)),
  ).toEqual([])
})

test('no `using` in it: what the compiler makes of that fails in browsers that lack Symbol.dispose', async () => {
  const { code } = await bundle('src/browser.ts')
  expect(new TextDecoder().decode(code)).not.toMatch(/\busing [\w$]+=/)
})

test('the front door for Node is not reachable so: the bundle fails, and says why', async () => {
  await expect(bundle('src/index.ts')).rejects.toThrow(/Could not resolve "node:/)
})
