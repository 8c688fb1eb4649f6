/**
 * Prepares the batches of an epoch ahead of their use. Each batch is one task for one thread and depends only on (seed,
 * epoch, number). So threads and timing do not change the bits, and a resumed run can start at any batch. At most
 * `prefetch` batches exist besides the one in use: memory does not grow with the dataset.
 */
import { assert, integerBetween, key, Rng } from '../../core/index.ts'
import { streams } from '../augment/augment.ts'
import { type Augmentation, type AugmentationName, augmentationOf } from '../augment/augmentation.ts'
import { assertPreprocessing, type Preprocessing } from '../images/preprocessing.ts'
import type { Dataset } from '../sets/dataset.ts'
import { type LoaderPool, runOn } from './pool.ts'
import type { BatchData } from './tasks.ts'

/** Images and targets of one step. */
export interface Batch {
  /** Normalised images, NHWC: `batch * height * width * 3`. In a last batch that is not full, the rest is zeros. */
  readonly x: Float32Array
  /** `[batch, classes]`. Each row sums to 1; the unused rows of a last batch are zeros. */
  readonly targets: Float32Array
  /** Class of each image before mixup and CutMix; `count` numbers. */
  readonly labels: Int32Array
  /** Index of each image in the dataset; `count` numbers. */
  readonly indices: Uint32Array
  /** Number of images: the batch size, or fewer in the last batch. */
  readonly count: number
  /** Number of this batch in its epoch, from 0. */
  readonly number: number
}

export interface LoaderOptions {
  /** Number of images in a batch. */
  readonly batch: number
  readonly preprocessing: Preprocessing
  /** Random changes of the images. None by default. */
  readonly augmentation?: AugmentationName | Augmentation
  /** Every random decision is a function of (seed, epoch, index). 0 by default. */
  readonly seed?: number
  /** 0 by default. */
  readonly epoch?: number
  /** Shuffles the images, differently in each epoch. Otherwise they come in the order of the dataset. */
  readonly shuffle?: boolean
  /** Leaves out a last batch that is not full, as training does. */
  readonly dropLast?: boolean
  /** Starts with this batch of the epoch, for a resumed run. 0 by default. */
  readonly startBatch?: number
  /** Worker threads. Without a pool, the calling thread prepares each batch, with the same bits. */
  readonly pool?: LoaderPool
  /** Upper bound of the batches that are prepared ahead. Twice the number of threads by default. */
  readonly prefetch?: number
  readonly signal?: AbortSignal
}

/**
 * Number of batches that {@link loader} yields in an epoch.
 *
 * @example
 * ```ts
 * import { batchesOf } from 'kinglet/data'
 *
 * batchesOf(100, 32) // => 4
 * batchesOf(100, 32, true) // => 3
 * ```
 */
export const batchesOf = (length: number, batch: number, dropLast = false): number =>
  dropLast ? Math.floor(length / batch) : Math.ceil(length / batch)

/**
 * Yields the batches of one epoch. Leaving the loop early, an error or `signal` cancels the batches in preparation; the
 * pool stays usable. Throws for invalid options. Rejects with a `KingletError` that names the image when an image
 * cannot be read, and with the signal's reason when the signal is aborted.
 *
 * @example
 * ```ts
 * import { arrays, loader, preprocessingPreset } from 'kinglet/data'
 *
 * const pixels = new Uint8Array(5)
 * const set = arrays({ width: 1, height: 1, channels: 1, pixels, labels: [0, 1, 0, 1, 0], classes: ['a', 'b'] })
 * const preprocessing = preprocessingPreset('whole', 1)
 * const counts: number[] = []
 * for await (const { count } of loader(set, { batch: 2, preprocessing })) counts.push(count)
 * counts // => [2, 2, 1]
 * ```
 */
export function loader(dataset: Dataset, options: LoaderOptions): AsyncGenerator<Batch, void, undefined> {
  const { batch, seed = 0, epoch = 0, dropLast = false, startBatch = 0, pool } = options
  const whole = (name: keyof LoaderOptions, value: number, from: number) => {
    const { is, must } = integerBetween(from, Number.MAX_SAFE_INTEGER, `a whole number of at least ${from}`)
    assert(is(value), () => `loader: ${name} is ${value}: it must be ${must}`)
  }
  whole('batch', batch, 1)
  whole('seed', seed, 0)
  whole('epoch', epoch, 0)
  whole('startBatch', startBatch, 0)
  const prefetch = pool ? (options.prefetch ?? 2 * pool.workers) : 0
  whole('prefetch', prefetch, 0)
  assert(dataset.length > 0, 'loader: the set has no images')
  assert(
    !dropLast || batch <= dataset.length,
    () =>
      `loader: a batch of ${batch} is larger than the set of ${dataset.length} images: use a batch of at most ` +
      `${dataset.length}`,
  )
  const end = batchesOf(dataset.length, batch, dropLast)
  assert(startBatch <= end, () => `loader: startBatch is ${startBatch}: the epoch has ${end} batches`)
  assertPreprocessing(options.preprocessing, 'preprocessing')
  const plan: Plan = {
    ...{ dataset, batch, seed, epoch, pool, prefetch, startBatch },
    preprocessing: options.preprocessing,
    augmentation: augmentationOf(options.augmentation ?? 'none'),
    end,
    order: options.shuffle ? new Rng(key(streams.shuffle, seed, epoch)).permutation(dataset.length) : undefined,
  }
  return batchesAhead(plan, options.signal)
}

interface Plan extends Required<Pick<LoaderOptions, 'batch' | 'seed' | 'epoch' | 'prefetch' | 'startBatch'>> {
  readonly dataset: Dataset
  readonly pool: LoaderPool | undefined
  readonly preprocessing: Preprocessing
  readonly augmentation: Augmentation
  /** Number of batches of the epoch. */
  readonly end: number
  /** Order of the images; undefined for the order of the dataset. */
  readonly order: Uint32Array | undefined
}

/** Indices of the images in batch `number`. */
function indicesOf({ dataset, batch, order }: Plan, number: number): Uint32Array {
  const from = number * batch
  const to = Math.min(from + batch, dataset.length)
  return order ? order.slice(from, to) : Uint32Array.from({ length: to - from }, (_, i) => from + i)
}

async function* batchesAhead(plan: Plan, signal: AbortSignal | undefined): AsyncGenerator<Batch, void, undefined> {
  const { dataset, pool, end } = plan
  const stop = new AbortController()
  const onAbort = () => stop.abort(signal?.reason)
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort)

  const ahead: { readonly number: number; readonly indices: Uint32Array; readonly data: Promise<BatchData> }[] = []
  let next = plan.startBatch
  const prepare = (most: number) => {
    for (; next < end && ahead.length < most; next++) {
      const indices = indicesOf(plan, next)
      const { batch, seed, epoch, preprocessing, augmentation } = plan
      const task = {
        indices,
        batch,
        classes: dataset.classes.length,
        number: next,
        seed,
        epoch,
        preprocessing,
        augmentation,
      }
      const data = runOn(pool, 'batch', task, dataset, stop.signal)
      // The code that awaits the batch gets the error. If the loop ends before, the error does not matter.
      data.catch(() => {})
      ahead.push({ number: next, indices, data })
    }
  }

  try {
    stop.signal.throwIfAborted()
    for (;;) {
      prepare(Math.max(1, plan.prefetch))
      const first = ahead.shift()
      if (!first) return
      const data = await first.data
      stop.signal.throwIfAborted()
      if (pool) prepare(plan.prefetch)
      yield { ...data, indices: first.indices, count: first.indices.length, number: first.number }
      stop.signal.throwIfAborted()
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    stop.abort()
  }
}
