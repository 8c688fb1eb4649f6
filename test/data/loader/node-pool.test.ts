/** Loaders on worker threads. The threads run the built files; npm test builds first. */
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type Augmentation,
  type Batch,
  checkDataset,
  type Dataset,
  type LoaderOptions,
  type LoaderPool,
  loader,
  loaderPool,
  openDataset,
  preprocessingPreset,
  splitDataset,
  subset,
} from '../../../src/data/node.ts'
import { root } from '../../support/sources.ts'
import { failureOf, folderOf, noiseImage, noiseSet, sharpOf, smoothImage } from '../make.ts'

const pools = [loaderPool(1), loaderPool(2)]
afterAll(() => Promise.all(pools.map((pool) => pool.close())))

const preprocessing = preprocessingPreset('imagenet', 12)
const all = async (set: Dataset, options: Partial<LoaderOptions> = {}): Promise<Batch[]> => {
  const batches: Batch[] = []
  for await (const batch of loader(set, { batch: 4, preprocessing, ...options })) batches.push(batch)
  return batches
}

const augmentation: Augmentation = {
  crop: { area: [0.2, 1], ratio: [0.5, 2] },
  flip: 0.5,
  randAugment: { ops: 2, magnitude: 12 },
  jitter: { brightness: 0.3, hue: 0.1 },
  erase: { probability: 0.5, area: [0.1, 0.3], ratio: [0.5, 2] },
  mixup: 0.4,
  cutmix: 1,
}

/** Photos of several formats and sizes, some large enough to be shrunk while they are decoded. */
const photos = async () => {
  const files: Record<string, Buffer> = {}
  for (let i = 0; i < 5; i++) {
    files[`cat/${i}.jpg`] = await sharpOf(smoothImage(300 + 31 * i, 240 + 17 * i))
      .jpeg()
      .withMetadata({ orientation: 1 + i })
      .toBuffer()
    files[`dog/${i}.png`] = await sharpOf(noiseImage(20 + i, 15, 99 * i))
      .png()
      .toBuffer()
    files[`fox/${i}.webp`] = await sharpOf(smoothImage(33, 20 + i))
      .webp()
      .toBuffer()
  }
  return files
}
const folder = folderOf(await photos())
const opened = await openDataset(folder, { validation: 0.2 })

describe.each([
  ['pixels', noiseSet(30)],
  ['grey pixels', noiseSet(30, { channels: 1 })],
  ['files', opened.train],
  ['a split of a subset of files', splitDataset(subset(opened.train, [3, 1, 11, 7, 0, 9]), 0.3).train],
] as const)('%s', (_, set) => {
  test('0, 1 and 2 threads give the same bits in the same order, in every epoch and run', async () => {
    for (const epoch of [0, 1]) {
      const options = { augmentation, seed: 7, epoch, shuffle: true }
      const here = await all(set, options)
      expect(here.length).toBeGreaterThan(0)
      for (const pool of [...pools, pools[1]]) expect(await all(set, { ...options, pool })).toEqual(here)
    }
  })

  test('resuming in the middle of an epoch gives the same bits', async () => {
    const options = { augmentation, seed: 7, epoch: 2, shuffle: true, batch: 2 }
    const whole = await all(set, options)
    expect(await all(set, { ...options, startBatch: 1, pool: pools[1] })).toEqual(whole.slice(1))
  })

  test('without augmentation, images are exactly what predict uses', async () => {
    expect(await all(set, { pool: pools[1] })).toEqual(await all(set))
  })
})

test('the check finds the same images on threads and on this thread', async () => {
  const photo = await sharpOf(smoothImage(90, 70)).jpeg().toBuffer()
  const files: Record<string, Buffer> = {}
  for (let i = 0; i < 100; i++) files[`${'ab'[i % 2]}/${i}.jpg`] = i % 30 === 7 ? photo.subarray(0, 300) : photo
  const data = await openDataset(folderOf(files), { check: false, validation: 0 })
  const here = await checkDataset(data.train)
  expect(here.map(({ index }) => data.train.name(index))).toEqual(['b/37.jpg', 'b/67.jpg', 'b/7.jpg', 'b/97.jpg'])
  for (const pool of pools) {
    const progress: number[] = []
    expect(await checkDataset(data.train, { pool, onProgress: (done) => progress.push(done) })).toEqual(here)
    expect(progress.at(-1)).toBe(100)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
  }
})

describe('errors and cancellation', () => {
  test('an error names an image that is damaged after the dataset was opened, and the pool stays usable', async () => {
    const own = folderOf(await photos())
    const { train } = await openDataset(own, { validation: 0 })
    writeFileSync(join(own, 'dog/2.png'), 'no longer an image')
    for (const pool of [undefined, ...pools]) {
      const seen: number[] = []
      const run = async () => {
        for await (const { number } of loader(train, { batch: 4, preprocessing, ...(pool && { pool }) }))
          seen.push(number)
      }
      expect(await failureOf(run())).toBe(
        'KingletError: dog/2.png: not a JPEG, PNG, WebP, AVIF or GIF file: convert it to one of these, or remove it',
      )
      expect(seen).toEqual([0])
      expect(await all(opened.train, pool ? { pool } : {})).toHaveLength(3)
    }
  })

  test('the pool stays usable after many loops that were left early', async () => {
    const set = noiseSet(4000)
    for (let i = 0; i < 20; i++) {
      for await (const { number } of loader(set, { batch: 16, preprocessing, pool: pools[1], prefetch: 20 }))
        if (number === i % 3) break
    }
    expect(await all(opened.train, { pool: pools[1] })).toEqual(await all(opened.train))
  })

  test('a signal ends it, even in the middle of decoding', async () => {
    for (let i = 0; i < 10; i++) {
      const stop = new AbortController()
      const running = all(opened.train, { pool: pools[1], batch: 1, signal: stop.signal })
      setTimeout(() => stop.abort(new Error('enough')), i)
      const ended = await failureOf(running)
      expect(['Error: enough', 'it did not fail']).toContain(ended)
    }
    const signal = AbortSignal.abort(new Error('enough'))
    expect(await failureOf(all(opened.train, { pool: pools[1], signal }))).toBe('Error: enough')
  })

  test('closing a pool cancels its tasks, and it refuses new ones', async () => {
    const pool = loaderPool(2)
    const running = failureOf(all(opened.train, { pool, batch: 1 }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await pool.close()
    expect(['KingletError: loader pool: it was closed while tasks were running', 'it did not fail']).toContain(
      await running,
    )
    expect(await failureOf(all(opened.train, { pool }))).toBe('KingletError: loader pool: it is closed: make a new one')
    await pool.close()
  })

  test('await using closes it', async () => {
    let kept: LoaderPool
    {
      await using pool = loaderPool(1)
      kept = pool
      expect(await all(noiseSet(5), { pool })).toHaveLength(2)
    }
    expect(await failureOf(all(noiseSet(5), { pool: kept }))).toBe(
      'KingletError: loader pool: it is closed: make a new one',
    )
  })

  test('an invalid number of workers is refused', () => {
    expect(() => loaderPool(0)).toThrow(
      'loader pool: 0 workers: use a whole number of at least 1, or no pool to work on the calling thread',
    )
  })
})

describe('a process with a pool', () => {
  const built = join(root, 'dist/data/node.js')
  const run = (code: string, ...flags: string[]) => {
    const setup = `import { arrays, loader, loaderPool, preprocessingPreset } from ${JSON.stringify(`file://${built}`)}
      const [pixels, labels] = [new Uint8Array(64 * 1600), new Array(64).fill(0)]
      const set = arrays({ width: 40, height: 40, channels: 1, pixels, labels, classes: ['a'] })
      const pool = loaderPool(2)
      const options = { batch: 8, preprocessing: preprocessingPreset('imagenet', 96), pool }
      `
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...flags, '--input-type=module', '-e', setup + code],
      { encoding: 'utf8' },
    )
    return { status, stdout: stdout.trim(), stderr }
  }

  test('needs the built files', () => expect(existsSync(built)).toBe(true))

  test('ends by itself when the pool is idle, and not before its tasks are done', () => {
    const code = `let n = 0
      for await (const batch of loader(set, options)) n += batch.count
      console.log(n)`
    expect(run(code)).toEqual({ status: 0, stdout: '64', stderr: '' })
  })

  test('ends by itself after a loop that was left early', () => {
    const code = `for await (const batch of loader(set, options)) { console.log(batch.count); break }`
    expect(run(code)).toEqual({ status: 0, stdout: '8', stderr: '' })
  })

  test('gets an error when a thread ends, and its next task gets a new thread', () => {
    const code = `const { Worker } = (await import('node:worker_threads')).default
      const post = Worker.prototype.postMessage
      Worker.prototype.postMessage = function () { this.terminate() }
      const alone = { ...options, pool: loaderPool(1) }
      console.log(await loader(set, alone).next().then(() => 'no error', (error) => error.name + ': ' + error.message))
      Worker.prototype.postMessage = post
      let n = 0
      for await (const batch of loader(set, alone)) n += batch.count
      console.log(n)`
    const { status, stdout, stderr } = run(code)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^KingletError: loader pool: a worker thread ended \(exit code \d\): use fewer workers or smaller batches\n64$/,
    )
  })
})
