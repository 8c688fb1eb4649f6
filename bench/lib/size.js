/**
 * Measures what a page loads of each runtime before its first answer: minified code and WebAssembly, gzipped as a
 * server would send them. Each contender opens a page, and the site records the requested files.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { starterOf } from '../page/browser.js'
import { openSite } from '../page/site.js'
import { contendersOf } from './inference.js'
import { firstLine } from './rounds.js'

const source = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const sizesOf = (bytes) => ({ minifiedBytes: bytes.length, gzippedBytes: gzipSync(bytes).length })

/** Kinglet's browser entry, bundled and minified. */
async function wholeEntry() {
  const { outputFiles } = await build({
    stdin: { contents: `export * from './browser.js'`, resolveDir: source('dist') },
    ...{ bundle: true, write: false, minify: true, format: 'esm', platform: 'browser', logLevel: 'error' },
  })
  return outputFiles[0].contents
}

/** @param {string} chromium its path */
export async function measureSizes(chromium) {
  const entries = {
    'load and run a model file': sizesOf(readFileSync(source('dist/page/run.js'))),
    'all of it, training included': sizesOf(await wholeEntry()),
  }
  const site = await openSite()
  const start = starterOf(chromium, site.address)
  const loaded = []
  const failed = []
  try {
    for (const contender of contendersOf('chromium')) {
      const { runtime, threads } = contender
      site.served.clear()
      try {
        const { end } = await start({ ...contender, name: 'v3s' })
        await end()
      } catch (error) {
        failed.push({ runtime, threads, reason: firstLine(error) })
        continue
      }
      const files = [...site.served]
        .filter(([path]) => ['/code/', '/kinglet/', '/packages/'].some((folder) => path.startsWith(folder)))
        .map(([path, body]) => ({ path, bytes: body.length, gzippedBytes: gzipSync(body).length }))
      loaded.push({ runtime, threads, gzippedBytes: files.reduce((n, f) => n + f.gzippedBytes, 0), files })
    }
  } finally {
    site.close()
  }
  return { entries, loaded, failed }
}
