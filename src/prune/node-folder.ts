/**
 * Stores a run of NetAdapt in a folder: a model file for each step, and `curve.json`, which identifies the run and lists
 * its points. Files are replaced atomically, and a step counts once the curve lists it. So the same run resumes whenever
 * the process ended. `trying` holds the tuned proposals of the current step and the checkpoint of the one in progress.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert, assertOptions, checks, KingletError } from '../core/index.ts'
import { contentsOf, provenanceNow, readModelFile, writeModelFile } from '../formats/index.ts'
import { restoreNetwork } from '../models/index.ts'
import type { Network } from '../nn/index.ts'
import { makeFolder, writeFileAtomic, writing } from '../platform/node/index.ts'
import type { RunStore } from '../train/index.ts'
import { assertSameRun, readCheckpoint, writeCheckpoint } from '../train/index.ts'
import type { AdaptIdentity, AdaptPoint, AdaptRun, AdaptStore, Judged, Tuned } from './store.ts'

/** Names in the folder of a run. `step-000.safetensors`, `step-001.safetensors` and so on are its networks. */
export const adaptFiles = {
  curve: 'curve.json',
  trying: 'trying',
  step: (step: number): string => `step-${String(step).padStart(3, '0')}.safetensors`,
} as const

const isStep = (name: string): boolean => /^step-\d{3,}\.safetensors$/.test(name)
const isOurs = (name: string): boolean => name === adaptFiles.curve || name === adaptFiles.trying || isStep(name)
/** Whether a killed process left this temporary file while it wrote. */
const isLeftOver = (name: string): boolean => {
  const [, of] = /^\.(.+)\.\d+\.tmp$/.exec(name) ?? []
  return of !== undefined && isOurs(of)
}

export interface OpenAdaptationOptions {
  /** Remove the files of the run in the folder and start a new run. */
  readonly force?: boolean
  /** Seconds between checkpoints of a proposal's fine-tuning. Default 60. */
  readonly checkpointSeconds?: number
  /** For the models' provenance: the name of the training data. */
  readonly trainedOn?: string
  /** For the models' provenance: the file of the given network. */
  readonly from?: string
}

const members = { force: checks.flag, checkpointSeconds: checks.nonNegative, trainedOn: checks.text, from: checks.text }

/** The contents of `curve.json`. */
export interface Curve {
  readonly kinglet_adaptation: 1
  readonly run: AdaptIdentity
  readonly points: readonly AdaptPoint[]
}

/**
 * Returns a store that keeps a run of `adapt` in `folder`. The folder is created when the run begins. If it already holds
 * the same run, that run resumes. If it holds another run, the beginning run throws a `KingletError` with the first
 * difference and both values, unless `force` is set. A `KingletError` is also thrown for a file that cannot be written.
 *
 * @example
 * ```ts
 * import { mkdtempSync, readdirSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { arrays, preprocessingPreset } from 'kinglet/data'
 * import { referenceEngine } from 'kinglet/graph'
 * import { build, type Model } from 'kinglet/models'
 * import { adapt, openAdaptation, resourceOf } from 'kinglet/search'
 *
 * const pixels = new Uint8Array(8 * 64).map((_, i) => (i * i) % 256)
 * const labels = [0, 0, 0, 0, 1, 1, 1, 1]
 * const train = arrays({ width: 8, height: 8, channels: 1, pixels, labels, classes: ['a', 'b'] })
 * const net = build('mobilenet_v1', { width: 0.1, size: 8, reduction: 4, classes: 2 })
 * const folder = mkdtempSync(join(tmpdir(), 'kinglet-'))
 * const run = adapt(net, train, {
 *   engine: referenceEngine(),
 *   preprocessing: preprocessingPreset('whole', 8),
 *   resource: { name: 'parameters', value: (model: Model) => resourceOf(model, 'parameters'), monotone: true },
 *   budget: 0.97 * resourceOf(net, 'parameters'),
 *   steps: 0,
 *   holdout: 0.5,
 *   store: openAdaptation(folder),
 * })
 * for await (const event of run) console.log(event.kind)
 * readdirSync(folder).slice(0, 2) // => ['curve.json', 'step-000.safetensors']
 * ```
 */
export function openAdaptation(folder: string, options: OpenAdaptationOptions = {}): AdaptStore {
  assertOptions('openAdaptation', options, members)
  return new FolderAdaptation(folder, options)
}

/** Reads the curve of the run in a folder; undefined when there is none. Throws a `KingletError` for a damaged file. */
export function readCurve(folder: string): Curve | undefined {
  const path = join(folder, adaptFiles.curve)
  if (!existsSync(path)) return undefined
  let found: Partial<Curve> | undefined
  try {
    found = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new KingletError(`${path}: it is not JSON: the file is damaged, start a new run`, { cause })
  }
  assert(
    found?.kinglet_adaptation === 1 && Array.isArray(found.points) && typeof found.run === 'object',
    `${path}: it is not the curve of an adaptation that this version can read: start a new run, or choose another folder`,
  )
  return found as Curve
}

/** Encodes the group: it may be a parameter's name, with characters that a file name cannot have. */
const tryingName = (step: number, group: string, ending: string): string =>
  join(adaptFiles.trying, `${step}-${encodeURIComponent(group)}.${ending}`)

class FolderAdaptation implements AdaptStore {
  readonly folder: string
  readonly options: OpenAdaptationOptions
  #run: AdaptRun | undefined
  #points: readonly AdaptPoint[] = []

  constructor(folder: string, options: OpenAdaptationOptions) {
    this.folder = folder
    this.options = options
  }

  async begin(run: AdaptRun): Promise<{ points: readonly AdaptPoint[]; model: Network } | undefined> {
    this.#run = run
    makeFolder(this.folder)
    if (this.options.force) this.#remove(adaptFiles.curve)
    const curve = readCurve(this.folder)
    if (curve) assertSameRun(curve.run, run.identity, this.#path(adaptFiles.curve))
    this.#points = curve?.points ?? []
    const done = new Set(this.#points.map(({ step }) => adaptFiles.step(step)))
    // A step whose file exists but which the curve does not list is computed again, bit-identically.
    for (const name of readdirSync(this.folder))
      if (isLeftOver(name) || (isStep(name) && !done.has(name)) || (!curve && name === adaptFiles.trying))
        this.#remove(name)
    makeFolder(this.#path(adaptFiles.trying))
    const last = this.#points.at(-1)
    if (!last) return undefined
    this.#forget(last.step)
    return { points: this.#points, model: await this.#read(this.#path(adaptFiles.step(last.step))) }
  }

  async tried(step: number, group: string): Promise<Tuned | undefined> {
    const judged = this.#trying(step, group, 'json')
    if (!existsSync(judged)) return undefined
    return {
      ...(JSON.parse(readFileSync(judged, 'utf8')) as Judged),
      model: await this.#read(this.#trying(step, group, 'safetensors')),
    }
  }

  trial(step: number, group: string, { model, accuracy, loss }: Tuned): void {
    this.#write(this.#trying(step, group, 'safetensors'), model, accuracy)
    // Written last: where this file exists, the model is complete.
    writeJson(this.#trying(step, group, 'json'), { accuracy, loss })
    this.#remove(tryingName(step, group, 'checkpoint'))
  }

  tuning(step: number, group: string): RunStore {
    const path = this.#trying(step, group, 'checkpoint')
    const every = 1000 * (this.options.checkpointSeconds ?? 60)
    let keptAt = Date.now()
    const isDue = () => Date.now() - keptAt >= every
    return {
      begin({ identity }) {
        if (!existsSync(path)) return undefined
        const kept = readCheckpoint(readFileSync(path), path)
        assertSameRun(kept.run, identity, path)
        return kept
      },
      step() {},
      weights() {},
      isDue,
      // The first and the last checkpoint of a fine-tuning are not worth a file.
      checkpoint(checkpoint) {
        if (!isDue()) return
        writeFileAtomic(path, writeCheckpoint(checkpoint))
        keptAt = Date.now()
      },
    }
  }

  point(point: AdaptPoint, model: Network): void {
    this.#write(this.#path(adaptFiles.step(point.step)), model, point.accuracy)
    this.#points = [...this.#points, point]
    const curve: Curve = { kinglet_adaptation: 1, run: this.#run!.identity, points: this.#points }
    writeJson(this.#path(adaptFiles.curve), curve)
    this.#forget(point.step)
  }

  /** Removes the trials of a completed step and of those before it. */
  #forget(step: number): void {
    for (const name of readdirSync(this.#path(adaptFiles.trying)))
      if (Number.parseInt(name, 10) <= step || name.endsWith('.tmp')) this.#remove(join(adaptFiles.trying, name))
  }

  #read(path: string): Promise<Network> {
    return restoreNetwork(readModelFile(readFileSync(path), path), path)
  }

  #write(path: string, network: Network, accuracy: number): void {
    const { identity, classes, preprocessing, images, heldOut } = this.#run!
    const { trainedOn, from } = this.options
    const provenance = provenanceNow({
      ...(trainedOn !== undefined && { trainedOn }),
      ...(from !== undefined && { from }),
      ...{ images, seed: identity.options.training.seed, accuracy, evaluatedOn: heldOut },
    })
    writeFileAtomic(path, writeModelFile({ ...contentsOf(network), classes, preprocessing, provenance }))
  }

  #remove(name: string): void {
    const path = this.#path(name)
    writing(path, () => rmSync(path, { recursive: true, force: true }))
  }

  #path(name: string): string {
    return join(this.folder, name)
  }

  #trying(step: number, group: string, ending: string): string {
    return this.#path(tryingName(step, group, ending))
  }
}

const writeJson = (path: string, value: unknown): void =>
  writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`))
