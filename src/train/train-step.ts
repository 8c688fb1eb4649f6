/** The report of a training run after each step. */
import type { Evaluation } from './evaluate.ts'

/** The report of one step. */
export interface TrainStep {
  /** Number of the epoch, from 1. */
  readonly epoch: number
  /** Epochs of the whole run. */
  readonly epochs: number
  /** Number of the step in the whole run, from 1. */
  readonly step: number
  /** Steps of the whole run. */
  readonly steps: number
  /** Mean loss of this step's images, before the weights change. */
  readonly loss: number
  /** Share of this step's images that were classified correctly, from 0 to 1. */
  readonly accuracy: number
  /** Mean loss and accuracy of the epoch so far. */
  readonly epochLoss: number
  readonly epochAccuracy: number
  readonly learningRate: number
  /** Training speed in this epoch so far, without validation. */
  readonly imagesPerSecond: number
  /** Present on the last step of an epoch if there are validation images. */
  readonly validation?: Evaluation
}
