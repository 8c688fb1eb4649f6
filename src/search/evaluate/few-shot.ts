/**
 * Few-shot evaluation of a frozen backbone: how well its features separate classes, given k images of each. An episode
 * draws k images of each class, fits a small classifier to their features, and tests it on the other images. There are
 * two classifiers, both on features of length 1 (Wang et al. 2019, arXiv:1911.04623): the nearest class mean (Snell et
 * al. 2017, arXiv:1703.05175) and a linear probe. The network is not trained.
 */
import { assert, assertOptions, checks, key, keyOf, named, Rng, UsageError } from '../../core/index.ts'
import type { Dataset } from '../../data/index.ts'
import type { Evaluator } from './evaluator.ts'
import { type FeatureOptions, type Features, featuresOf } from './features.ts'
import { deviationOf, meanOf } from './k-fold.ts'
import { linearProbe } from './linear-probe.ts'
import { accuracy, accuracySpread, costsOf, type Demand, type NetworkOf, objectivesOf, outcome } from './network.ts'

/** Fits labelled examples. The returned function predicts the class of a query. All features have length 1. */
type Classifier = (
  examples: readonly Float64Array[],
  labels: readonly number[],
  classes: number,
) => (query: Float64Array) => number

/** The class whose examples have the nearest mean. */
const classMean: Classifier = (examples, labels, classes) => {
  const means = Array.from({ length: classes }, () => new Float64Array(examples[0].length))
  const counts = new Float64Array(classes)
  for (const label of labels) counts[label]++
  for (const [i, example] of examples.entries()) {
    const mean = means[labels[i]]
    for (let c = 0; c < example.length; c++) mean[c] += example[c] / counts[labels[i]]
  }
  const distance = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, c) => sum + (v - b[c]) ** 2, 0)
  return (query) => {
    const distances = means.map((mean, k) => (counts[k] ? distance(query, mean) : Number.POSITIVE_INFINITY))
    return distances.indexOf(Math.min(...distances))
  }
}

const classifiers = { mean: classMean, probe: linearProbe } satisfies Record<string, Classifier>
export type FewShotClassifier = keyof typeof classifiers

export interface EpisodeOptions {
  /** Images of each class that the classifier is fitted to. Default 5. */
  readonly shots?: number
  /** Default 10. */
  readonly episodes?: number
  /** `mean` (nearest class mean) or `probe` (linear probe). Default `mean`. */
  readonly classifier?: FewShotClassifier
  /** Seed of the choice of images. Default 0, and the same for all networks. */
  readonly seed?: number
}

const members = {
  shots: checks.count,
  episodes: checks.count,
  classifier: named(Object.keys(classifiers)),
  seed: checks.whole,
}

/** Accuracy over the episodes. */
export interface FewShot {
  readonly mean: number
  /** Standard deviation over the episodes. */
  readonly spread: number
  readonly accuracies: readonly number[]
}

/**
 * Runs episodes over features. Throws a `UsageError` for invalid options, and a `KingletError` when a class has no
 * image left to test.
 *
 * @example
 * ```ts
 * import { fewShot } from 'kinglet/search'
 *
 * const data = Float32Array.from([1, 0, 2, 0.1, 1, 0.1, 0, 1, 0, 3, 0.2, 2])
 * const features = { count: 6, length: 2, data, labels: Uint32Array.of(0, 0, 0, 1, 1, 1) }
 * fewShot(features, { shots: 1, episodes: 3 }).mean // => 1
 * ```
 */
export function fewShot(features: Features, options: EpisodeOptions = {}): FewShot {
  assertOptions('fewShot', options, members)
  const { shots = 5, episodes = 10, classifier = 'mean', seed = 0 } = options
  const rows = unitRows(features)
  const classes = byClass(features.labels)
  for (const [label, images] of classes.entries())
    assert(
      images.length === 0 || images.length > shots,
      `fewShot: class ${label} has ${images.length} images, shots is ${shots}: use fewer, so that some are left to test`,
    )
  const accuracies = Array.from({ length: episodes }, (_, episode) => {
    const [examples, queries]: [number[], number[]] = [[], []]
    for (const [label, images] of classes.entries()) {
      const drawn = [...new Rng(key(keyOf('few-shot'), seed, episode, label)).permutation(images.length)]
      for (const [i, at] of drawn.entries()) (i < shots ? examples : queries).push(images[at])
    }
    const labelOf = (i: number) => features.labels[i]
    const answer = classifiers[classifier](
      examples.map((i) => rows[i]),
      examples.map(labelOf),
      classes.length,
    )
    return meanOf(queries.map((i) => (answer(rows[i]) === labelOf(i) ? 1 : 0)))
  })
  return { mean: meanOf(accuracies), spread: deviationOf(accuracies), accuracies }
}

/** Divides rows by their lengths. A row of zeros stays as it is. */
function unitRows({ count, length, data }: Features): Float64Array[] {
  return Array.from({ length: count }, (_, i) => {
    const row = Float64Array.from(data.subarray(i * length, (i + 1) * length))
    const norm = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0))
    return norm > 0 ? row.map((v) => v / norm) : row
  })
}

/** The row indices of each label. */
function byClass(labels: Uint32Array): number[][] {
  const found = Array.from({ length: labels.reduce((a, b) => Math.max(a, b), 0) + 1 }, (): number[] => [])
  for (const [i, label] of labels.entries()) found[label].push(i)
  return found
}

export interface FewShotEvaluationOptions extends FeatureOptions, EpisodeOptions {
  /** The backbone of a point, with its trained weights. */
  readonly networkOf: NetworkOf
  readonly data: Dataset
  /**
   * Whether the standard deviation over the episodes is also an objective, `accuracySpread`, to be minimised. Default
   * false.
   */
  readonly spread?: boolean
  /** Objectives and budgets beside accuracy. */
  readonly demands?: readonly Demand[]
}

/**
 * Evaluates frozen backbones by their few-shot accuracy. Throws a `UsageError` for invalid options.
 *
 * @example
 * ```ts
 * import { arrays } from 'kinglet/data'
 * import { build } from 'kinglet/models'
 * import { fewShotEvaluation } from 'kinglet/search'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const pixels = new Uint8Array(8 * 256).map((_, i) => (i < 4 * 256 ? i % 100 : 255 - (i % 100)))
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1]
 * const evaluator = fewShotEvaluation({
 *   networkOf: ({ seed }) => build('mobilenet_v1', { width: 0.1, size: 16, reduction: 4, seed: Number(seed) }),
 *   data: arrays({ width: 16, height: 16, channels: 1, pixels, labels, classes: ['dark', 'light'] }),
 *   engine: wasmEngine({ threads: 1 }),
 *   shots: 2,
 * })
 * const context = { number: 0, seed: 1, signal: new AbortController().signal, report: async () => {} }
 * const { values } = await evaluator.evaluate({ seed: 3 }, context)
 * values[0] > 0.5 // => true
 * ```
 */
export function fewShotEvaluation(options: FewShotEvaluationOptions): Evaluator {
  const { networkOf, data, spread = false, demands = [], shots, episodes, classifier, seed, ...how } = options
  const given = Object.entries({ shots, episodes, classifier, seed }).filter(([, value]) => value !== undefined)
  const drawing: EpisodeOptions = Object.fromEntries(given)
  assertOptions('fewShot', drawing, members)
  if (data.length === 0) throw new UsageError('fewShot: the set has no images')
  return {
    name: 'few-shot',
    objectives: [accuracy, ...(spread ? [accuracySpread] : []), ...objectivesOf(demands)],
    async evaluate(point, { seed: own, signal }) {
      const model = await networkOf(point, own)
      const found = fewShot(await featuresOf(model, data, { ...how, signal }), drawing)
      return outcome(spread ? [found.mean, found.spread] : [found.mean], await costsOf(model, demands))
    },
  }
}
