/** A trained network ready for use: classifies images into labels and scores. */

import { checks, KingletError, Queue, type Shape, size, type Tensor, tensor, UsageError } from '../core/index.ts'
import { type Preprocessing, preprocess, type RgbImage } from '../data/index.ts'
import type { Engine, Program } from '../engine/index.ts'
import type { Provenance } from '../formats/index.ts'
import type { Weights } from '../graph/index.ts'
import type { Architecture, Network } from '../nn/index.ts'
import { type ImageSource, kindOf } from '../platform/index.ts'

/** An answer: the name of a class and its probability, from 0 to 1. The scores of all classes sum to 1. */
export interface Prediction {
  readonly label: string
  readonly score: number
}

/** Options of `classify`. */
export interface ClassifyOptions {
  /** Maximum number of answers. Default 5. */
  readonly top?: number
  /** Aborts the call, which rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** The parts of a classifier. */
export interface ClassifierParts {
  readonly network: Network
  /** Class names in the order of the network's outputs. */
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  readonly provenance: Provenance
  readonly engine: Engine
  readonly decode: (image: ImageSource, signal: AbortSignal | undefined) => Promise<RgbImage>
}

/** Maximum number of cached programs, one per batch size. Callers typically use one size and a smaller last batch. */
const programsKept = 3

/**
 * A compiled network with its classes and preprocessing. `load` makes one. `dispose` (or `using`) frees its memory and
 * threads. Calls may overlap; they run one after the other.
 *
 * @example
 * ```ts
 * import { build, Classifier, load, toBytes } from 'kinglet'
 *
 * const net = build('mobilenet_v3_small', { width: 0.35, size: 32, classes: 2 })
 * using model = await load(toBytes(net, { classes: ['cat', 'dog'] }))
 * model instanceof Classifier // => true
 * model.inputShape // => [32, 32, 3]
 * const grey = { width: 40, height: 30, data: new Uint8Array(40 * 30 * 3).fill(128) }
 * const [first, second] = await model.classify(grey)
 * first.score + second.score > 0.999 // => true
 * ```
 */
export class Classifier {
  /** Class names in the order of the network's outputs. */
  readonly classes: readonly string[]
  /** Preprocessing of images. */
  readonly preprocessing: Preprocessing
  readonly provenance: Provenance
  /**
   * The network, for `evaluate`, `analyse` and further training with `train`. The next `run` uses the current weights
   * of the network. To change them, replace the map or tensors in it, as training does. Changes of values within a
   * tensor are not detected.
   */
  readonly network: Network
  readonly #engine: Engine
  readonly #decode: ClassifierParts['decode']
  /** Programs by batch size, the most recently used one last. */
  readonly #programs = new Map<number, Program>()
  /** The weights that the programs were compiled with. */
  #compiled: Weights = new Map()
  readonly #queue = new Queue(() => this.#assertUsable())
  #disposed = false

  constructor({ network, classes, preprocessing, provenance, engine, decode }: ClassifierParts) {
    this.network = network
    this.classes = classes
    this.preprocessing = preprocessing
    this.provenance = provenance
    this.#engine = engine
    this.#decode = decode
  }

  /** Name and options of a network that `build` makes; undefined for other networks. */
  get architecture(): Architecture | undefined {
    return this.network.architecture
  }

  /** Shape of one image: [height, width, channels]. */
  get inputShape(): Shape {
    return this.network.inputShape
  }

  /**
   * Returns the most probable classes of an image, best first. Rejects with a `KingletError` that names an unreadable
   * image.
   */
  async classify(image: ImageSource, { top = 5, signal }: ClassifyOptions = {}): Promise<Prediction[]> {
    if (!checks.count.is(top)) throw new UsageError(`classify: top is ${top}: it must be a positive integer`)
    this.#assertUsable()
    const pixels = await this.#decode(image, signal)
    signal?.throwIfAborted()
    const { data } = await this.run(preprocess(pixels, this.preprocessing), { ...(signal && { signal }) })
    const scores = softmax(data)
    return this.classes
      .map((label, i) => ({ label, score: scores[i] }))
      .sort((a, b) => b.score - a.score)
      .slice(0, top)
  }

  /**
   * Returns the logits, [N, classes], of N preprocessed images: float32 NHWC, N * height * width * channels values. A
   * new batch size is compiled first.
   */
  async run(batch: Float32Array, { signal }: Pick<ClassifyOptions, 'signal'> = {}): Promise<Tensor<'f32'>> {
    if (!ArrayBuffer.isView(batch) && !Array.isArray(batch))
      throw new UsageError(
        `run: ${kindOf(batch)} is not a batch: give a Float32Array of N images [${this.inputShape.join(', ')}]`,
      )
    const each = size(this.inputShape)
    const n = batch.length / each
    if (!Number.isInteger(n) || n === 0)
      throw new KingletError(
        `run: ${batch.length} values given: an image [${this.inputShape.join(', ')}] has ${each}, give a whole number ` +
          'of images',
      )
    return this.#queue.run(async () => {
      signal?.throwIfAborted()
      const program = await this.#programFor(n)
      try {
        const { logits } = await program.run({ x: batch })
        signal?.throwIfAborted()
        return tensor(logits.shape, logits.data as Float32Array)
      } catch (error) {
        // A program that failed in the middle of a run cannot be used again.
        if (!signal?.aborted) this.#drop(n)
        throw error
      }
    })
  }

  /** Compiles the network for batches of `n` images, so that the first such `run` need not. */
  async prepare(n = 1): Promise<void> {
    await this.#queue.run(() => this.#programFor(n))
  }

  /** Frees memory and ends threads. Waiting calls reject. Idempotent. */
  dispose(): void {
    this.#disposed = true
    for (const n of [...this.#programs.keys()]) this.#drop(n)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #assertUsable(): void {
    if (this.#disposed) throw new KingletError('classifier: it was disposed of: load the model again')
  }

  async #programFor(n: number): Promise<Program> {
    const { network } = this
    if (!sameTensors(this.#compiled, network.weights)) {
      for (const other of [...this.#programs.keys()]) this.#drop(other)
      this.#compiled = new Map(network.weights)
    }
    const found = this.#programs.get(n)
    const program = found ?? (await this.#engine.compile(network.graph(n), { weights: this.#compiled, freeze: true }))
    if (this.#disposed) program.dispose()
    this.#assertUsable()
    this.#programs.delete(n)
    this.#programs.set(n, program)
    for (const other of [...this.#programs.keys()].slice(0, -programsKept)) this.#drop(other)
    return program
  }

  #drop(n: number): void {
    this.#programs.get(n)?.dispose()
    this.#programs.delete(n)
  }
}

/** Whether both hold the same tensor objects. Replacing weights, as training does, creates new objects. */
const sameTensors = (a: Weights, b: Weights): boolean =>
  a.size === b.size && [...b].every(([name, t]) => a.get(name) === t)

/** Turns logits into probabilities, which sum to 1. */
function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const powers = Float64Array.from(logits, (v) => Math.exp(v - largest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((v) => v / sum)
}

/** Returns the network, or that of the classifier. Throws a `UsageError` for anything else. */
export function networkGiven(what: string, model: Network | Classifier): Network {
  if (model instanceof Classifier) return model.network
  if (typeof model === 'object' && model !== null && 'declared' in model && 'weights' in model) return model
  throw new UsageError(`${what}: ${kindOf(model)} is not a network: give a result of build or load`)
}
