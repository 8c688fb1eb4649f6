/** What is known of a network beside its graph and weights. */
import type { Preprocessing } from '../data/index.ts'

/** Where a model comes from. Only the first two are always there; the rest is known to whoever trained it. */
export interface Provenance {
  /** Version of Kinglet that made it. */
  readonly kinglet: string
  /** When: ISO 8601. */
  readonly created: string
  /** What it was trained on: a folder's or a set's name. */
  readonly trainedOn?: string
  /** Number of images that it was trained on. */
  readonly images?: number
  readonly epochs?: number
  readonly seed?: number
  /** File from which the training began, when that was not from first weights. */
  readonly from?: string
  /** Top-1 accuracy on images that it was not trained on, from 0 to 1. */
  readonly accuracy?: number
  /** Number of images on which `accuracy` was measured. */
  readonly evaluatedOn?: number
}

/** `load` and `train` set it; `save` and `evaluate` use it. */
export interface Meta {
  /** Names, in the order of the logits. */
  readonly classes?: readonly string[]
  /** What is done to an image before the network sees it. */
  readonly preprocessing?: Preprocessing
  readonly provenance?: Partial<Provenance>
}

/** Name in the registry and every argument of `build`, in full: enough to build the same network again. */
export interface Architecture {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
}
