/** The work of a loader. */
import type { Augmentation } from './augmentation.ts'
import type { DatasetSource } from './dataset.ts'
import type { Preprocessing } from './preprocessing.ts'

export interface BatchTask {
  readonly source: DatasetSource
  readonly classes: number
  readonly indices: Uint32Array
  readonly batch: number
  readonly number: number
  readonly seed: number
  readonly epoch: number
  readonly preprocessing: Preprocessing
  readonly augmentation: Augmentation
}
export interface BatchData {
  readonly x: Float32Array
  readonly targets: Float32Array
  readonly labels: Int32Array
}
export interface CheckTask {
  readonly source: DatasetSource
  readonly from: number
  readonly to: number
}
export interface DamagedItem {
  readonly index: number
  readonly empty: boolean
  readonly detail: string
}
