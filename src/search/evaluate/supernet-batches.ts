/** The batches of a supernet's rounds. Every sub-network of a round sees the same images, at its own input size. */
import { KingletError } from '../../core/index.ts'
import { type Dataset, loader } from '../../data/index.ts'
import type { Model } from '../../models/index.ts'
import { preprocessingFor } from './network.ts'
import type { SupernetOptions } from './supernet-options.ts'

/** The batch of a round, at the input size of a network. Each size is prepared once. */
export function batchesOfRound(
  dataset: Dataset,
  options: SupernetOptions & { readonly batch: number },
  before: number,
  stepsPerEpoch: number,
) {
  const { batch, augmentation, preprocessing, pool, signal, seed = 0 } = options
  type Images = { readonly x: Float32Array; readonly targets: Float32Array; readonly labels: Int32Array }
  const known = new Map<string, Images>()
  return async (model: Model): Promise<Images> => {
    const size = model.inputShape.join()
    const found = known.get(size)
    if (found) return found
    const batches = loader(dataset, {
      ...{
        batch,
        seed,
        shuffle: true,
        dropLast: true,
        prefetch: 1,
        preprocessing: preprocessingFor(model, preprocessing),
      },
      ...{ epoch: Math.floor(before / stepsPerEpoch), startBatch: before % stepsPerEpoch },
      ...(augmentation && { augmentation }),
      ...(pool && { pool }),
      ...(signal && { signal }),
    })
    for await (const images of batches) {
      known.set(size, images)
      return images
    }
    throw new KingletError(`supernet: round ${before + 1} has no batch`)
  }
}
