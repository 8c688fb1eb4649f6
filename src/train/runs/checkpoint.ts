/**
 * A checkpoint holds all that a run needs to go on to the same bits: parameters, the optimiser's state, the average of
 * the weights, the step, and the sums of the epoch so far. Random numbers need no state, being functions of seed and
 * step; the position in the data follows from the step. It also says which run it is of, and refuses to be any other's.
 */
import { assert, KingletError, type Tensor } from '../../core/index.ts'
import { type Dataset, fingerprint } from '../../data/index.ts'
import { checksumOf, identityOf, readSafetensors, writeSafetensors } from '../../formats/index.ts'
import type { Architecture, Network } from '../../nn/index.ts'
import type { Engine } from '../../engine/index.ts'
import type { RunOptions } from '../run-options.ts'

/** On what the bits of a run depend. */
export interface RunIdentity {
  readonly engine: string
  readonly deterministic?: string
  /** Of a network that no table has: the name `graph`, and a fingerprint. */
  readonly architecture: Architecture
  readonly options: RunOptions
  /** Fingerprints of the sets. */
  readonly data: { readonly train: string; readonly val?: string }
}

/** How far a run is. */
export interface Progress {
  /** Steps that are done, in the whole run. */
  readonly step: number
  /** Sums over the steps of the current epoch: of the losses, and of the images that were classified rightly. */
  readonly lossSum: number
  readonly correct: number
  /** The last step. */
  readonly loss: number
  readonly accuracy: number
  /** The epoch's last step is done, its validation is not. */
  readonly unvalidated: boolean
}

export interface Checkpoint {
  readonly run: RunIdentity
  readonly progress: Progress
  /** Of the training step's graph: the network's own by name, and what the optimiser keeps beside them. */
  readonly tensors: Map<string, Tensor>
}

export const runIdentity = (
  { name: engine, deterministic }: Engine,
  net: Network,
  options: RunOptions,
  { train, val }: { readonly train: Dataset; readonly val?: Dataset },
): RunIdentity => ({
  engine,
  ...(deterministic !== undefined && { deterministic }),
  architecture: identityOf(net),
  options,
  data: { train: fingerprint(train), ...(val && { val: fingerprint(val) }) },
})

const arrangement = '1'

/** The bytes of a checkpoint's file. `extra` is kept with it. */
export function writeCheckpoint({ run, progress, tensors }: Checkpoint, extra: unknown = null): Uint8Array {
  return writeSafetensors(tensors, {
    kinglet_checkpoint: arrangement,
    checksum: checksumOf(tensors),
    run: JSON.stringify(run),
    progress: JSON.stringify(progress),
    extra: JSON.stringify(extra),
  })
}

/** What {@link writeCheckpoint} wrote. Throws a `KingletError` for other or damaged bytes. */
export function readCheckpoint(bytes: Uint8Array, what: string): Checkpoint & { readonly extra: unknown } {
  const { tensors, metadata } = readSafetensors(bytes, what)
  const { kinglet_checkpoint: kind, checksum } = metadata
  assert(
    kind === arrangement,
    `${what}: it is not a checkpoint of a run${kind === undefined ? '' : ` that this version can read (kind ${kind})`}: ` +
      'begin anew',
  )
  assert(
    checksum === checksumOf(tensors),
    () => `${what}: the tensors have checksum ${checksumOf(tensors)}, ${checksum} was written: the file is damaged`,
  )
  const json = (name: string): unknown => {
    try {
      return JSON.parse(metadata[name])
    } catch (cause) {
      throw new KingletError(`${what}: ${name} in its metadata is not JSON: the file is damaged`, { cause })
    }
  }
  return { run: json('run') as RunIdentity, progress: json('progress') as Progress, tensors, extra: json('extra') }
}

/** What the parts of a {@link RunIdentity} are called; the others go by their path: `options.batch` is `batch`. */
const called: Readonly<Record<string, string>> = {
  'data.train': 'training images with fingerprint',
  'data.val': 'validation images with fingerprint',
  'architecture.name': 'model',
}

/** Throws unless a run that was begun as `then` is `now`; `what` names the file that it is kept in. */
export function assertSameRun(then: object, now: object, what: string): void {
  const [a, b] = [leavesOf(then), leavesOf(now)]
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const [was, is] = [a.get(path) ?? 'none', b.get(path) ?? 'none']
    assert(
      was === is,
      () =>
        `${what}: its run was begun with ${called[path] ?? path.replace(/^(architecture\.)?options\./, '')} ` +
        `${shortened(was)}, now it is ${shortened(is)}: give what it was begun with, or begin anew`,
    )
  }
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text)

/** Every value of a JSON object by its path, lists as they are. */
function leavesOf(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [name, member] of Object.entries(value)) leavesOf(member, path ? `${path}.${name}` : name, into)
  else if (value !== undefined) into.set(path, typeof value === 'string' ? value : JSON.stringify(value))
  return into
}
