/** Decodes every image of a set, to find the damaged ones before training begins. */

import { type LoaderPool, runOn } from '../loader/pool.ts'
import type { DamagedImage } from '../loader/tasks.ts'
import type { Dataset } from './dataset.ts'

export interface CheckOptions {
  /** Worker threads; without them everything is done on the calling thread. */
  readonly pool?: LoaderPool | undefined
  readonly signal?: AbortSignal | undefined
  /** Called now and then with the number of images that were checked, and of all. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined
}

/** Few enough that threads end together and progress moves, enough that messages cost nothing. */
const imagesInTask = 16

/**
 * The images that cannot be decoded, in the order of the set. Every file is read and decompressed as a whole (a JPEG at
 * an eighth of its size, which is faster and finds the same), and nothing of it is kept.
 */
export async function checkDataset(dataset: Dataset, options: CheckOptions = {}): Promise<DamagedImage[]> {
  const { pool, onProgress } = options
  const stop = new AbortController()
  const onAbort = () => stop.abort(options.signal?.reason)
  if (options.signal?.aborted) onAbort()
  else options.signal?.addEventListener('abort', onAbort)
  const damaged: DamagedImage[] = []
  let next = 0
  let done = 0
  const work = async () => {
    while (next < dataset.length) {
      stop.signal.throwIfAborted()
      const from = next
      next = Math.min(from + imagesInTask, dataset.length)
      const to = next
      damaged.push(...(await runOn(pool, 'check', { from, to }, dataset, stop.signal)))
      done += to - from
      onProgress?.(done, dataset.length)
    }
  }
  try {
    // Two tasks for each thread: one is done, one waits.
    await Promise.all(Array.from({ length: 2 * (pool?.workers ?? 0) || 1 }, work))
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    stop.abort()
  }
  return damaged.sort((a, b) => a.index - b.index)
}
