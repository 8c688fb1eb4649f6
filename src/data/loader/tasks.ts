/**
 * The tasks of a loader as functions of plain values. A batch depends only on its task, not on the thread or on earlier
 * batches. The calling thread and the worker threads run the same code.
 */
import { KingletError } from '../../core/index.ts'
import { augment, pixelsNeeded, rngOf } from '../augment/augment.ts'
import type { Augmentation } from '../augment/augmentation.ts'
import { mix } from '../augment/mix.ts'
import { levels, normaliseInto } from '../images/preprocess.ts'
import type { Preprocessing } from '../images/preprocessing.ts'
import type { Dataset } from '../sets/dataset.ts'

/** What a task reads from: a dataset, or what a thread opened from its source. */
export type ImageReader = Pick<Dataset, 'label' | 'name' | 'image'>

/** Makes batch `number` of an epoch from images `indices`. */
export interface BatchTask {
  readonly indices: Uint32Array
  /** Number of images that the arrays have room for; `indices` may be fewer. */
  readonly batch: number
  readonly classes: number
  readonly number: number
  readonly seed: number
  readonly epoch: number
  readonly preprocessing: Preprocessing
  readonly augmentation: Augmentation
}

export interface BatchData {
  readonly x: Float32Array
  readonly targets: Float32Array
  readonly labels: Int32Array
}

/** Decodes images `from` to `to - 1`, and reports those that fail. */
export interface CheckTask {
  readonly from: number
  readonly to: number
}

export interface DamagedImage {
  readonly index: number
  /** The error message, with the image's name. */
  readonly message: string
}

/** The kinds of tasks, with their arguments and results. */
export interface Tasks {
  readonly batch: { readonly task: BatchTask; readonly result: BatchData }
  readonly check: { readonly task: CheckTask; readonly result: readonly DamagedImage[] }
}

type Run<K extends keyof Tasks> = (
  task: Tasks[K]['task'],
  reader: ImageReader,
  pause: () => unknown,
) => Promise<Tasks[K]['result']>

/**
 * Runs a task on this thread. Calls `pause` before each image, awaits it if it is a promise, and stops if it throws.
 */
export const runTask: { readonly [K in keyof Tasks]: Run<K> } = {
  async batch(task, reader, pause) {
    const { indices, batch, classes, seed, epoch, preprocessing, augmentation } = task
    const [height, width] = preprocessing.size
    const pixels = height * width * 3
    const x = new Float32Array(batch * pixels)
    const targets = new Float32Array(batch * classes)
    const labels = new Int32Array(indices.length)
    const table = levels(preprocessing)
    const atLeast = pixelsNeeded(preprocessing, augmentation)
    for (const [i, index] of indices.entries()) {
      await pause()
      const read = reader.image(index, atLeast)
      const image = read instanceof Promise ? await read : read
      normaliseInto(x, i * pixels, augment(image, preprocessing, augmentation, [seed, epoch, index]), table)
      labels[i] = reader.label(index)
      targets[i * classes + labels[i]] = 1
    }
    const count = indices.length
    const real = { x: x.subarray(0, count * pixels), targets: targets.subarray(0, count * classes) }
    mix({ ...real, count, height, width }, augmentation, rngOf('mix', seed, epoch, task.number))
    return { x, targets, labels }
  },

  async check({ from, to }, reader, pause) {
    const damaged: DamagedImage[] = []
    for (let index = from; index < to; index++) {
      await pause()
      try {
        // The smallest size that the decoder can make: it still reads and decompresses the whole file.
        await reader.image(index, 1)
      } catch (error) {
        if (!(error instanceof KingletError)) throw error
        damaged.push({ index, message: error.message })
      }
    }
    return damaged
  },
}
