/**
 * The page's `kinglet/run` in a page: modules without a bundler, with threads and without; the bits are Node's. And what a
 * page fetches for each network of the registry, and for one with other ops.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { build, load, models, toBytes } from '../../src/index.ts'
import { optional } from '../support/optional.ts'
import { otherOps } from '../support/other-ops.ts'
import { gzipped, mostBytes, type PageRun, pageModules } from '../support/page-run.ts'
import { openPages, type Pages } from './page.ts'

const chromium = optional('chromium')
const classes = ['ash', 'birch', 'cedar']
const small = { width: 0.35, classes: 3, seed: 2 } as const
const names = models().map(({ name }) => name)
const files: Record<string, Uint8Array> = {
  model: toBytes(build('mobilenet_v3_small', { ...small, size: 48 }), { classes }),
  other: toBytes(otherOps(), { classes }),
}
const modules = new Map<string, Uint8Array>()
let pages: Pages

beforeAll(async () => {
  if (!chromium) return
  for (const [name, code] of pageModules()) modules.set(`/page/${name}`, code)
  for (const name of names) files[name] = toBytes(build(name, { ...small, size: 32 }), { classes })
  const served = Object.entries(files).map(([name, bytes]) => [`/${name}.safetensors`, bytes] as const)
  pages = await openPages(chromium, Object.fromEntries([...modules, ...served]))
})
afterAll(() => pages?.close())

/** Answers to a picture and logits of a batch of two, of a model loaded by its address or its bytes. */
async function answers(run: PageRun, { from, threads }: { from: string | Uint8Array; threads: number }) {
  const model = await run.load(from, { threads, deterministic: 'everywhere' })
  const data = Uint8Array.from({ length: 60 * 40 * 3 }, (_, i) => (i * 31) % 256)
  const top = await model.classify({ width: 60, height: 40, data })
  const [height, width] = model.inputShape
  const batch = Float32Array.from({ length: 2 * height * width * 3 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)
  const logits = [...(await model.run(batch)).data]
  model.dispose()
  return { top, logits }
}

/** What a fresh page answers with a model, and the modules that it fetched for it. */
async function inPage(name: string, threads: number, isolated: boolean) {
  const page = await pages.open(isolated)
  const fetched: string[] = []
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname))
  // As text: the import is the page's own.
  const given = await page.evaluate(`(async () => {
    const run = await import('/page/run.js')
    return (${answers})(run, { from: '/${name}.safetensors', threads: ${threads} })
  })()`)
  await page.close()
  const paths = [...new Set(fetched)].filter((path) => modules.has(path))
  return { given, paths, bytes: gzipped(paths.map((path) => modules.get(path)!)) }
}

test.skipIf(!chromium).each([
  [1, false],
  [1, true],
  [2, true],
] as const)('%i threads, cross-origin isolated: %s', async (threads, isolated) => {
  const { given } = await inPage('model', threads, isolated)
  expect(given).toEqual(await answers({ load } as PageRun, { from: files.model, threads: 1 }))
})

test.skipIf(!chromium).each(names)('%s: what a page fetches to load and run it', async (name) => {
  for (const isolated of [false, true]) {
    const { given, paths, bytes } = await inPage(name, isolated ? 2 : 1, isolated)
    expect((given as { logits: number[] }).logits).toHaveLength(6)
    expect(paths).toContain('/page/run.js')
    expect(bytes, `${paths}, isolated: ${isolated}`).toBeLessThanOrEqual(mostBytes)
  }
})

test.skipIf(!chromium)('a network with other ops runs in a page with the same build', async () => {
  const { given, paths, bytes } = await inPage('other', 1, false)
  expect(given).toEqual(await answers({ load } as PageRun, { from: files.other, threads: 1 }))
  const own = (await inPage('model', 1, false)).bytes
  const fetched = paths.map((path) => path.replace(/^\/page\/(.*)-.{6}\.js$/, '$1'))
  for (const part of ['json', 'concat', 'resize-bilinear', 'softmax']) expect(fetched).toContain(part)
  console.log(`concat, resize_bilinear and softmax in a page: ${bytes} bytes gzipped, ${own} for mobilenet_v3_small`)
  expect(bytes).toBeLessThan(mostBytes + 8_000)
})
