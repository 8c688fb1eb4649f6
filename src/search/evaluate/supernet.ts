/**
 * Trains a weight-sharing supernet (one-shot, single path): one set of weights, of which every network of a space is a
 * slice. A round trains several sub-networks on one batch by the sandwich rule (Yu and Huang 2019, arXiv:1903.05134):
 * the largest, the smallest, and a few random ones. Each in turn takes an ordinary step with its slices of the weights
 * and of the optimiser's state, and writes them back.
 */
import { assert, assertOptions, DivergedError, key, keyOf, Rng, type Tensor, turn } from '../../core/index.ts'
import { batchesOf, type Dataset } from '../../data/index.ts'
import { type Program, startingWeights } from '../../engine/index.ts'
import { parametersOf } from '../../graph/index.ts'
import type { Model } from '../../models/index.ts'
import { highest, learningRateAt, optimizerOf, ruleOf, type Step, trainingStep } from '../../train/index.ts'
import { samplePoint } from '../space/points.ts'
import { type Point, pointKey } from '../space/space.ts'
import { namesIn, putSlice, takeAll } from './slices.ts'
import { batchesOfRound } from './supernet-batches.ts'
import { extremePoint, type SupernetOptions, supernetMembers } from './supernet-options.ts'

/** The result of one round. */
export interface SupernetRound {
  /** From 1. */
  readonly round: number
  readonly rounds: number
  readonly learningRate: number
  /** The sub-networks in the order of their training, the largest first. */
  readonly steps: readonly { readonly point: Point; readonly loss: number; readonly accuracy: number }[]
}

/**
 * Trains `supernet`, the network of the largest point, and yields after each round. When the loop ends or is left, the
 * model has the trained weights. Throws a `UsageError` for invalid options, a `DivergedError` when a loss is not
 * finite, and a `KingletError` when a sub-network is outside the supernet.
 *
 * @example
 * ```ts
 * import { arrays } from 'kinglet/data'
 * import { build } from 'kinglet/models'
 * import { defineSpace, extremePoint, type Point, trainSupernet } from 'kinglet/search'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const space = defineSpace('widths', { width: { kind: 'categorical', values: [0.1, 0.2, 0.3], ordered: true } })
 * const networkOf = ({ width }: Point) =>
 *   build('mobilenet_v1', { width: Number(width), size: 16, reduction: 8, classes: 2 })
 * const pixels = new Uint8Array(8 * 256).map((_, i) => (i < 4 * 256 ? i % 100 : 255 - (i % 100)))
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1]
 * const set = arrays({ width: 16, height: 16, channels: 1, pixels, labels, classes: ['dark', 'light'] })
 * const largest = extremePoint(space, 'largest')
 * const supernet = networkOf(largest)
 * const engine = wasmEngine({ threads: 1 })
 * const trained: unknown[] = []
 * for await (const { steps } of trainSupernet(supernet, set, { space, networkOf, largest, engine, rounds: 2, random: 1 }))
 *   trained.push(steps.length)
 * trained // => [3, 3]
 * ```
 */
export function trainSupernet(
  supernet: Model,
  dataset: Dataset,
  options: SupernetOptions,
): AsyncGenerator<SupernetRound, void, undefined> {
  assertOptions('supernet', options, supernetMembers)
  const { batch = Math.min(32, dataset.length) } = options
  assert(
    batch <= dataset.length,
    `supernet: a batch of ${batch} is larger than the set of ${dataset.length} images: use a batch of at most ` +
      `${dataset.length}`,
  )
  return rounds(supernet, dataset, { ...options, batch })
}

/** The compiled training step of a sub-network. */
interface Compiled {
  readonly step: Step
  readonly program: Program
  readonly model: Model
  readonly nameOf: (name: string) => string
}

/** A cache of the `most` recently used programs, since each holds its own memory. */
class Programs {
  readonly #kept = new Map<string, Compiled>()
  readonly #most: number
  readonly #compile: (point: Point) => Promise<Compiled>

  constructor(most: number, compile: (point: Point) => Promise<Compiled>) {
    this.#most = most
    this.#compile = compile
  }

  async of(point: Point): Promise<Compiled> {
    const name = pointKey(point)
    const found = this.#kept.get(name) ?? (await this.#compile(point))
    // Reinserted as the most recently used.
    this.#kept.delete(name)
    this.#kept.set(name, found)
    if (this.#kept.size > this.#most) {
      const [oldest, { program }] = this.#kept.entries().next().value!
      program.dispose()
      this.#kept.delete(oldest)
    }
    return found
  }

  dispose(): void {
    for (const { program } of this.#kept.values()) program.dispose()
    this.#kept.clear()
  }
}

async function* rounds(
  supernet: Model,
  dataset: Dataset,
  options: SupernetOptions & { readonly batch: number },
): AsyncGenerator<SupernetRound, void, undefined> {
  const { engine, signal, space, largest, batch, random = 2, hold = 4, seed = 0 } = options
  const optimizer = optimizerOf(options.optimizer ?? 'sgd')
  const { learningRate = ruleOf(optimizer).learningRate, weightDecay = ruleOf(optimizer).weightDecay } = options
  const stepOf = (model: Model): Step =>
    trainingStep(model, {
      ...{ batch, optimizer, weightDecay, decayDepthwise: false, ema: 0, frozen: new Set<string>() },
      labelSmoothing: options.labelSmoothing ?? 0.1,
      clipNorm: options.clipNorm ?? 1,
    })
  /** Parameters and the optimiser's state, which steps change in place. */
  const shared = new Map(
    [...startingWeights(stepOf(supernet).graph, { weights: supernet.weights })].map(([name, t]): [string, Tensor] => [
      name,
      { ...t, data: t.data.slice() },
    ]),
  )
  const programs = new Programs(8 + random, async (point) => {
    const model = await options.networkOf(point, 0)
    const step = stepOf(model)
    const nameOf = namesIn(options, point)
    const wanted = [...parametersOf(step.graph)].map(([name, { shape }]) => [name, shape] as const)
    return {
      step,
      model,
      nameOf,
      program: await engine.compile(step.graph, { weights: takeAll(shared, wanted, nameOf) }),
    }
  })
  const smallest = options.smallest ?? extremePoint(space, 'smallest')
  const stepsPerEpoch = batchesOf(dataset.length, batch, true)
  const length = { steps: options.rounds, stepsPerEpoch }
  const schedule = options.schedule ?? { name: 'cosine', warmup: options.rounds / stepsPerEpoch / 20 }

  try {
    for (let round = 1; round <= options.rounds; round++) {
      const drawn = Array.from({ length: random }, (_, i) =>
        samplePoint(space, new Rng(key(keyOf('supernet'), seed, Math.floor((round - 1) / hold), i))),
      )
      const rate = learningRateAt(schedule, learningRate, round, length)
      const images = batchesOfRound(dataset, options, round - 1, stepsPerEpoch)
      const steps: SupernetRound['steps'][number][] = []
      for (const [i, point] of [largest, smallest, ...drawn].entries()) {
        await turn()
        signal?.throwIfAborted()
        const { step, program, model, nameOf } = await programs.of(point)
        const { x, targets, labels } = await images(model)
        const wanted = [...parametersOf(step.graph)].map(([name, { shape }]) => [name, shape] as const)
        await program.write(takeAll(shared, wanted, nameOf))
        const numbers = step.numbers(round, rate, key(seed, i))
        const { loss, logits } = await program.run({ x, targets, ...numbers })
        if (!Number.isFinite(loss.data[0]))
          throw new DivergedError(
            `supernet: the loss is ${loss.data[0]} in round ${round}, learning rate ${Number(rate.toPrecision(3))}: use ` +
              'a lower learningRate',
          )
        for (const [name, part] of await program.read()) putSlice(name, shared.get(nameOf(name))!, part)
        let correct = 0
        for (const [k, label] of labels.entries())
          correct += highest(logits.data, k * model.classes, model.classes) === label ? 1 : 0
        steps.push({ point, loss: loss.data[0], accuracy: correct / batch })
      }
      yield { round, rounds: options.rounds, learningRate: rate, steps }
    }
  } finally {
    programs.dispose()
    supernet.weights = new Map([...supernet.weights.keys()].map((name) => [name, shared.get(name)!]))
  }
}
