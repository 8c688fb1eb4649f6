/** What a training run tells after each of its steps. */
import type { Evaluation } from './evaluate.ts'

/** What one step did. */
export interface TrainStep {
  /** From 1. */
  readonly epoch: number
  readonly epochs: number
  /** From 1, in the whole run. */
  readonly step: number
  /** In the whole run. */
  readonly steps: number
  /** Of this step's images, before its weights changed. */
  readonly loss: number
  /** Share of this step's images that were classified rightly, from 0 to 1. */
  readonly accuracy: number
  /** Means over the epoch so far. */
  readonly epochLoss: number
  readonly epochAccuracy: number
  readonly learningRate: number
  /** In this epoch so far, without validation. */
  readonly imagesPerSecond: number
  /** On an epoch's last step, when there are images for it. */
  readonly validation?: Evaluation
}
