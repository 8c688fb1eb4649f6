/** What a run of NetAdapt tells whoever keeps it: `openAdaptation` keeps it in a folder. */
import type { Preprocessing } from '../data/index.ts'
import type { Architecture, Network } from '../nn/index.ts'
import type { RunOptions, RunStore } from '../train/index.ts'
import type { Candidate } from './rules.ts'

/** On what the networks of a run depend: one that is gone on with must have the same. */
export interface AdaptIdentity {
  readonly engine: string
  readonly deterministic?: string
  readonly architecture: Architecture
  /** Checksum of the weights at the beginning. */
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
  /** Fingerprint of the set, what is held out included. */
  readonly data: { readonly train: string }
}

/** A run that is about to begin. */
export interface AdaptRun {
  readonly identity: AdaptIdentity
  /** Names, in the order of the network's outputs. */
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  /** Numbers of images: to fine-tune on, and held out of the training images to judge by. */
  readonly images: number
  readonly heldOut: number
}

/** How well a network does on the images held out. */
export interface Judged {
  /** Top-1, from 0 to 1. */
  readonly accuracy: number
  /** Mean cross-entropy. */
  readonly loss: number
}

/** A network on the curve. */
export interface AdaptPoint extends Judged {
  /** 0 is the network that was given. */
  readonly step: number
  /** What was shrunk; not at step 0. */
  readonly shrunk?: Pick<Candidate, 'group' | 'kind' | 'from' | 'to'>
  readonly resource: number
  readonly macs: number
  readonly parameters: number
}

/** A proposal that was fine-tuned. */
export interface Tuned extends Judged {
  readonly model: Network
}

type Maybe<T> = T | Promise<T>

/** Keeps a run. What its methods throw ends the run. */
export interface AdaptStore {
  /** Before anything is computed. The points that are there already, and the last one's network. */
  begin(run: AdaptRun): Maybe<{ readonly points: readonly AdaptPoint[]; readonly model: Network } | undefined>
  /** What came of a proposal of step `step` before, if it was tried. */
  tried(step: number, group: string): Maybe<Tuned | undefined>
  /** Where the fine-tuning of a proposal is kept while it lasts. */
  tuning(step: number, group: string): RunStore | undefined
  trial(step: number, group: string, trial: Tuned): Maybe<void>
  /** A step is done; its trials are of no more use. */
  point(point: AdaptPoint, model: Network): Maybe<void>
}
