/** The interface between a run of NetAdapt and its store. `openAdaptation` returns a store that uses a folder. */
import type { Preprocessing } from '../data/index.ts'
import type { Architecture, Network } from '../nn/index.ts'
import type { RunOptions, RunStore } from '../train/index.ts'
import type { Candidate } from './rules.ts'

/** Everything that the networks of a run depend on. A run resumes only with the same identity. */
export interface AdaptIdentity {
  readonly engine: string
  readonly deterministic?: string
  readonly architecture: Architecture
  /** Checksum of the given network's weights. */
  readonly weights: string
  readonly options: {
    readonly resource: string
    readonly source?: string
    readonly budget: number
    readonly proposals: string
    readonly selection: string
    readonly pace: object | string
    readonly multiple: number
    readonly least: number
    readonly steps: number
    readonly holdout: number
    readonly training: RunOptions
  }
  /** Fingerprint of the training set, held-out images included. */
  readonly data: { readonly train: string }
}

/** A run that is about to begin. */
export interface AdaptRun {
  readonly identity: AdaptIdentity
  /** Class names, in the order of the network's outputs. */
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  /** Number of images to fine-tune on. */
  readonly images: number
  /** Number of training images held out to judge proposals. */
  readonly heldOut: number
}

/** How well a network does on the held-out images. */
export interface Judged {
  /** Top-1 accuracy, from 0 to 1. */
  readonly accuracy: number
  /** Mean cross-entropy. */
  readonly loss: number
}

/** A network on the curve. */
export interface AdaptPoint extends Judged {
  /** 0 for the given network. */
  readonly step: number
  /** The group that was shrunk; absent at step 0. */
  readonly shrunk?: Pick<Candidate, 'group' | 'kind' | 'from' | 'to'>
  readonly resource: number
  readonly macs: number
  readonly parameters: number
}

/** A fine-tuned proposal. */
export interface Tuned extends Judged {
  readonly model: Network
}

type Maybe<T> = T | Promise<T>

/** Stores a run. An error that one of its methods throws ends the run. */
export interface AdaptStore {
  /** Called before anything is computed. Returns the stored points and the last one's network, if there are any. */
  begin(run: AdaptRun): Maybe<{ readonly points: readonly AdaptPoint[]; readonly model: Network } | undefined>
  /** Returns the stored result of a proposal of step `step`, if there is one. */
  tried(step: number, group: string): Maybe<Tuned | undefined>
  /** The store for the fine-tuning of a proposal while it runs. */
  tuning(step: number, group: string): RunStore | undefined
  trial(step: number, group: string, trial: Tuned): Maybe<void>
  /** Called when a step is complete; its trials are no longer needed. */
  point(point: AdaptPoint, model: Network): Maybe<void>
}
