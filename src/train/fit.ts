/**
 * The training loop. A step is one run of one compiled graph. The threads of the pool prepare batches ahead of it.
 * The weights depend on the options, the data and the seed only: not on threads, timing, or interruptions.
 */
import { assert, DivergedError, KingletError, nonFinite, type Tensor, turn } from '../core/index.ts'
import { type Batch, batchesOf, type Dataset, loader } from '../data/index.ts'
import type { Program } from '../engine/index.ts'
import type { Weights } from '../graph/index.ts'
import type { ClassifierNetwork, Network } from '../nn/index.ts'
import { assertSuits, type Evaluation, Evaluator, highest } from './evaluate.ts'
import { assertFinite } from './finite.ts'
import { resolveTrainOptions, type TrainOptions } from './options.ts'
import type { RunOptions } from './run-options.ts'
import { type Checkpoint, type Progress, runIdentity } from './runs/checkpoint.ts'
import { learningRateAt } from './schedule.ts'
import { emaOf, type Step, trainingStep } from './step.ts'
import type { TrainStep } from './train-step.ts'

/** Images to train on, and images to validate each epoch on. */
export interface TrainData {
  readonly train: Dataset
  readonly val?: Dataset
}

/**
 * Trains `net` and yields a report after each step. When the loop ends or the caller leaves it, `net.weights` are the
 * trained weights (their averages with `ema`). After an error `net.weights` are unchanged. `store` saves the run, and
 * resumes it if it holds one. Once `signal` is aborted, the current step is completed, saved and reported, and the loop
 * throws the signal's reason.
 *
 * Throws a `UsageError` for invalid options. Throws a `KingletError` if the network does not classify, if the data does
 * not fit it, if a batch is larger than the set, or if weights are not finite. Throws one with the step and the learning rate if the loss is
 * not finite.
 *
 * @example
 * ```ts
 * import { arrays, preprocessingPreset } from 'kinglet/data'
 * import { build } from 'kinglet/models'
 * import { fit } from 'kinglet/train'
 * import { wasmEngine } from 'kinglet/wasm'
 *
 * const pixels = new Uint8Array(8 * 16 * 16).map((_, i) => (i < 4 * 256 ? i % 100 : 255 - (i % 100)))
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1]
 * const train = arrays({ width: 16, height: 16, channels: 1, pixels, labels, classes: ['dark', 'light'] })
 * const net = build('mobilenet_v2', { width: 0.1, size: 16, reduction: 8, classes: 2 })
 * const losses: number[] = []
 * const options = { engine: wasmEngine({ threads: 1 }), epochs: 4, preprocessing: preprocessingPreset('whole', 16) }
 * for await (const step of fit(net, { train }, options)) losses.push(step.loss)
 * losses.length // => 4
 * losses[3] < losses[0] // => true
 * ```
 */
export function fit(net: Network, data: TrainData, options: TrainOptions): AsyncGenerator<TrainStep, void, undefined> {
  const { train, val } = data
  const run = resolveTrainOptions(net, train.length, options)
  assertSuits(net, train, run.preprocessing, 'train')
  if (val) assertSuits(net, val, run.preprocessing, 'validation')
  assert(
    run.batch <= train.length,
    `train: a batch of ${run.batch} is larger than the set of ${train.length} images: use a batch of at most ` +
      `${train.length}`,
  )
  assertFinite(net.weights, 'train')
  const stepsPerEpoch = batchesOf(train.length, run.batch, true)
  const length = { steps: run.epochs * stepsPerEpoch, stepsPerEpoch }
  const rate = (step: number) => learningRateAt(run.schedule, run.learningRate, step, length)
  rate(1)
  const step = trainingStep(net, { ...run, frozen: new Set(run.freeze) })
  return steps({ net, data, run, options, step, rate, ...length })
}

interface Plan {
  readonly net: ClassifierNetwork
  readonly data: TrainData
  readonly run: RunOptions
  readonly options: TrainOptions
  readonly step: Step
  readonly rate: (step: number) => number
  readonly steps: number
  readonly stepsPerEpoch: number
}

const atStart: Progress = { step: 0, lossSum: 0, correct: 0, loss: 0, accuracy: 0, unvalidated: false }

async function* steps(plan: Plan): AsyncGenerator<TrainStep, void, undefined> {
  const { net, data, run, options, stepsPerEpoch } = plan
  const { engine, signal, store } = options
  signal?.throwIfAborted()
  const identity = runIdentity(engine, net, run, data)
  const kept = await store?.begin({
    identity,
    network: net,
    classes: data.train.classes,
    preprocessing: run.preprocessing,
    images: data.train.length,
    validationImages: data.val?.length ?? 0,
  })
  const evaluator = data.val && new Evaluator(net, data.val, forEvaluation(options, run))
  const stopwatch = new Stopwatch()
  let progress = kept?.progress ?? atStart
  let keptAt = kept ? progress.step : -1
  // Last: nothing may throw between the compilation and the `try` whose `finally` disposes of the program.
  const program = await engine.compile(plan.step.graph, { weights: kept?.tensors ?? startingTensors(plan) })

  const read = async (): Promise<Map<string, Tensor>> => {
    const tensors = await program.read()
    const found = nonFinite(tensors)
    if (found) throw new KingletError(`train: ${found} after ${where(plan, progress.step)}`)
    return tensors
  }
  const keep = async (tensors?: Map<string, Tensor>) => {
    if (!store || (progress.step === keptAt && !progress.unvalidated)) return
    const checkpoint: Checkpoint = { run: identity, progress, tensors: tensors ?? (await read()) }
    await store.checkpoint(checkpoint)
    keptAt = progress.step
  }
  /** Validates and saves a trained epoch. */
  const endEpoch = async (): Promise<TrainStep> => {
    progress = { ...progress, unvalidated: data.val !== undefined }
    const tensors = await read()
    const weights = weightsToUse(plan, tensors)
    const validation = await evaluator?.evaluate(weights)
    progress = { ...progress, unvalidated: false }
    const report = reportOf(plan, progress, stopwatch, validation)
    await store?.step(report)
    await store?.weights(report, weights)
    await keep(tensors)
    return report
  }

  let failed = false
  try {
    await keep()
    if (progress.unvalidated) yield await endEpoch()
    signal?.throwIfAborted()
    while (progress.step < plan.steps) {
      stopwatch.begin()
      for await (const batch of batchesFrom(plan, progress.step)) {
        await turn()
        progress = await trainOn(plan, program, batch, progress)
        stopwatch.add(batch.count)
        let report: TrainStep
        if (progress.step % stepsPerEpoch === 0) report = await endEpoch()
        else {
          report = reportOf(plan, progress, stopwatch)
          await store?.step(report)
          if (store?.isDue()) await keep()
        }
        yield report
        signal?.throwIfAborted()
        stopwatch.go()
      }
    }
  } catch (error) {
    failed = !(signal?.aborted && error === signal.reason)
    throw error
  } finally {
    try {
      if (!failed) {
        const tensors = await read()
        await keep(tensors)
        net.weights = weightsToUse(plan, tensors)
      }
    } finally {
      program.dispose()
      evaluator?.dispose()
    }
  }
}

/** The first tensors of the step: averages start as the weights. The graph initialises the state of the optimiser. */
function startingTensors({ net, step }: Plan): Weights {
  return new Map([...net.weights, ...step.averaged.map((name) => [emaOf(name), net.weights.get(name)!] as const)])
}

/** Returns the network's weights from `tensors`: for each parameter its average, if there is one. */
function weightsToUse({ net }: Plan, tensors: Weights): Map<string, Tensor> {
  return new Map(
    [...net.weights].map(([name, first]) => [name, tensors.get(emaOf(name)) ?? tensors.get(name) ?? first]),
  )
}

/** Returns the remaining batches of the current epoch after `done` steps of the run. */
const batchesFrom = ({ data, run, options, stepsPerEpoch }: Plan, done: number) =>
  loader(data.train, {
    batch: run.batch,
    preprocessing: run.preprocessing,
    augmentation: run.augmentation,
    seed: run.seed,
    epoch: Math.floor(done / stepsPerEpoch),
    startBatch: done % stepsPerEpoch,
    shuffle: true,
    dropLast: true,
    ...(options.pool && { pool: options.pool }),
  })

const forEvaluation = ({ engine, pool, signal }: TrainOptions, { batch, preprocessing }: RunOptions) => ({
  engine,
  batch,
  preprocessing,
  ...(pool && { pool }),
  ...(signal && { signal }),
})

const where = ({ rate }: Plan, step: number): string =>
  `step ${step}, learning rate ${Number(rate(step).toPrecision(3))}: use a lower learningRate, or clipNorm: 1`

async function trainOn(plan: Plan, program: Program, batch: Batch, before: Progress): Promise<Progress> {
  const { net, run, stepsPerEpoch } = plan
  const step = before.step + 1
  const { x, targets, labels, count } = batch
  const numbers = plan.step.numbers(step, plan.rate(step), run.seed)
  const { loss: output, logits } = await program.run({ x, targets, ...numbers })
  const loss = output.data[0]
  if (!Number.isFinite(loss)) throw new DivergedError(`train: the loss is ${loss} at ${where(plan, step)}`)
  let correct = 0
  for (const [i, label] of labels.entries())
    correct += highest(logits.data, i * net.classes, net.classes) === label ? 1 : 0
  const isFirst = before.step % stepsPerEpoch === 0
  return {
    step,
    lossSum: (isFirst ? 0 : before.lossSum) + loss,
    correct: (isFirst ? 0 : before.correct) + correct,
    loss,
    accuracy: correct / count,
    unvalidated: false,
  }
}

function reportOf(plan: Plan, progress: Progress, stopwatch: Stopwatch, validation?: Evaluation): TrainStep {
  const { run, steps, stepsPerEpoch } = plan
  const { step, loss, accuracy, lossSum, correct } = progress
  const inEpoch = ((step - 1) % stepsPerEpoch) + 1
  return {
    epoch: Math.ceil(step / stepsPerEpoch),
    epochs: run.epochs,
    step,
    steps,
    loss,
    accuracy,
    epochLoss: lossSum / inEpoch,
    epochAccuracy: correct / (inEpoch * run.batch),
    learningRate: plan.rate(step),
    imagesPerSecond: stopwatch.imagesPerSecond,
    ...(validation && { validation }),
  }
}

/** Measures the time of training only. It excludes the time that the consumer of the loop takes. */
class Stopwatch {
  images = 0
  seconds = 0
  started = 0
  /** Starts a new epoch. */
  begin(): void {
    this.images = this.seconds = 0
    this.go()
  }
  go(): void {
    this.started = performance.now()
  }
  add(images: number): void {
    this.images += images
    this.seconds += (performance.now() - this.started) / 1000
  }
  get imagesPerSecond(): number {
    return this.seconds ? this.images / this.seconds : 0
  }
}
