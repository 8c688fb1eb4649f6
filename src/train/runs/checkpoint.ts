/**
 * A checkpoint holds everything that a run needs to resume with bit-identical results: parameters, the state of the
 * optimiser, the average of the weights, the step, and the sums of the epoch so far. Random numbers need no state
 * because they are functions of seed and step. The position in the data follows from the step. A checkpoint also
 * records the identity of its run; other runs cannot resume from it.
 */
import { assert, KingletError, type Tensor } from '../../core/index.ts'
import { type Dataset, fingerprint } from '../../data/index.ts'
import { checksumOf, identityOf, readSafetensors, writeSafetensors } from '../../formats/index.ts'
import type { Architecture, Network } from '../../nn/index.ts'
import type { Engine } from '../../engine/index.ts'
import type { RunOptions } from '../run-options.ts'

/** Everything that determines the bits of a run. */
export interface RunIdentity {
  readonly engine: string
  readonly deterministic?: string
  /** For a network without a table: the name `graph`, and a fingerprint. */
  readonly architecture: Architecture
  readonly options: RunOptions
  /** Fingerprints of the sets. */
  readonly data: { readonly train: string; readonly val?: string }
}

/** The progress of a run. */
export interface Progress {
  /** Completed steps of the whole run. */
  readonly step: number
  /** Sums over the steps of the current epoch: of the losses, and of the correctly classified images. */
  readonly lossSum: number
  readonly correct: number
  /** Loss and accuracy of the last step. */
  readonly loss: number
  readonly accuracy: number
  /** True if the last step of the epoch is done but its validation is not. */
  readonly unvalidated: boolean
}

export interface Checkpoint {
  readonly run: RunIdentity
  readonly progress: Progress
  /** Tensors of the training step's graph: those of the network by name, and those of the optimiser. */
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

/** Returns the bytes of a checkpoint file. `extra` is JSON that is saved with it. */
export function writeCheckpoint({ run, progress, tensors }: Checkpoint, extra: unknown = null): Uint8Array {
  return writeSafetensors(tensors, {
    kinglet_checkpoint: arrangement,
    checksum: checksumOf(tensors),
    run: JSON.stringify(run),
    progress: JSON.stringify(progress),
    extra: JSON.stringify(extra),
  })
}

/** Reads the bytes that {@link writeCheckpoint} wrote. Throws a `KingletError` for other or damaged bytes. */
export function readCheckpoint(bytes: Uint8Array, what: string): Checkpoint & { readonly extra: unknown } {
  const { tensors, metadata } = readSafetensors(bytes, what)
  const { kinglet_checkpoint: kind, checksum } = metadata
  assert(
    kind === arrangement,
    `${what}: it is not a checkpoint of a run${kind === undefined ? '' : ` that this version can read (kind ${kind})`}: ` +
      'start a new run',
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

/** Names of members of a {@link RunIdentity} in errors. Others use their path: `options.batch` is `batch`. */
const called: Readonly<Record<string, string>> = {
  'data.train': 'training images with fingerprint',
  'data.val': 'validation images with fingerprint',
  'architecture.name': 'model',
}

/** Throws a `KingletError` unless the identities `then` and `now` are equal; `what` names the file of the run. */
export function assertSameRun(then: object, now: object, what: string): void {
  const [a, b] = [leavesOf(then), leavesOf(now)]
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const [was, is] = [a.get(path) ?? 'none', b.get(path) ?? 'none']
    assert(
      was === is,
      () =>
        `${what}: its run was started with ${called[path] ?? path.replace(/^(architecture\.)?options\./, '')} ` +
        `${shortened(was)}, now it is ${shortened(is)}: use the original value, or start a new run`,
    )
  }
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text)

/** Returns the values of a JSON object by their paths. A list is one value. */
function leavesOf(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [name, member] of Object.entries(value)) leavesOf(member, path ? `${path}.${name}` : name, into)
  else if (value !== undefined) into.set(path, typeof value === 'string' ? value : JSON.stringify(value))
  return into
}
