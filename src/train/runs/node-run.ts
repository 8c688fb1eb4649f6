/**
 * A run in a folder: the checkpoint to resume from, the current and the best model, and metrics as JSON lines and for
 * TensorBoard. The checkpoint and model files are replaced atomically, so each is complete whenever the process ends.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assertOptions, checks } from '../../core/index.ts'
import { assert, KingletError, UsageError } from '../../core/index.ts'
import { contentsOf, provenanceNow, writeModelFile } from '../../formats/index.ts'
import { makeFolder, writeError, writeFileAtomic, writing } from '../../platform/node/index.ts'
import type { Weights } from '../../graph/index.ts'
import { assertSameRun, type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import type { TrainStep } from '../train-step.ts'
import { appendMetrics, cutMetrics, epochMetrics, stepMetrics, syncFile } from './node-metrics.ts'
import type { RunInfo, RunStore } from './store.ts'
import { type Event, eventRecord } from './tensorboard.ts'

/** Names of the files in a run folder, except TensorBoard event files. */
export const runFiles = {
  checkpoint: 'checkpoint.safetensors',
  /** After the epoch with the highest top-1 accuracy on the validation images. */
  best: 'best.safetensors',
  /** After the last epoch. */
  model: 'model.safetensors',
  metrics: 'metrics.jsonl',
} as const

const isEvents = (name: string): boolean => /^events\.out\.tfevents\.\d+\.kinglet$/.test(name)
const isOurs = (name: string): boolean => (Object.values(runFiles) as string[]).includes(name) || isEvents(name)
/** True for temporary files that a killed process leaves. */
const isLeftOver = (name: string): boolean =>
  /^\.(.+)\.\d+\.tmp$/.test(name) && isOurs(name.split('.').slice(1, -2).join('.'))

export interface OpenRunOptions {
  /** Resume the run in the folder. */
  readonly resume?: boolean
  /** Remove the files of the run in the folder, and start a new run. */
  readonly force?: boolean
  /** Steps between two lines in `metrics.jsonl` and between two TensorBoard events. Default 10. */
  readonly logEvery?: number
  /** Seconds after which a checkpoint is due within an epoch. Default 60. */
  readonly checkpointSeconds?: number
  /** Name of the training data, for the provenance of the model. */
  readonly trainedOn?: string
  /** File of the first weights, for the provenance of the model. */
  readonly from?: string
}

const members = {
  resume: checks.flag,
  force: checks.flag,
  logEvery: checks.count,
  checkpointSeconds: checks.nonNegative,
  trainedOn: checks.text,
  from: checks.text,
}

/**
 * Returns a store that saves a run in `folder`; pass it to `train` as `store`. The folder is created when the run
 * starts.
 *
 * When the run starts, the store throws a `KingletError` if the folder holds another run and neither `resume` nor
 * `force` is given, and if `resume` finds no checkpoint or one of another run. If a file cannot be written, it throws
 * at that time and leaves the last checkpoint unchanged.
 *
 * @example
 * ```ts
 * import { mkdtempSync, readdirSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { arrays, build, train } from 'kinglet'
 * import { openRun } from 'kinglet/train'
 *
 * const pixels = new Uint8Array(4 * 16 * 16).map((_, i) => (i * i) % 256)
 * const set = arrays({ width: 16, height: 16, channels: 1, pixels, labels: [0, 0, 1, 1], classes: ['a', 'b'] })
 * const net = build('mobilenet_v2', { width: 0.1, size: 16, reduction: 8, classes: 2 })
 * const folder = mkdtempSync(join(tmpdir(), 'kinglet-'))
 * for await (const step of train(net, { train: set }, { epochs: 1, store: openRun(folder) })) console.log(step.loss)
 * readdirSync(folder).filter((name) => name.endsWith('.safetensors')) // => ['checkpoint.safetensors', 'model.safetensors']
 * ```
 */
export function openRun(folder: string, options: OpenRunOptions = {}): RunStore {
  assertOptions('openRun', options, members)
  if (options.resume && options.force)
    throw new UsageError('openRun: resume and force are both given: resume continues a run, force replaces it: give one')
  return new FolderRun(folder, options)
}

interface Best {
  readonly epoch: number
  readonly top1: number
  readonly loss: number
}

class FolderRun implements RunStore {
  readonly folder: string
  readonly options: OpenRunOptions
  #run: RunInfo | undefined
  #best: Best | undefined
  #events = ''
  /** First events of the file. They are written with the first scalars: until then the folder must not hold a run. */
  #head: readonly Omit<Event, 'wallTime'>[] = []
  #keptAt = 0

  constructor(folder: string, options: OpenRunOptions) {
    this.folder = folder
    this.options = options
  }

  begin(run: RunInfo): Checkpoint | undefined {
    this.#run = run
    const names = namesIn(this.folder)
    const kept = this.options.resume ? this.#resume(run) : undefined
    if (!kept && !this.options.force) assertNoRun(this.folder)
    makeFolder(this.folder)
    for (const name of kept ? names.filter(isLeftOver) : names.filter((n) => isOurs(n) || isLeftOver(n)))
      writing(this.#path(name), () => rmSync(this.#path(name)))
    // If the validation of an epoch is missing, the last step of that epoch is reported again.
    const next = kept ? kept.progress.step + (kept.progress.unvalidated ? 0 : 1) : 0
    if (kept) cutMetrics(this.#path(runFiles.metrics), next)
    this.#events = eventsName(names)
    this.#head = [{ step: 0, fileVersion: 'brain.Event:2' }, ...(kept ? [{ step: next, restarts: true }] : [])]
    this.#keptAt = Date.now()
    return kept
  }

  #resume(run: RunInfo): Checkpoint {
    const path = this.#path(runFiles.checkpoint)
    assert(existsSync(path), `${path}: there is no such file, so there is no run to resume: leave resume out to start a run`)
    const kept = readCheckpoint(readFileSync(path), path)
    assertSameRun(kept.run, run.identity, path)
    this.#best = (kept.extra as { best?: Best } | null)?.best
    return kept
  }

  step(report: TrainStep): void {
    const { step, steps, epochs, loss, accuracy, learningRate, imagesPerSecond, validation } = report
    const metrics = this.#path(runFiles.metrics)
    if (step % (this.options.logEvery ?? 10) === 0) {
      appendMetrics(metrics, stepMetrics(report))
      this.#record({
        step,
        scalars: {
          'train/loss': loss,
          'train/accuracy': accuracy,
          learning_rate: learningRate,
          images_per_second: imagesPerSecond,
        },
      })
    }
    if (step % (steps / epochs)) return
    appendMetrics(metrics, epochMetrics(report))
    this.#record({
      step,
      scalars: {
        'epoch/loss': report.epochLoss,
        'epoch/accuracy': report.epochAccuracy,
        ...(validation && {
          'validation/loss': validation.loss,
          'validation/top1': validation.top1,
          'validation/top5': validation.top5,
        }),
      },
    })
  }

  weights({ epoch, validation }: TrainStep, weights: Weights): void {
    const { identity, network, classes, preprocessing, images } = this.#run!
    const { trainedOn, from } = this.options
    const provenance = provenanceNow({
      ...(trainedOn !== undefined && { trainedOn }),
      ...(from !== undefined && { from }),
      ...{ images, epochs: epoch, seed: identity.options.seed },
      ...(validation && { accuracy: validation.top1, evaluatedOn: validation.count }),
    })
    const bytes = writeModelFile({ ...contentsOf(network, weights), classes, preprocessing, provenance })
    writeFileAtomic(this.#path(runFiles.model), bytes)
    if (!validation || (this.#best && !isBetter(validation, this.#best))) return
    writeFileAtomic(this.#path(runFiles.best), bytes)
    this.#best = { epoch, top1: validation.top1, loss: validation.loss }
  }

  isDue(): boolean {
    return Date.now() - this.#keptAt >= 1000 * (this.options.checkpointSeconds ?? 60)
  }

  checkpoint(checkpoint: Checkpoint): void {
    // The metrics of earlier steps must reach the disk before the checkpoint.
    syncFile(this.#path(runFiles.metrics))
    writeFileAtomic(this.#path(runFiles.checkpoint), writeCheckpoint(checkpoint, { best: this.#best }))
    this.#keptAt = Date.now()
  }

  #path(name: string): string {
    return join(this.folder, name)
  }

  #record(event: Omit<Event, 'wallTime'>): void {
    const path = this.#path(this.#events)
    const wallTime = Date.now() / 1000
    const records = [...this.#head, event].map((e) => eventRecord({ wallTime, ...e }))
    writing(path, () => appendFileSync(path, Buffer.concat(records)))
    this.#head = []
  }
}

const isBetter = (a: Omit<Best, 'epoch'>, b: Best): boolean => a.top1 > b.top1 || (a.top1 === b.top1 && a.loss < b.loss)

/**
 * Throws if `folder` holds a run or is a file. `called` has the caller's names of the options that the error suggests.
 */
export function assertNoRun(folder: string, called = { resume: 'resume', force: 'force' }): void {
  const ours = namesIn(folder).filter(isOurs)
  assert(
    ours.length === 0,
    `${folder}: it holds another run (${ours.join(', ')}): resume it (${called.resume}), replace it ` +
      `(${called.force}), or choose another folder`,
  )
}

/** Makes a name that sorts last: TensorBoard reads event files in the order of the seconds in their names. */
function eventsName(names: readonly string[]): string {
  const before = names.filter(isEvents).map((name) => Number(name.split('.')[3]))
  return `events.out.tfevents.${Math.max(Math.floor(Date.now() / 1000), ...before.map((s) => s + 1))}.kinglet`
}

/** Names of the files in a folder; none if it does not exist. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    if (code === 'ENOTDIR') throw new KingletError(`${folder}: it is a file: choose a folder for the run`)
    throw writeError(folder, error)
  }
}
