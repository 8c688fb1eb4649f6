/** Metadata of a network: what is known about it besides its graph and weights. */
import type { Preprocessing } from '../data/index.ts'

/** Where a model comes from. Only `kinglet` and `created` are always present; training adds the rest. */
export interface Provenance {
  /** Version of Kinglet that wrote it. */
  readonly kinglet: string
  /** Time of writing, ISO 8601. */
  readonly created: string
  /** Name of the folder or data set that it was trained on. */
  readonly trainedOn?: string
  /** Number of images that it was trained on. */
  readonly images?: number
  readonly epochs?: number
  readonly seed?: number
  /** File that training started from, if it did not start from initial weights. */
  readonly from?: string
  /** Top-1 accuracy on images that it was not trained on, from 0 to 1. */
  readonly accuracy?: number
  /** Number of images on which `accuracy` was measured. */
  readonly evaluatedOn?: number
}

/** Metadata that `load` and `train` set, and `save` and `evaluate` use. */
export interface Meta {
  /** Class names, in the order of the logits. */
  readonly classes?: readonly string[]
  /** How an image is prepared for the network. */
  readonly preprocessing?: Preprocessing
  readonly provenance?: Partial<Provenance>
}

/** Name in the registry and all arguments of `build`, defaults included: enough to build the same network again. */
export interface Architecture {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
}
