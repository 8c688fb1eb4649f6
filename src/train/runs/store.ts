/** What a training run tells whoever keeps it: `openRun` keeps it in a folder. */
import type { Preprocessing } from '../../data/index.ts'
import type { Weights } from '../../graph/index.ts'
import type { Network } from '../../nn/index.ts'
import type { Checkpoint, RunIdentity } from './checkpoint.ts'
import type { TrainStep } from '../train-step.ts'

/** A run that is about to begin. */
export interface RunInfo {
  readonly identity: RunIdentity
  readonly network: Network
  /** Names, in the order of the network's outputs. */
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  /** Numbers of images. */
  readonly images: number
  readonly validationImages: number
}

type Maybe<T> = T | Promise<T>

/** Keeps a run. What its methods throw ends the run. */
export interface RunStore {
  /** Before anything is computed. What it gives is gone on from; it must be of the same run. */
  begin(run: RunInfo): Maybe<Checkpoint | undefined>
  /** After each step; `step.validation` is there on an epoch's last. */
  step(step: TrainStep): Maybe<void>
  /** After an epoch's last step: the weights to use, which are the averages where there are any. */
  weights(step: TrainStep, weights: Weights): Maybe<void>
  /** Whether a checkpoint is wanted now; after an epoch and at the end there is one anyway. */
  isDue(): boolean
  checkpoint(checkpoint: Checkpoint): Maybe<void>
}
