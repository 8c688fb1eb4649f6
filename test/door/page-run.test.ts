/**
 * The page's `kinglet/run` is built without code that no model file needs. To check this, the whole package saves every
 * registered network, and one for every option that changes its kinds of ops. Both builds run these files.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type BuildOptions,
  build,
  type Model,
  models,
  type Network,
  toBytes,
  load as wholeLoad,
} from '../../src/index.ts'
import { activationNames } from '../../src/models/blocks/activation.ts'
import { mixedRows } from '../models/mixed-rows.ts'
import { otherOps } from '../support/other-ops.ts'
import { type PageRun, pageRun } from '../support/page-run.ts'

let page: PageRun
beforeAll(async () => {
  page = await pageRun()
})

const size = 32
const small: BuildOptions = { width: 0.15, size, classes: 3, seed: 7 }

/** Initial weights, but with batch norms that are not the identity. */
function network(name: string, options: BuildOptions = {}): Model {
  const net = build(name, { ...small, ...options })
  for (const [weight, t] of net.weights)
    if (/\bbn\./.test(weight))
      net.weights.set(weight, { ...t, data: Float32Array.from(t.data, (v, i) => v + ((i * 37) % 11) / 50) })
  return net
}

const images = (n: number) =>
  Float32Array.from({ length: n * size * size * 3 }, (_, i) => ((i * 7919) % 1000) / 500 - 1)
const run = { engine: 'wasm', threads: 1 } as const

/** Compares the logits for batches of these sizes: the whole package and the page's build must give the same bits. */
async function expectSame(net: Network, sizes: readonly number[]): Promise<void> {
  const bytes = toBytes(net, { classes: ['a', 'b', 'c'] })
  const [whole, ours] = [await wholeLoad(bytes, run), await page.load(bytes, run)]
  for (const n of sizes) {
    const logits = await whole.run(images(n))
    expect(logits.shape).toEqual([n, 3])
    expect(new Set(logits.data).size).toBeGreaterThan(1)
    expect(await ours.run(images(n))).toEqual(logits)
  }
  whole.dispose()
  ours.dispose()
}

test.each(models().map((m) => m.name))('%s', (name) => expectSame(network(name), [1, 2]))

const varied: readonly (readonly [string, BuildOptions])[] = [
  ...['mobilenet_v1', 'mobilenet_v2', 'mobilenet_v3_large', 'resnet18', 'resnet50'].flatMap((name) =>
    [
      { padding: 'same' } as const,
      { convolution: 'standard' } as const,
      { reduction: 8 },
      { outputStride: 8 },
      { se: 'all', seGate: 'sigmoid' } as const,
      { se: 'all', seGate: 'hard_sigmoid' } as const,
      { padding: 'same', outputStride: 16, convolution: 'standard' } as const,
    ].map((options) => [name, options] as const),
  ),
  ...activationNames.map((activation) => ['mobilenet_v3_small', { activation }] as const),
  ['mobilenet_v2', { head: 24 }],
  ['mobilenet_v3_small', { rows: mixedRows, width: 1 }],
]

test('a network with ops that no network of the registry has', () => expectSame(otherOps(), [1, 2]))

test.each(varied)('%s with %o', (name, options) => expectSame(network(name, options), [1]))

describe("the page's build", () => {
  const classes = ['a', 'b', 'c']
  const bytes = () => toBytes(network('mobilenet_v3_small'), { classes })

  test('classifies pictures as the whole package does', async () => {
    const picture = { width: 40, height: 30, data: Uint8Array.from({ length: 3600 }, (_, i) => (i * 31) % 256) }
    const file = bytes()
    const [whole, ours] = [await wholeLoad(file, run), await page.load(file, run)]
    expect(await ours.classify(picture, { top: 2 })).toEqual(await whole.classify(picture, { top: 2 }))
    expect(ours.preprocessing).toEqual(whole.preprocessing)
    expect(ours.provenance).toEqual(whole.provenance)
    whole.dispose()
    ours.dispose()
  })

  test('gives errors with their class and message', async () => {
    const damaged = bytes()
    damaged[damaged.length - 3] ^= 1
    await expect(page.load(damaged, run)).rejects.toThrow(page.KingletError)
    await expect(page.load(damaged, run)).rejects.toThrow(/damaged/)
    await expect(page.load(bytes(), { thread: 1 } as object)).rejects.toThrow(
      'load: no option thread (did you mean threads?)',
    )
    const ours = await page.load(bytes(), run)
    await expect(ours.run(new Float32Array(5))).rejects.toThrow('run: 5 values given')
    ours.dispose()
    await expect(ours.run(images(1))).rejects.toThrow('it was disposed of')
  })

  test('refuses the training form', async () => {
    const { network } = await page.load(bytes(), run)
    const x = network.graph(2).outputs.logits
    expect(() => network.forward(x, { training: true })).toThrow(
      'forward: training: the kinglet/run of pages is built without it: use kinglet',
    )
  })

  test('refuses the reference engine', async () => {
    const text = 'engine reference: the kinglet/run of pages is built without it: use kinglet'
    expect(() => page.engineOf({ engine: 'reference' })).toThrow(text)
    expect(() => page.engineOf({ engine: 'reference' })).toThrow(page.UsageError)
    await expect(page.load(bytes(), { engine: 'reference' })).rejects.toThrow(text)
  })
})
