/**
 * The loader on the calling thread: order, contents, prefetch, errors and cancellation. node-pool.test.ts has threads.
 */
import { describe, expect, test } from 'vitest'
import { KingletError } from '../../../src/core/index.ts'
import {
  type Augmentation,
  type Batch,
  batchesOf,
  type Dataset,
  type LoaderOptions,
  type LoaderPool,
  loader,
  preprocess,
  preprocessingPreset,
  subset,
} from '../../../src/data/index.ts'
import { runTask } from '../../../src/data/loader/tasks.ts'
import { openPixels } from '../../../src/data/sets/pixels.ts'
import { failureOf, noiseSet } from '../make.ts'

const preprocessing = preprocessingPreset('whole', 4)
const all = async (set: Dataset, options: Partial<LoaderOptions> = {}): Promise<Batch[]> => {
  const batches: Batch[] = []
  for await (const batch of loader(set, { batch: 4, preprocessing, ...options })) batches.push(batch)
  return batches
}
const order = (batches: readonly Batch[]) => batches.flatMap((b) => [...b.indices])
const set = noiseSet(10)

describe('an epoch', () => {
  test('without options: in order, normalised like predict, the last batch padded with zeros', async () => {
    const batches = await all(set)
    expect(batches.map((b) => [b.number, b.count, b.x.length, b.targets.length])).toEqual([
      [0, 4, 4 * 48, 12],
      [1, 4, 4 * 48, 12],
      [2, 2, 4 * 48, 12],
    ])
    expect(order(batches)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const last = batches[2]
    expect([[...last.labels], [...last.indices]]).toEqual([
      [2, 0],
      [8, 9],
    ])
    expect([...last.targets]).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    for (const [i, index] of last.indices.entries())
      expect(last.x.slice(i * 48, (i + 1) * 48)).toEqual(preprocess(await set.image(index), preprocessing))
    expect(last.x.subarray(96).every((v) => v === 0)).toBe(true)
  })

  test('dropLast leaves a partial batch out', async () => {
    expect((await all(set, { dropLast: true })).map((b) => b.count)).toEqual([4, 4])
    expect([batchesOf(10, 4), batchesOf(10, 4, true), batchesOf(8, 4), batchesOf(8, 4, true)]).toEqual([3, 2, 2, 2])
  })

  test('shuffle: every image once, in an order that depends on seed and epoch', async () => {
    const at = async (seed: number, epoch: number) => order(await all(noiseSet(100), { shuffle: true, seed, epoch }))
    const first = await at(1, 0)
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(await at(1, 0)).toEqual(first)
    expect(await at(1, 1)).not.toEqual(first)
    expect(await at(2, 0)).not.toEqual(first)
  })

  test('a subset is loaded by its own indices', async () => {
    const batches = await all(subset(set, [9, 3, 6]))
    expect([order(batches), [...batches[0].labels]]).toEqual([
      [0, 1, 2],
      [0, 0, 0],
    ])
    expect(batches[0].x.slice(0, 48)).toEqual(preprocess(await set.image(9), preprocessing))
  })
})

const strong: Augmentation = {
  crop: { area: [0.3, 1], ratio: [0.5, 2] },
  flip: 0.5,
  randAugment: { ops: 2, magnitude: 9 },
  jitter: { hue: 0.1, saturation: 0.3 },
  erase: { probability: 0.5, area: [0.1, 0.3], ratio: [0.5, 2] },
  mixup: 0.4,
  cutmix: 1,
}

describe('augmentation', () => {
  test('bits depend on seed and epoch, not on the order of the epochs', async () => {
    const run = (epoch: number, seed = 3) => all(set, { augmentation: strong, seed, epoch, shuffle: true })
    const [zero, one] = [await run(0), await run(1)]
    expect(await run(1)).toEqual(one)
    expect(await run(0)).toEqual(zero)
    expect(zero[0].x).not.toEqual(one[0].x)
    expect((await run(0, 4))[0].x).not.toEqual(zero[0].x)
  })

  test('changes of an image depend on its index, not on its place in the batch', async () => {
    const options = { augmentation: { flip: 0.5, shift: 0.5, rotate: 40 }, seed: 1 } as const
    const pixels = (batches: readonly Batch[]) => {
      const found = new Map<number, string>()
      for (const { x, indices } of batches)
        for (const [i, index] of indices.entries()) found.set(index, x.slice(i * 48, (i + 1) * 48).join())
      return new Map([...found].sort(([a], [b]) => a - b))
    }
    expect(pixels(await all(set, { ...options, shuffle: true, batch: 3 }))).toEqual(pixels(await all(set, options)))
  })

  test('targets of mixed batches sum to 1, and labels do not change', async () => {
    const batches = await all(noiseSet(50), { augmentation: { mixup: 0.4, cutmix: 1 } })
    let soft = 0
    for (const { targets, labels, indices, count } of batches) {
      expect([...labels]).toEqual([...indices].map((i) => i % 3))
      for (let i = 0; i < 4; i++) {
        const row = [...targets.subarray(i * 3, i * 3 + 3)]
        expect(row.reduce((s, t) => s + t, 0)).toBeCloseTo(i < count ? 1 : 0, 6)
        if (row.some((t) => t > 0 && t < 1)) soft++
      }
    }
    expect(soft).toBeGreaterThan(10)
  })

  test('by name', async () => {
    const named = await all(set, { augmentation: 'light', epoch: 2 })
    expect(named).toEqual(await all(set, { augmentation: { shift: 0.08, flip: 0.5 }, epoch: 2 }))
  })

  test('inexact fast decoding is used only with augmentation', async () => {
    const asked: (number | undefined)[] = []
    const watched: Dataset = {
      ...{ classes: set.classes, length: 10, label: set.label, name: set.name },
      image(i, atLeast) {
        asked.push(atLeast)
        return set.image(i)
      },
    }
    await all(watched, { dropLast: true, batch: 10 })
    await all(watched, { dropLast: true, batch: 10, augmentation: { crop: { area: [0.25, 1], ratio: [1, 1] } } })
    expect(asked).toEqual([...new Array(10).fill(undefined), ...new Array(10).fill(8)])
  })
})

describe('resuming', () => {
  test('from any batch gives the same bits', async () => {
    const options = { augmentation: strong, seed: 5, epoch: 3, shuffle: true }
    const whole = await all(set, options)
    for (let startBatch = 0; startBatch <= 3; startBatch++)
      expect(await all(set, { ...options, startBatch })).toEqual(whole.slice(startBatch))
  })
})

/** A pool that runs tasks on this thread, a little later, and counts running tasks. */
function countingPool(workers: number) {
  const count = { now: 0, most: 0, started: 0, aborted: 0 }
  const pool: LoaderPool = {
    workers,
    async run(kind, task, source, signal) {
      count.started++
      count.most = Math.max(count.most, ++count.now)
      await new Promise((resolve) => setImmediate(resolve))
      try {
        if (source.kind !== 'pixels') throw new Error('unexpected')
        return await runTask[kind](task, openPixels(source, []), () => signal.throwIfAborted())
      } catch (error) {
        count.aborted++
        throw error
      } finally {
        count.now--
      }
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
  return { pool, count }
}

describe('prefetch', () => {
  test('is an upper bound of the batches in preparation, for any size of the dataset', async () => {
    const many = noiseSet(6000, { width: 1, height: 1 })
    for (const [prefetch, most] of [
      [undefined, 4],
      [3, 3],
      [1, 1],
      [0, 1],
    ] as const) {
      const { pool, count } = countingPool(2)
      let [seen, ready] = [0, 0]
      for await (const batch of loader(many, {
        ...{ batch: 3, preprocessing: preprocessingPreset('whole', 1), pool },
        ...(prefetch !== undefined && { prefetch }),
      })) {
        seen += batch.count
        // Batches that were started and not used yet take memory.
        ready = Math.max(ready, count.started - batch.number - 1)
      }
      expect([seen, count.most, ready]).toEqual([6000, most, prefetch ?? 4])
    }
  })

  test('continues while the consumer is busy', async () => {
    const { pool, count } = countingPool(2)
    const batches = loader(set, { batch: 2, preprocessing, pool, prefetch: 3 })
    await batches.next()
    expect(count.started).toBe(4)
    await batches.return()
  })

  test('starts nothing before the first batch is requested', async () => {
    const { pool, count } = countingPool(2)
    const batches = loader(set, { batch: 2, preprocessing, pool })
    await new Promise((resolve) => setImmediate(resolve))
    expect(count.started).toBe(0)
    await batches.return()
  })

  test('reads a dataset without a source on this thread, without the pool', async () => {
    const { pool, count } = countingPool(2)
    const { source: _, ...here } = set
    expect(await all(here, { pool, augmentation: strong })).toEqual(await all(set, { augmentation: strong }))
    expect(count.started).toBe(0)
  })
})

describe('cancellation and errors', () => {
  test('leaving the loop cancels running tasks', async () => {
    const { pool, count } = countingPool(2)
    for await (const _ of loader(set, { batch: 2, preprocessing, pool, prefetch: 4 })) break
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([count.started, count.now]).toEqual([5, 0])
    expect(count.aborted).toBeGreaterThan(0)
  })

  test.each([true, false])('a signal ends it with its reason (on a pool: %s)', async (onPool) => {
    const options = { batch: 2, preprocessing, ...(onPool && { pool: countingPool(1).pool }) }
    const reason = new Error('enough')
    expect(await failureOf(all(set, { ...options, signal: AbortSignal.abort(reason) }))).toBe('Error: enough')
    const stop = new AbortController()
    const seen: number[] = []
    const run = async () => {
      for await (const { number } of loader(set, { ...options, signal: stop.signal })) {
        seen.push(number)
        if (number === 1) stop.abort(reason)
      }
    }
    expect(await failureOf(run())).toBe('Error: enough')
    expect(seen).toEqual([0, 1])
  })

  test('a signal stops a batch between two images', async () => {
    const stop = new AbortController()
    let read = 0
    const slow: Dataset = {
      ...{ classes: set.classes, length: 10, label: set.label, name: set.name },
      image(i) {
        if (++read === 3) stop.abort(new Error('enough'))
        return set.image(i)
      },
    }
    expect(await failureOf(all(slow, { batch: 10, signal: stop.signal }))).toBe('Error: enough')
    expect(read).toBe(3)
  })

  test('an image that cannot be read ends it with an error that names the image', async () => {
    const bad: Dataset = {
      ...{ classes: set.classes, length: 10, label: set.label, name: set.name },
      async image(i) {
        if (i === 5) throw new KingletError('cat/5.jpg: damaged')
        return set.image(i)
      },
    }
    const seen: number[] = []
    const run = async () => {
      for await (const { number } of loader(bad, { batch: 2, preprocessing })) seen.push(number)
    }
    expect(await failureOf(run())).toBe('KingletError: cat/5.jpg: damaged')
    expect(seen).toEqual([0, 1])
  })
})

test.each([
  [{ batch: 0 }, 'loader: batch is 0: it must be a whole number of at least 1'],
  [{ batch: 2.5 }, 'loader: batch is 2.5: it must be a whole number of at least 1'],
  [
    { batch: 11, dropLast: true },
    'loader: a batch of 11 is larger than the set of 10 images: use a batch of at most 10',
  ],
  [{ epoch: -1 }, 'loader: epoch is -1: it must be a whole number of at least 0'],
  [{ seed: Number.NaN }, 'loader: seed is NaN: it must be a whole number of at least 0'],
  [{ startBatch: 4 }, 'loader: startBatch is 4: the epoch has 3 batches'],
  [{ prefetch: -1, pool: countingPool(1).pool }, 'loader: prefetch is -1: it must be a whole number of at least 0'],
  [{ augmentation: { flip: 2 } }, 'augmentation: flip is 2: it must be a number from 0 to 1'],
  [{ preprocessing: { ...preprocessing, crop: 0 } }, 'preprocessing: crop is 0: it must be above 0 and at most 1'],
])('%j is refused at once', (wrong, message) => {
  expect(() => loader(set, { batch: 4, preprocessing, ...wrong })).toThrow(message)
})

test('a dataset without images is refused', () => {
  expect(() => loader(subset(set, []), { batch: 4, preprocessing })).toThrow('loader: the set has no images')
})
