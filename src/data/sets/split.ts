/** Splits a dataset into a training part and a held-out part, by a seed, class by class. */
import { assert, key, keyOf } from '../../core/index.ts'
import { streams } from '../augment/augment.ts'
import { type Dataset, subset } from './dataset.ts'

/**
 * Holds out `fraction` of each class, and at least one image of a class that has two or more. The choice depends on the
 * seed and the images' names, so that most images stay in their part when the dataset grows.
 *
 * @example
 * ```ts
 * import { arrays, splitDataset } from 'kinglet/data'
 *
 * const labels = Array.from({ length: 20 }, (_, i) => i % 2)
 * const set = arrays({ width: 1, height: 1, channels: 1, pixels: new Uint8Array(20), labels, classes: ['a', 'b'] })
 * const { train, val } = splitDataset(set, 0.2)
 * const sizes = [train.length, val.length]
 * sizes // => [16, 4]
 * ```
 */
export function splitDataset(
  dataset: Dataset,
  fraction: number,
  seed = 0,
): { readonly train: Dataset; readonly val: Dataset } {
  assert(fraction > 0 && fraction < 1, () => `split: fraction is ${fraction}: it must be above 0 and below 1`)
  const ranks = new Uint32Array(dataset.length)
  const classes: number[][] = dataset.classes.map(() => [])
  for (let i = 0; i < dataset.length; i++) {
    ranks[i] = key(streams.split, seed, keyOf(dataset.name(i)))
    classes[dataset.label(i)].push(i)
  }
  const heldOut = new Uint8Array(dataset.length)
  for (const images of classes) {
    images.sort((a, b) => ranks[a] - ranks[b] || a - b)
    const wanted = Math.max(1, Math.round(images.length * fraction))
    for (const i of images.slice(0, Math.min(wanted, images.length - 1))) heldOut[i] = 1
  }
  const part = (side: 0 | 1) => {
    const indices = Uint32Array.from({ length: dataset.length }, (_, i) => i).filter((i) => heldOut[i] === side)
    return subset(dataset, indices)
  }
  return { train: part(0), val: part(1) }
}
