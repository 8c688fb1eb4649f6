/**
 * A page computes what Node computes, with threads and without; and stays responsive meanwhile. The bits are Node's with
 * `deterministic: 'everywhere'`. Without it a host with relaxed SIMD rounds a multiply-add once where others round
 * twice, so page and Node, which may be of different age, are only near each other.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as node from '../../src/index.ts'
import { testAll } from '../support/all.ts'
import { optional } from '../support/optional.ts'
import { inPage, type Kinglet, openPages, type Pages } from './page.ts'

const chromium = optional('chromium')

type Where = Pick<node.EngineOptions, 'threads' | 'deterministic'>
const everywhere = (threads: number): Where => ({ threads, deterministic: 'everywhere' })

/** Logits of a batch of three, and of one image. */
async function inference(kinglet: Kinglet, where: Where): Promise<number[]> {
  const net = kinglet.build('mobilenet_v3_small', { width: 0.5, size: 64, classes: 5, seed: 3 })
  const model = await kinglet.load(kinglet.toBytes(net, { classes: ['a', 'b', 'c', 'd', 'e'] }), where)
  const image = (n: number) => Float32Array.from({ length: n * 64 * 64 * 3 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)
  const logits = [(await model.run(image(3))).data, (await model.run(image(1))).data]
  model.dispose()
  return logits.flatMap((values) => [...values])
}

/** Losses of ten steps, with augmentation and dropout, and the weights after them. */
async function training(kinglet: Kinglet, where: Where): Promise<{ losses: number[]; weights: string; top1: number }> {
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
  const options = { epochs: 2, batch: 8, augmentation: 'light', ema: 0.9, ...where } as const
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
  const inNode = {
    inference: once(() => inference(node, everywhere(1))),
    training: once(() => training(node, everywhere(1))),
  }

  const kinds = [
    { name: 'isolated, 2 threads', isolated: true, threads: 2 },
    { name: 'isolated, 3 threads', isolated: true, threads: 3 },
    { name: 'not isolated, 1 thread', isolated: false, threads: 1 },
  ]

  test.each(kinds)('inference: the bits of Node ($name)', async ({ isolated, threads }) => {
    const page = await pages.open(isolated)
    expect(await page.evaluate('crossOriginIsolated')).toBe(isolated)
    const there = await inPage(page, inference, everywhere(threads))
    expect(there).toHaveLength(20)
    expect(there).toEqual(await inNode.inference())
    await page.close()
  })

  // Training at 3 threads is among the defaults below.
  test.each(testAll ? kinds : kinds.filter(({ threads }) => threads < 3))(
    'ten training steps: the bits of Node ($name)',
    async ({ isolated, threads }) => {
      const page = await pages.open(isolated)
      const there = await inPage(page, training, everywhere(threads))
      expect(there.losses).toHaveLength(10)
      expect(there).toEqual(await inNode.training())
      await page.close()
    },
  )

  test('by default: near Node, and the same bits at 1, 2 and 3 threads', async () => {
    const page = await pages.open(true)
    const [one, two, three] = [
      await inPage(page, inference, { threads: 1 }),
      await inPage(page, inference, { threads: 2 }),
      await inPage(page, inference, { threads: 3 }),
    ]
    expect(two).toEqual(one)
    expect(three).toEqual(one)
    const there = await inPage(page, training, { threads: 1 })
    if (testAll) expect(await inPage(page, training, { threads: 2 })).toEqual(there)
    expect(await inPage(page, training, { threads: 3 })).toEqual(there)
    await page.close()

    const expected = await inference(node, { threads: 1 })
    for (const [i, v] of one.entries()) expect(Math.abs(v / expected[i] - 1)).toBeLessThan(1e-5)
  })

  test.each([true, false])('a worker of the page computes the same (isolated: %s)', async (isolated) => {
    const page = await pages.open(isolated)
    const there = await page.evaluate(`new Promise((resolve, reject) => {
      const source = \`import * as kinglet from '\${location.origin}/kinglet.js'
        ;(${inference})(kinglet, ${JSON.stringify(everywhere(isolated ? 2 : 1))}).then(postMessage, (error) => postMessage(String(error)))\`
      const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), { type: 'module' })
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = reject
    })`)
    expect(there).toEqual(await inNode.inference())
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

  /** How long `work` took in the page, and the longest time in which a timer of 4 ms was not served. */
  const watched = async (isolated: boolean, work: (kinglet: Kinglet) => Promise<() => Promise<unknown>>) => {
    const page = await pages.open(isolated)
    const found = await page.evaluate<{ took: number; longest: number }>(`(async () => {
      const run = await (${work})(kinglet)
      let longest = 0
      const began = performance.now()
      let last = began
      const timer = setInterval(() => {
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
      }, 4)
      await run()
      clearInterval(timer)
      return { took: performance.now() - began, longest: Math.max(longest, performance.now() - last) }
    })()`)
    await page.close()
    return found
  }

  test.each([true, false])('the page goes on while a network runs (isolated: %s)', { retry: 3 }, async (isolated) => {
    const { took, longest } = await watched(isolated, async (kinglet) => {
      const net = kinglet.build('mobilenet_v1', { size: 224, classes: 2 })
      const model = await kinglet.load(kinglet.toBytes(net, { classes: ['a', 'b'] }))
      const batch = new Float32Array(8 * 224 * 224 * 3)
      await model.prepare(8)
      return async () => {
        for (let i = 0; i < 3; i++) await model.run(batch)
        model.dispose()
      }
    })
    // Copies of inputs and logits are all that the page's own thread does.
    expect(longest).toBeLessThan(took / 4)
  })

  // A busy machine can hold up the page itself; a page that does the work never passes.
  test('the page goes on while batches are prepared', { retry: 3 }, async () => {
    const { took, longest } = await watched(false, async (kinglet) => {
      const [count, side] = [64, 128]
      const data = kinglet.arrays({
        ...{ width: side, height: side, channels: 3, classes: ['a', 'b'] },
        pixels: new Uint8Array(count * side * side * 3),
        labels: Array.from({ length: count }, (_, i) => i % 2),
      })
      const net = kinglet.build('mobilenet_v1', { width: 0.1, size: side, classes: 2 })
      const steps = kinglet.train(net, data, { epochs: 5, batch: count, augmentation: 'strong' })
      await steps.next()
      return async () => {
        for (let i = 0; i < 4; i++) await steps.next()
      }
    })
    // Four batches, each the larger part of a step: in one go each would take about a quarter.
    expect(longest).toBeLessThan(took / 8)
  })
})
