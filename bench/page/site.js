/** The site of the contenders' pages: cross-origin isolated, on the loopback interface only. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { modelsFolder } from '../models/folder.js'

const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' }
const codeFolder = new URL('../.cache/page/', import.meta.url)
const folders = {
  '/code/': codeFolder,
  '/kinglet/': new URL('../../dist/page/', import.meta.url),
  '/models/': modelsFolder,
  '/packages/': new URL('../node_modules/', import.meta.url),
}
const html = '<!doctype html><title>contender</title><script type="module" src="/code/contender.js"></script>'

/** Bundles the contender, with a chunk for each runtime, and serves it. `served` holds the requested files. */
export async function openSite() {
  await build({
    entryPoints: [fileURLToPath(new URL('contender.js', import.meta.url))],
    outdir: fileURLToPath(codeFolder),
    // Native code, which no page requests, and Kinglet's module for pages, which is already built.
    external: ['onnxruntime-node', '/kinglet/*'],
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'browser', minify: true, logLevel: 'error' },
  })
  const served = new Map()
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const folder = Object.keys(folders).find((prefix) => pathname.startsWith(prefix))
    try {
      const body = folder ? await readFile(new URL(pathname.slice(folder.length), folders[folder])) : html
      served.set(pathname, Buffer.from(body))
      const type = folder ? (types[extname(pathname)] ?? 'application/octet-stream') : types['.html']
      response.writeHead(200, { ...isolation, 'Content-Type': type })
      response.end(body)
    } catch {
      response.writeHead(404, isolation)
      response.end()
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { address: `http://127.0.0.1:${server.address().port}/`, served, close: () => server.close() }
}
