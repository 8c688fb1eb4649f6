/**
 * Evaluation: runs the frozen inference graph over a set in the order of the set. The figures are summed from the
 * logits in double precision and in the order of the images, so they depend neither on the threads nor on the loader's
 * pool.
 */
import { assert, checks, DivergedError, type TypedArrayOf, turn, UsageError } from '../core/index.ts'
import { type Dataset, type LoaderPool, loader, type Preprocessing } from '../data/index.ts'
import type { Engine, Program } from '../engine/index.ts'
import type { Weights } from '../graph/index.ts'
import { assertClassifier, type ClassifierNetwork, type Network } from '../nn/index.ts'
import { assertFinite } from './finite.ts'

export interface EvaluateOptions {
  readonly engine: Engine
  readonly preprocessing: Preprocessing
  /**
   * Images per batch. Default 32, or all images of a smaller set. The figures have the same meaning for every value.
   */
  readonly batch?: number
  /** Threads that read and prepare images. */
  readonly pool?: LoaderPool
  readonly signal?: AbortSignal
}

/** The results of a network on a set. */
export interface Evaluation {
  /** Number of images. */
  readonly count: number
  /** Mean cross-entropy, without label smoothing. */
  readonly loss: number
  /** Share of the images whose class has the highest score, from 0 to 1. */
  readonly top1: number
  /** Share of the images whose class is among the five highest scores, from 0 to 1. */
  readonly top5: number
  /** Images and correct answers per class, in the order of the classes; `count` is 0 for a class without images. */
  readonly perClass: readonly { readonly label: string; readonly count: number; readonly correct: number }[]
  /** Number of images by true class (row) and answer (column). */
  readonly confusion: readonly (readonly number[])[]
}

/**
 * Evaluates `net` on all images of `data`. Rejects with a `KingletError` if the network does not classify, if the number
 * of classes or the image size differs from the network's, or if weights or logits are not finite. Rejects with the signal's reason once `signal` is
 * aborted.
 *
 * @example
 * ```ts
 * import { arrays, preprocessingPreset } from 'kinglet/data'
 * import { referenceEngine } from 'kinglet/graph'
 * import { build } from 'kinglet/models'
 * import { evaluate } from 'kinglet/train'
 *
 * const pixels = new Uint8Array(3 * 8 * 8).map((_, i) => i)
 * const data = arrays({ width: 8, height: 8, channels: 1, pixels, labels: [0, 1, 1], classes: ['cat', 'dog'] })
 * const net = build('mobilenet_v2', { width: 0.1, size: 8, reduction: 4, classes: 2 })
 * const preprocessing = preprocessingPreset('whole', 8)
 * const { count, confusion } = await evaluate(net, data, { engine: referenceEngine(), preprocessing })
 * count // => 3
 * confusion.flat().reduce((a, b) => a + b) // => 3
 * ```
 */
export async function evaluate(net: Network, data: Dataset, options: EvaluateOptions): Promise<Evaluation> {
  const evaluator = new Evaluator(net, data, options)
  try {
    return await evaluator.evaluate(net.weights)
  } finally {
    evaluator.dispose()
  }
}

/** As {@link evaluate}, for repeated evaluations with different weights. The network is compiled once. */
export class Evaluator {
  readonly #net: ClassifierNetwork
  readonly #data: Dataset
  readonly #options: EvaluateOptions
  readonly #batch: number
  #program: Program | undefined

  constructor(net: Network, data: Dataset, options: EvaluateOptions) {
    const batch = options.batch ?? Math.min(32, data.length)
    assertSuits(net, data, options.preprocessing, 'evaluate')
    if (!checks.count.is(batch)) throw new UsageError(`evaluate: batch is ${batch}: it must be ${checks.count.must}`)
    this.#net = net
    this.#data = data
    this.#options = options
    this.#batch = batch
  }

  async evaluate(weights: Weights): Promise<Evaluation> {
    const { preprocessing, pool, signal } = this.#options
    const [net, data, batch] = [this.#net, this.#data, this.#batch]
    assertFinite(weights, 'evaluate')
    signal?.throwIfAborted()
    const tally = new Tally(data.classes)
    const program = await this.#programWith(weights)
    const batches = loader(data, { batch, preprocessing, ...(pool && { pool }), ...(signal && { signal }) })
    for await (const { x, labels, indices } of batches) {
      await turn()
      const { logits } = await program.run({ x })
      for (const [i, label] of labels.entries())
        tally.add(logits.data, i * net.classes, label, () => data.name(indices[i]))
    }
    return tally.result()
  }

  dispose(): void {
    this.#program?.dispose()
    this.#program = undefined
  }

  async #programWith(weights: Weights): Promise<Program> {
    if (this.#program) await this.#program.refill(weights)
    else this.#program = await this.#options.engine.compile(this.#net.graph(this.#batch), { weights, freeze: true })
    return this.#program
  }
}

/** Throws a `KingletError` unless the network classifies, and fits the prepared images' size and the classes of `data`. */
export function assertSuits(
  net: Network,
  data: Dataset,
  { size }: Preprocessing,
  what: string,
): asserts net is ClassifierNetwork {
  assertClassifier(net, what)
  const [height, width, channels] = net.inputShape
  const classes = data.classes.length
  assert(data.length > 0, `${what}: the set has no images`)
  assert(
    classes === net.classes,
    `${what}: the network has ${net.classes} classes, the data has ${classes}: build it with classes: ${classes}`,
  )
  assert(
    size[0] === height && size[1] === width && channels === 3,
    `${what}: the network takes ${height}x${width}x${channels}, the preprocessing makes ${size[0]}x${size[1]}x3: ` +
      'build it with that size',
  )
}

/** Returns the index, relative to `at`, of the highest of the `count` scores from `at` on; the first one of a tie. */
export function highest(scores: TypedArrayOf, at: number, count: number): number {
  let best = 0
  for (let k = 1; k < count; k++) if (scores[at + k] > scores[at + best]) best = k
  return best
}

class Tally {
  readonly classes: readonly string[]
  readonly confusion: number[][]
  count = 0
  loss = 0
  top5 = 0

  constructor(classes: readonly string[]) {
    this.classes = classes
    this.confusion = classes.map(() => classes.map(() => 0))
  }

  /** Adds the logits of one image, which begin at `at`. */
  add(logits: TypedArrayOf, at: number, label: number, name: () => string): void {
    const classes = this.classes.length
    const answer = highest(logits, at, classes)
    const [own, top] = [logits[at + label], logits[at + answer]]
    let sum = 0
    let above = 0
    for (let k = 0; k < classes; k++) {
      const other = logits[at + k]
      sum += Math.exp(other - top)
      if (other > own || (other === own && k < label)) above++
    }
    if (!Number.isFinite(sum))
      throw new DivergedError(
        `evaluate: the scores of ${name()} are not finite: the weights are too large, train again with a lower learningRate`,
      )
    this.count++
    this.loss += top - own + Math.log(sum)
    this.top5 += above < 5 ? 1 : 0
    this.confusion[label][answer]++
  }

  result(): Evaluation {
    const perClass = this.classes.map((label, i) => ({
      label,
      count: this.confusion[i].reduce((a, b) => a + b),
      correct: this.confusion[i][i],
    }))
    return {
      count: this.count,
      loss: this.loss / this.count,
      top1: perClass.reduce((n, c) => n + c.correct, 0) / this.count,
      top5: this.top5 / this.count,
      perClass,
      confusion: this.confusion,
    }
  }
}
