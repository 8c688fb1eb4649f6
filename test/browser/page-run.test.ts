/** The page's `kinglet/run` in a page: one file without a bundler, with threads and without; the bits are Node's. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build, load, toBytes } from '../../src/index.ts'
import { ensureBuilt } from '../support/built.ts'
import { optional } from '../support/optional.ts'
import { type PageRun, pageRunPath } from '../support/page-run.ts'
import { openPages, type Pages } from './page.ts'

const chromium = optional('chromium')
const classes = ['ash', 'birch', 'cedar']
const file = toBytes(build('mobilenet_v3_small', { width: 0.35, size: 48, classes: 3, seed: 2 }), { classes })
let pages: Pages

beforeAll(async () => {
  if (!chromium) return
  ensureBuilt()
  pages = await openPages(chromium, { '/run.js': readFileSync(pageRunPath), '/model.safetensors': file })
})
afterAll(() => pages?.close())

/** Answers to a picture and logits of a batch of two, of a model loaded by its address or its bytes. */
async function answers(run: PageRun, { from, threads }: { from: string | Uint8Array; threads: number }) {
  const model = await run.load(from, { threads, deterministic: 'everywhere' })
  const data = Uint8Array.from({ length: 60 * 40 * 3 }, (_, i) => (i * 31) % 256)
  const top = await model.classify({ width: 60, height: 40, data })
  const batch = Float32Array.from({ length: 2 * 48 * 48 * 3 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)
  const logits = [...(await model.run(batch)).data]
  model.dispose()
  return { top, logits }
}

test.skipIf(!chromium).each([
  [1, false],
  [1, true],
  [2, true],
] as const)('%i threads, cross-origin isolated: %s', async (threads, isolated) => {
  const page = await pages.open(isolated)
  // As text: the import is the page's own. Its site sends all files as bytes, and a module needs its type.
  const given = await page.evaluate(`(async () => {
    const text = await (await fetch('/run.js')).text()
    const run = await import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })))
    return (${answers})(run, { from: '/model.safetensors', threads: ${threads} })
  })()`)
  expect(given).toEqual(await answers({ load } as PageRun, { from: file, threads: 1 }))
  await page.close()
})
