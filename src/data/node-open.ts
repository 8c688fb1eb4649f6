/** types first */
import type { Dataset } from './dataset.ts'
import type { LoaderPool } from './pool.ts'
import type { DataReport } from './report.ts'

export interface OpenOptions {
  /**
   * Fraction of each class that is held out where the folder has no split of its own; 0.1 when it is left out, 0 for
   * none.
   */
  readonly validation?: number
  /** Decides which images are held out. */
  readonly seed?: number
  /** Classes that a model knows, in its order: classes of the folder that are not among them are left out. */
  readonly classes?: readonly string[]
  /** Make everything that would be left out an error. */
  readonly strict?: boolean
  /** Decode every image file first, and leave the damaged ones out; true when it is left out. */
  readonly check?: boolean
  readonly pool?: LoaderPool
  readonly signal?: AbortSignal
  /** Called while images are checked. */
  readonly onProgress?: (done: number, of: number) => void
}

/** A set of images and its parts. */
export interface OpenedData {
  readonly kind: 'folder' | 'idx' | 'cifar-10' | 'cifar-100'
  readonly classes: readonly string[]
  readonly train: Dataset
  /** Left out when `validation` is 0 and the folder has no split of its own. */
  readonly val?: Dataset
  /** Where there are both a validation and a test part. */
  readonly test?: Dataset
  readonly report: DataReport
}

export declare function openDataset(path: string, options?: OpenOptions): Promise<OpenedData>
