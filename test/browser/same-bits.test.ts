/** A page computes what Node computes, to the bit, with threads and without; and stays responsive meanwhile. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as node from '../../src/index.ts'
import { optional } from '../support/optional.ts'
import { inPage, type Kinglet, openPages, type Pages } from './page.ts'

const chromium = optional('chromium')

/** Logits of a batch of three, and of one image. */
async function inference(kinglet: Kinglet, threads: number): Promise<number[]> {
  const net = kinglet.build('mobilenet_v3_small', { width: 0.5, size: 64, classes: 5, seed: 3 })
  const model = await kinglet.load(kinglet.toBytes(net, { classes: ['a', 'b', 'c', 'd', 'e'] }), { threads })
  const image = (n: number) => Float32Array.from({ length: n * 64 * 64 * 3 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)
  const logits = [(await model.run(image(3))).data, (await model.run(image(1))).data]
  model.dispose()
  return logits.flatMap((values) => [...values])
}

/** Losses of ten steps, with augmentation and dropout, and the weights after them. */
async function training(
  kinglet: Kinglet,
  threads: number,
): Promise<{ losses: number[]; weights: string; top1: number }> {
  const [count, side] = [40, 24]
  const data = kinglet.arrays({
    width: side,
    height: side,
    channels: 1,
    pixels: Uint8Array.from({ length: count * side * side }, (_, i) => (i * 31 + (Math.floor(i / 576) % 4) * 60) % 256),
    labels: Array.from({ length: count }, (_, i) => i % 4),
    classes: ['a', 'b', 'c', 'd'],
  })
  const net = kinglet.build('mobilenet_v3_small', { width: 0.35, size: side, reduction: 8, classes: 4 })
  const losses: number[] = []
  let top1 = 0
  const options = { epochs: 2, batch: 8, augmentation: 'light', threads, ema: 0.9 } as const
  for await (const step of kinglet.train(net, { train: data, val: data }, options)) {
    losses.push(step.loss)
    top1 = step.validation?.top1 ?? top1
  }
  const bytes = new Blob([...net.weights.values()].map((t) => new Uint8Array(t.data.slice().buffer as ArrayBuffer)))
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await bytes.arrayBuffer()))
  return { losses, weights: [...sum].join(), top1 }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => (result ??= work())
}

describe.skipIf(!chromium)('in a page', () => {
  let pages: Pages
  beforeAll(async () => {
    pages = await openPages(chromium!, {})
  })
  afterAll(() => pages?.close())
  const inNode = { inference: once(() => inference(node, 1)), training: once(() => training(node, 1)) }

  const kinds = [
    { name: 'isolated, 2 threads', isolated: true, threads: 2 },
    { name: 'isolated, 3 threads', isolated: true, threads: 3 },
    { name: 'not isolated, 1 thread', isolated: false, threads: 1 },
  ]

  test.each(kinds)('inference: the bits of Node ($name)', async ({ isolated, threads }) => {
    const page = await pages.open(isolated)
    expect(await page.evaluate('crossOriginIsolated')).toBe(isolated)
    const there = await inPage(page, inference, threads)
    expect(there).toHaveLength(20)
    expect(there).toEqual(await inNode.inference())
    await page.close()
  })

  test.each(kinds)('ten training steps: the bits of Node ($name)', async ({ isolated, threads }) => {
    const page = await pages.open(isolated)
    const there = await inPage(page, training, threads)
    expect(there.losses).toHaveLength(10)
    expect(there).toEqual(await inNode.training())
    await page.close()
  })

  test('without isolation the default is one thread, and more are refused with the way out', async () => {
    const page = await pages.open()
    const refused = await inPage(
      page,
      async (kinglet) => {
        const bytes = kinglet.toBytes(kinglet.build('mobilenet_v2', { width: 0.1, size: 32, classes: 2 }), {
          classes: ['a', 'b'],
        })
        const model = await kinglet.load(bytes)
        model.dispose()
        return kinglet.load(bytes, { threads: 2 }).then(String, String)
      },
      null,
    )
    expect(refused).toBe(
      'KingletError: 2 threads need shared memory, which a page has only when it is cross-origin isolated ' +
        '(Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp): use 1 thread',
    )
    await page.close()
  })

  test.each([true, false])('the page goes on while a network runs (isolated: %s)', async (isolated) => {
    const page = await pages.open(isolated)
    const { run, longest, ticks } = await inPage(
      page,
      async (kinglet) => {
        const net = kinglet.build('mobilenet_v1', { size: 224, classes: 2 })
        const model = await kinglet.load(kinglet.toBytes(net, { classes: ['a', 'b'] }))
        const batch = new Float32Array(8 * 224 * 224 * 3)
        await model.prepare(8)
        let [longest, ticks] = [0, 0]
        const began = performance.now()
        let last = began
        const timer = setInterval(() => {
          const now = performance.now()
          longest = Math.max(longest, now - last)
          last = now
          ticks++
        }, 4)
        for (let i = 0; i < 3; i++) await model.run(batch)
        clearInterval(timer)
        model.dispose()
        return { run: performance.now() - began, longest, ticks }
      },
      null,
    )
    // Copies of inputs and logits are all that the page's own thread does.
    expect(ticks).toBeGreaterThan(10)
    expect(longest).toBeLessThan(run / 4)
    await page.close()
  })
})
