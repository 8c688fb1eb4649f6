/** types first */
import type { Augmentation, AugmentationName } from './augmentation.ts'
import type { Dataset } from './dataset.ts'
import type { LoaderPool } from './pool.ts'
import type { Preprocessing } from './preprocessing.ts'

/** Images and targets of one step. */
export interface Batch {
  /** Images, NHWC, normalised: `batch * height * width * 3`. In a last batch that is not full, the rest is zeros. */
  readonly x: Float32Array
  /** `[batch, classes]`, each row summing to 1 (0 in the rows that a last batch leaves over). */
  readonly targets: Float32Array
  /** The class of each image before mixup and CutMix; `count` of them. */
  readonly labels: Int32Array
  /** The images' indices in the dataset; `count` of them. */
  readonly indices: Uint32Array
  /** How many images there are: the size of the batch, or less in the last batch. */
  readonly count: number
  /** Number of this batch in its epoch, from 0. */
  readonly number: number
}

export interface LoaderOptions {
  /** Images in a batch. */
  readonly batch: number
  readonly preprocessing: Preprocessing
  /** Random changes; none when it is left out. */
  readonly augmentation?: AugmentationName | Augmentation
  /** Every random decision is a function of (seed, epoch, index); 0 when it is left out. */
  readonly seed?: number
  /** 0 when it is left out. */
  readonly epoch?: number
  /** A random order, another one in each epoch. Without it: the order of the set. */
  readonly shuffle?: boolean
  /** Leave out a last batch that is not full, as training does. */
  readonly dropLast?: boolean
  /** Begin with this batch of the epoch: how a resumed run goes on. 0 when it is left out. */
  readonly startBatch?: number
  /** Worker threads; without them everything is done on the calling thread, batch by batch, with the same bits. */
  readonly pool?: LoaderPool
  /** Batches that are prepared ahead at most; twice the number of threads when it is left out. */
  readonly prefetch?: number
  readonly signal?: AbortSignal
}

/** Number of batches that {@link loader} gives in an epoch. */
export const batchesOf = (length: number, batch: number, dropLast = false): number =>
  dropLast ? Math.floor(length / batch) : Math.ceil(length / batch)

export declare function loader(dataset: Dataset, options: LoaderOptions): AsyncGenerator<Batch, void, undefined>
