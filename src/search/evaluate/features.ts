/** Features of images, computed by a frozen network: the input of small classifiers, searches and plots. */
import { KingletError, nearest, oneOf, size } from '../../core/index.ts'
import { type Dataset, type LoaderPool, loader, type PreprocessingName } from '../../data/index.ts'
import type { Engine } from '../../engine/index.ts'
import type { Model } from '../../models/index.ts'
import { input } from '../../ops/index.ts'
import { preprocessingFor } from './network.ts'

/** Features of images, one row for each image. */
export interface Features {
  readonly count: number
  readonly length: number
  /** `count * length` numbers, by rows. */
  readonly data: Float32Array
  readonly labels: Uint32Array
}

export interface FeatureOptions {
  readonly engine: Engine
  readonly preprocessing?: PreprocessingName
  /** The layer whose output is used, averaged over the image. Default: the one before the classifier. */
  readonly layer?: string
  /** Images in a batch. Default 32, or the whole set if that is smaller. */
  readonly batch?: number
  readonly pool?: LoaderPool
  readonly signal?: AbortSignal
}

/**
 * The features that a frozen `model` computes for all images of `dataset`. Throws a `KingletError` for a layer that the
 * model does not have.
 *
 * @example
 * ```ts
 * import { arrays } from 'kinglet/data'
 * import { build } from 'kinglet/models'
 * import { featuresOf } from 'kinglet/search'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const pixels = new Uint8Array(3 * 256).map((_, i) => i % 251)
 * const set = arrays({ width: 16, height: 16, channels: 1, pixels, labels: [0, 1, 1], classes: ['a', 'b'] })
 * const model = build('mobilenet_v3_small', { width: 0.25, size: 16 })
 * const { count, length } = await featuresOf(model, set, { engine: wasmEngine({ threads: 1 }) })
 * count // => 3
 * length // => 1024
 * ```
 */
export async function featuresOf(model: Model, dataset: Dataset, options: FeatureOptions): Promise<Features> {
  const { engine, preprocessing, pool, signal } = options
  const batch = options.batch ?? Math.min(32, dataset.length)
  const { features } = model.forward(input('x', [batch, ...model.inputShape]), { training: false })
  const layers = [...features.keys()]
  const layer = options.layer ?? layers[layers.indexOf('classifier') - 1]
  const value = features.get(layer)
  if (!value) {
    const meant = nearest(layer, layers)
    throw new KingletError(
      `features: ${model.architecture.name} has no layer ${layer}${meant ? ` (did you mean ${meant}?)` : ''}: use ` +
        oneOf(layers),
    )
  }
  const length = value.shape[value.shape.length - 1]
  const pixels = size(value.shape) / batch / length
  const data = new Float32Array(dataset.length * length)
  const labels = Uint32Array.from({ length: dataset.length }, (_, i) => dataset.label(i))
  const program = await engine.compile({ outputs: { y: value }, updates: [] }, { weights: model.weights, freeze: true })
  const batches = loader(dataset, {
    ...{ batch, preprocessing: preprocessingFor(model, preprocessing) },
    ...(pool && { pool }),
    ...(signal && { signal }),
  })
  try {
    for await (const { x, indices } of batches) {
      const { y } = await program.run({ x })
      for (const [row, image] of indices.entries())
        for (let p = 0; p < pixels; p++)
          for (let c = 0; c < length; c++) data[image * length + c] += y.data[(row * pixels + p) * length + c] / pixels
    }
  } finally {
    program.dispose()
  }
  return { count: dataset.length, length, data, labels }
}
