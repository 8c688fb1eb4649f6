/** The interface between a training run and its storage. `openRun` returns a store for a folder. */
import type { Preprocessing } from '../../data/index.ts'
import type { Weights } from '../../graph/index.ts'
import type { Network } from '../../nn/index.ts'
import type { Checkpoint, RunIdentity } from './checkpoint.ts'
import type { TrainStep } from '../train-step.ts'

/** A run that is about to start. */
export interface RunInfo {
  readonly identity: RunIdentity
  readonly network: Network
  /** Class names in the order of the network's outputs. */
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  /** Number of training images. */
  readonly images: number
  readonly validationImages: number
}

type Maybe<T> = T | Promise<T>

/** Saves a run. An error from any method ends the run. */
export interface RunStore {
  /** Called before the first step. The run resumes from the returned checkpoint, which must belong to the same run. */
  begin(run: RunInfo): Maybe<Checkpoint | undefined>
  /** Called after each step. The last step of an epoch has `step.validation` if there are validation images. */
  step(step: TrainStep): Maybe<void>
  /** Called after the last step of an epoch with the weights to use: the averages if the run has them. */
  weights(step: TrainStep, weights: Weights): Maybe<void>
  /** Returns whether a checkpoint is due within an epoch. After an epoch and at the end there always is one. */
  isDue(): boolean
  checkpoint(checkpoint: Checkpoint): Maybe<void>
}
