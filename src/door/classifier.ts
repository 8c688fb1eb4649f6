/** A trained network ready for use: pictures in, names and scores out. */

import { checks, KingletError, Queue, type Shape, size, type Tensor, tensor, UsageError } from '../core/index.ts'
import { type Preprocessing, preprocess, type RgbImage } from '../data/index.ts'
import type { Engine, Program } from '../engine/index.ts'
import type { Provenance } from '../formats/index.ts'
import type { Weights } from '../graph/index.ts'
import type { Architecture, Network } from '../nn/index.ts'
import { type ImageSource, kindOf } from '../platform/index.ts'

/** An answer: the name of a class, and how sure the network is of it, from 0 to 1 (all classes sum to 1). */
export interface Prediction {
  readonly label: string
  readonly score: number
}

/** Options of `classify`. */
export interface ClassifyOptions {
  /** How many answers, the surest first. Default 5; never more than there are classes. */
  readonly top?: number
  /** Gives up, and rejects with its reason. */
  readonly signal?: AbortSignal
}

/** What a classifier is made of. */
export interface ClassifierParts {
  readonly network: Network
  /** Names, in the order of the network's outputs. */
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  readonly provenance: Provenance
  readonly engine: Engine
  readonly decode: (image: ImageSource, signal: AbortSignal | undefined) => Promise<RgbImage>
}

/** Programs kept, each for one size of batch: a person's batches have one size and a last one. */
const programsKept = 3

/**
 * A network with its classes and preprocessing, compiled. `load` makes one; `dispose` (or `using`) frees its memory and
 * threads. Calls may overlap: they are served in turn.
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
  /** Names, in the order of the network's outputs. */
  readonly classes: readonly string[]
  /** What is done to a picture before the network sees it. */
  readonly preprocessing: Preprocessing
  readonly provenance: Provenance
  /**
   * The network itself: for `evaluate`, `analyse`, and `train` (which trains it further). The next `run` uses the weights
   * that the network has then: replace the map or tensors in it, as training does. Numbers that are changed within a
   * tensor are not noticed.
   */
  readonly network: Network
  readonly #engine: Engine
  readonly #decode: ClassifierParts['decode']
  /** The one used last is last. */
  readonly #programs = new Map<number, Program>()
  /** The weights that they were compiled with. */
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

  /** Name and options of a network that `build` makes; undefined for another. */
  get architecture(): Architecture | undefined {
    return this.network.architecture
  }

  /** One image: [height, width, channels]. */
  get inputShape(): Shape {
    return this.network.inputShape
  }

  /**
   * The likeliest classes of a picture, the surest first. Throws a `KingletError` that names the picture when it cannot
   * be read.
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
   * Logits, [N, classes], of N images that are preprocessed already: float32 NHWC, N * height * width * channels values.
   * A size of batch that was not used lately is compiled first.
   */
  async run(batch: Float32Array, { signal }: Pick<ClassifyOptions, 'signal'> = {}): Promise<Tensor<'f32'>> {
    if (!ArrayBuffer.isView(batch) && !Array.isArray(batch))
      throw new UsageError(
        `run: ${kindOf(batch)} is no batch: give a Float32Array of N images [${this.inputShape.join(', ')}]`,
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
        // One that broke off in the middle is of no more use.
        if (!signal?.aborted) this.#drop(n)
        throw error
      }
    })
  }

  /** Compiles for batches of `n` images ahead of the first such `run`. */
  async prepare(n = 1): Promise<void> {
    await this.#queue.run(() => this.#programFor(n))
  }

  /** Frees memory and ends threads; calls that wait reject. Idempotent. */
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

/** Whether both hold the same tensors: what replaces weights, as training does, makes others. */
const sameTensors = (a: Weights, b: Weights): boolean =>
  a.size === b.size && [...b].every(([name, t]) => a.get(name) === t)

/** Shares that sum to 1. */
function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const powers = Float64Array.from(logits, (v) => Math.exp(v - largest))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((v) => v / sum)
}

/** The network that `model` is or has; throws for anything else. */
export function networkGiven(what: string, model: Network | Classifier): Network {
  if (model instanceof Classifier) return model.network
  if (typeof model === 'object' && model !== null && 'declared' in model && 'weights' in model) return model
  throw new UsageError(`${what}: ${kindOf(model)} is no network: give what build or load makes`)
}
