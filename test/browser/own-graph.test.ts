/** A model file that carries a graph, in a page: the answers and the bits are Node's, and it trains further there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { load, toBytes } from '../../src/index.ts'
import { branched } from '../nn/make.ts'
import { optional } from '../support/optional.ts'
import { inPage, type Kinglet, openPages, type Pages } from './page.ts'

const chromium = optional('chromium')
const classes = ['ash', 'birch', 'cedar']
const file = toBytes(branched({ seed: 2 }), { classes })
let pages: Pages

beforeAll(async () => {
  if (chromium) pages = await openPages(chromium, { '/own.safetensors': file })
})
afterAll(() => pages?.close())

/** Answers to a picture, logits of a batch of two, and the bytes of the file written again. */
async function answers(kinglet: Pick<Kinglet, 'load' | 'toBytes'>, from: string | Uint8Array) {
  const model = await kinglet.load(from, { threads: 1, deterministic: 'everywhere' })
  const data = Uint8Array.from({ length: 30 * 20 * 3 }, (_, i) => (i * 31) % 256)
  const top = await model.classify({ width: 30, height: 20, data })
  const batch = Float32Array.from({ length: 2 * 16 * 16 * 3 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)
  const logits = [...(await model.run(batch)).data]
  const written = [...kinglet.toBytes(model)]
  model.dispose()
  return { top, logits, written }
}

test.skipIf(!chromium)('it answers as in Node, and is written the same', async () => {
  const page = await pages.open()
  const given = await inPage(page, answers, '/own.safetensors')
  expect(given).toEqual(await answers({ load, toBytes }, file))
  expect(given.top.map(({ label }) => label).sort()).toEqual(classes)
  expect(given.written).toEqual([...file])
  await page.close()
})

test.skipIf(!chromium)('it trains further', async () => {
  const page = await pages.open()
  const train = async (kinglet: Kinglet, from: string) => {
    const model = await kinglet.load(from, { threads: 1 })
    const pixels = Uint8Array.from({ length: 12 * 256 }, (_, i) => (((i >> 8) % 3) * 80 + ((i * 7) % 40)) % 256)
    const labels = Array.from({ length: 12 }, (_, i) => i % 3)
    const data = kinglet.arrays({
      width: 16,
      height: 16,
      channels: 1,
      pixels,
      labels,
      classes: ['ash', 'birch', 'cedar'],
    })
    const losses: number[] = []
    for await (const { loss } of kinglet.train(model.network, data, { epochs: 8, threads: 1 })) losses.push(loss)
    return losses
  }
  const losses = await inPage(page, train, '/own.safetensors')
  expect(losses.length).toBeGreaterThanOrEqual(8)
  expect(losses.at(-1)!).toBeLessThan(losses[0])
  await page.close()
})
