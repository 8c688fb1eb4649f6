/**
 * Debian's Chromium on a page that has the browser bundle as `kinglet`: served from this machine's loopback, with or
 * without the headers that make a page cross-origin isolated (and so let threads share memory).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { root } from '../support/sources.ts'

/** What pages and tests in Node both have. */
export type Kinglet = typeof import('../../src/browser.ts')

export interface Pages {
  /** A fresh page. Its errors fail the test that waits for it. */
  open(isolated?: boolean): Promise<Page>
  /** Address of another site, which sends no headers at all. */
  readonly elsewhere: string
  close(): Promise<void>
}

const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
const html = `<!doctype html><title>kinglet</title>
<script type="module">import * as kinglet from '/kinglet.js'; globalThis.kinglet = kinglet</script>`

const typeOf = (path: string): string => (path.endsWith('.js') ? 'text/javascript' : 'application/octet-stream')

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })

/** Starts Chromium and the two sites, which serve `files` by path. */
export async function openPages(executablePath: string, files: Readonly<Record<string, Uint8Array>>): Promise<Pages> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from './src/browser.ts'`, resolveDir: root, loader: 'ts' },
    ...{ bundle: true, write: false, format: 'esm', platform: 'browser', logLevel: 'silent' },
  })
  const served: Record<string, { type: string; body: string | Uint8Array }> = {
    '/': { type: 'text/html', body: html },
    '/kinglet.js': { type: 'text/javascript', body: outputFiles[0].contents },
    ...Object.fromEntries(Object.entries(files).map(([path, body]) => [path, { type: typeOf(path), body }])),
  }
  const site = (isOurs: boolean) =>
    createServer((request, response) => {
      const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
      const file = served[pathname]
      // Each page fetches what it needs: tests count it.
      const headers = { 'Cache-Control': 'no-store', ...(isOurs && search === '?isolated' && isolation) }
      response.writeHead(file ? 200 : 404, { ...headers, ...(file && { 'Content-Type': file.type }) })
      response.end(file?.body)
    })
  const sites = [site(true), site(false)]
  const [here, elsewhere] = await Promise.all(sites.map(listen))

  const profile = mkdtempSync(join(tmpdir(), 'kinglet-chromium-'))
  const flags = ['no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-background-networking']
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [...flags, 'disable-component-update', 'disable-sync'].map((flag) => `--${flag}`),
  })
  return {
    elsewhere,
    async open(isolated = false) {
      const page = await context.newPage()
      await page.goto(isolated ? `${here}/?isolated` : here)
      await page.waitForFunction('globalThis.kinglet')
      return page
    },
    async close() {
      await context.close()
      for (const s of sites) s.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

/** Calls `body`, which may use its arguments only, in the page. */
export const inPage = <A, R>(
  page: Page,
  body: (kinglet: Kinglet, argument: A) => Promise<R>,
  argument: A,
): Promise<R> => page.evaluate(`(${body})(globalThis.kinglet, ${JSON.stringify(argument)})`)
